// The way of a command to the actuators: a delay, then a first-order lag.

import Glibc

/// What lies between commands and actuators; part of the simulated robot's state.
package struct ActuatorChain: Sendable {
  /// Physics steps until a command acts.
  private let delaySteps: Int
  /// Share of the way to its command that an actuator goes in a physics step; 1: all of it.
  private let share: Double
  private let width: Int
  /// Commands that have not acted yet, oldest first from `next` on, `[delaySteps][width]`.
  private var waiting: [Double]
  private var next = 0
  /// What acts, `[width]`.
  private var acting: [Double]

  /// `rest` is what acted before the episode, `[width]`.
  package init(delaySteps: Int, lag seconds: Double, timestep: Double, rest: [Double]) {
    self.delaySteps = delaySteps
    share = seconds > 0 ? 1 - exp(-timestep / seconds) : 1
    width = rest.count
    waiting = []
    acting = rest
    reset(rest: rest)
  }

  mutating func reset(rest: [Double]) {
    waiting = (0..<delaySteps).flatMap { _ in rest }
    next = 0
    acting = rest
  }

  /// What acts in the physics step in which `command` is given.
  package mutating func step(_ command: [Double]) -> [Double] {
    var due = command
    if delaySteps > 0 {
      for index in 0..<width {
        due[index] = waiting[next * width + index]
        waiting[next * width + index] = command[index]
      }
      next = (next + 1) % delaySteps
    }
    for index in 0..<width {
      acting[index] = share == 1 ? due[index] : acting[index] + share * (due[index] - acting[index])
    }
    return acting
  }

  /// What acts and, oldest first, what waits. A chain of another delay takes of it the newest that it has room for, and
  /// repeats the oldest where it has more.
  var state: [Double] {
    get { acting + (0..<delaySteps).flatMap { step in waiting[row((next + step) % delaySteps)] } }
    set {
      guard newValue.count >= width, newValue.count.isMultiple(of: width) else { return }
      acting = Array(newValue[..<width])
      let given = newValue.count / width - 1
      next = 0
      for step in 0..<delaySteps {
        // Counted from the newest.
        let age = delaySteps - 1 - step
        let source = given == 0 ? 0 : 1 + max(0, given - 1 - age)
        waiting.replaceSubrange(row(step), with: newValue[source * width..<(source + 1) * width])
      }
    }
  }

  private func row(_ step: Int) -> Range<Int> { step * width..<(step + 1) * width }
}
