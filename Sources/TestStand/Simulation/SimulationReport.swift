// The summary of a simulation, as text and as JSON.

import CConsole
import Foundations
import Histogram
import RobotLink
import Tasks

/// p50, p99 and maximum in milliseconds, of a histogram in microseconds.
package struct Percentiles: Encodable {
  package var p50: Double, p99: Double, max: Double

  /// Nil when nothing was recorded.
  package init?(microseconds: Histogram<UInt64>) {
    if microseconds.totalCount == 0 { return nil }
    p50 = Double(microseconds.valueAtPercentile(50)) / 1000
    p99 = Double(microseconds.valueAtPercentile(99)) / 1000
    max = Double(microseconds.max) / 1000
  }
}

package struct SimulationReport: Encodable {
  package var family: String
  package var task: [Double]
  package var periodMs: Double
  package var returns: [Double]
  /// Mean speed (distance, for point-robot) over the last half of each episode.
  package var meanSpeed: [Double]
  package var steps: [Int]
  /// What the controller believed at the end of each episode; null where it said nothing.
  package var beliefs: [ReportedBelief?]
  /// Steps in which it said that nothing it knows explains the robot.
  package var unexplainedSteps: Int
  /// Steps by the controller's mode or, without an answer, by what the robot did: `plan`, `robot_hold`.
  package var choices: [String: Int]
  package var deadlineMisses: Int
  package var deadlineMissesAfterFirstSecond: Int
  package var lateActions: Int
  package var overruns: Int
  package var framesLost: UInt64
  /// Datagrams dropped, by reason; reasons that did not occur are left out.
  package var framesRejected: [String: UInt64]
  /// What standard error did not take.
  package var messagesDropped: UInt64
  package var planMs: Percentiles?
  package var roundTripMs: Percentiles?

  package init(task: any ControlTask, robot: SimulatedRobot, records: [EpisodeRecord]) {
    family = task.family.name
    self.task = task.parameters
    periodMs = Double(task.family.periodNanoseconds) * 1e-6
    returns = records.map(\.totalReward)
    meanSpeed = records.map { $0.meanInLastHalf(Readout(task: $0.task).value) }
    steps = records.map(\.steps)
    beliefs = records.map(\.belief)
    unexplainedSteps = records.reduce(0) { $0 + $1.unexplainedSteps }
    choices = records.reduce(into: [:]) { $0.merge($1.modes, uniquingKeysWith: +) }
    deadlineMisses = records.reduce(0) { $0 + $1.misses }
    deadlineMissesAfterFirstSecond = records.reduce(0) { $0 + $1.lateMisses }
    lateActions = robot.lateActions
    overruns = robot.overruns
    let counters = robot.counters
    framesLost = counters.lost
    framesRejected = [:]
    for reason in Rejection.allCases where counters[reason] > 0 {
      framesRejected["\(reason.name)"] = counters[reason]
    }
    messagesDropped = console_dropped()
    planMs = Percentiles(microseconds: robot.planTimes)
    roundTripMs = Percentiles(microseconds: robot.roundTrips)
  }

  package func text(_ family: TaskFamily) -> String {
    var lines = [
      "\(family.name), task \(task.map { decimal($0, 2) }.joined(separator: ", ")), period \(decimal(periodMs, 0)) ms"
    ]
    for index in returns.indices {
      lines.append(
        "  episode \(index + 1): return \(decimal(returns[index], 1)), \(steps[index]) steps, "
          + "mean in the last half \(decimal(meanSpeed[index], 2))"
          + (beliefs[index].map { ", \($0.text(family)) at the end" } ?? ""))
    }
    if unexplainedSteps > 0 { lines.append("  nothing known to the controller explained \(unexplainedSteps) steps") }
    for (name, times) in [("plan", planMs), ("round trip", roundTripMs)] {
      guard let times else { continue }
      lines.append(
        "  \(name): p50 \(decimal(times.p50, 2)) ms, p99 \(decimal(times.p99, 2)) ms, max \(decimal(times.max, 2)) ms")
    }
    let driven = choices.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    lines.append("  steps driven by: \(driven.joined(separator: ", "))")
    let rejected = framesRejected.values.reduce(0, +)
    lines.append(
      "  deadline misses \(deadlineMisses), late actions \(lateActions), overruns \(overruns), "
        + "frames lost \(framesLost), rejected \(rejected)")
    if messagesDropped > 0 { lines.append("  messages that standard error did not take: \(messagesDropped)") }
    for (reason, count) in framesRejected.sorted(by: { $0.key < $1.key }) { lines.append("    \(reason): \(count)") }
    return lines.joined(separator: "\n")
  }
}
