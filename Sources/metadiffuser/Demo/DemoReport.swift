// What the demo reports, from what the robot measured and what expert and random reach on the same task.

import Evaluation
import Foundation
import Tasks

/// The part of `metadiffuser simulate --json` that the demo needs.
struct RobotSummary: Decodable {
  struct Percentiles: Codable {
    var p50: Double, p99: Double, max: Double
  }

  var family: String
  var task: [Double]
  var returns: [Double]
  var meanSpeed: [Double]
  var beliefs: [ReportedBelief?]
  var unexplainedSteps: Int
  var periodMs: Double
  var planMs: Percentiles?
  var deadlineMisses: Int
  var deadlineMissesAfterFirstSecond: Int
  var framesLost: Int
}

/// The demo's summary; encoded with snake-case keys it is what `--json` prints.
struct DemoReport: Encodable {
  var family: String
  var task: [Double]
  /// Returns of the episodes after the warm start.
  var returns: [Double]
  var warmStartReturn: Double
  /// What the expert gets from the same start, less the return, of each episode; the warm start first.
  var regrets: [Double]
  /// Means over the same starts.
  var expertReturn: Double
  var randomReturn: Double
  /// Mean speed in the last half of each episode after the warm start [m/s].
  var meanSpeed: [Double]
  /// What the controller believed at the end of each episode, the warm start first; null where it said nothing.
  var beliefs: [ReportedBelief?]
  /// Steps in which it said that nothing it knows explains the robot.
  var unexplainedSteps: Int
  var periodMs: Double
  var planMs: RobotSummary.Percentiles?
  var deadlineMisses: Int
  var deadlineMissesAfterFirstSecond: Int
  var framesLost: Int

  init(robot: RobotSummary, yardsticks: Yardsticks) {
    family = robot.family
    task = robot.task
    returns = Array(robot.returns.dropFirst())
    warmStartReturn = robot.returns.first ?? .nan
    regrets = zip(yardsticks.expertReturns, robot.returns).map { $0 - $1 }
    expertReturn = yardsticks.expertReturn
    randomReturn = yardsticks.randomReturn
    meanSpeed = Array(robot.meanSpeed.dropFirst())
    beliefs = robot.beliefs
    unexplainedSteps = robot.unexplainedSteps
    periodMs = robot.periodMs
    planMs = robot.planMs
    deadlineMisses = robot.deadlineMisses
    deadlineMissesAfterFirstSecond = robot.deadlineMissesAfterFirstSecond
    framesLost = robot.framesLost
  }

  func text(_ taskFamily: TaskFamily, target: Double, isTrainingTask: Bool, plot: String?) -> String {
    let novelty = isTrainingTask ? "a training task" : "in no training task"
    /// What an episode's line says last; number 0 is the warm start.
    func judged(_ episode: Int) -> String {
      guard regrets.indices.contains(episode) else { return "" }
      return ", regret \(decimal(regrets[episode], 1))"
        + (beliefs[episode].map { ", \($0.text(taskFamily))" } ?? "")
    }
    var lines = ["", "\(family), target \(decimal(target, 2)) m/s (\(novelty))"]
    lines.append("  warm start, target unknown:  return \(decimal(warmStartReturn, 1))\(judged(0))")
    for (index, value) in returns.enumerated() {
      lines.append(
        "  episode \(index + 1):                   return \(decimal(value, 1)), "
          + "mean speed in the last half \(decimal(meanSpeed[index], 2)) m/s\(judged(index + 1))")
    }
    if unexplainedSteps > 0 { lines.append("  explained by nothing known:  \(unexplainedSteps) steps") }
    lines.append(
      "  on the same task:            expert \(decimal(expertReturn, 1)), random \(decimal(randomReturn, 1))")
    if let planMs {
      lines.append(
        "  plan time:                   p50 \(decimal(planMs.p50, 2)) ms, p99 \(decimal(planMs.p99, 2)) ms, "
          + "max \(decimal(planMs.max, 2)) ms of a period of \(decimal(periodMs, 0)) ms")
    }
    lines.append("  deadline misses:             \(deadlineMisses); frames lost: \(framesLost)")
    if let plot { lines.append("  picture:                     \(plot)") }
    return lines.joined(separator: "\n")
  }
}

/// Speed against target over all episodes, from the robot's trace.
func speedPlot(trace path: String, family: TaskFamily) throws -> LinePlot {
  let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
  let period = Double(family.periodNanoseconds) * 1e-9
  var speed: [SIMD2<Double>] = []
  var target: [SIMD2<Double>] = []
  var breaks: [Double] = []
  for (index, row) in rows.enumerated() {
    let fields = row.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count >= 5, let value = Double(fields[3]), let goal = Double(fields[4]) else {
      throw DemoError(description: "\(path): row \(index + 2) is not one of a trace")
    }
    let time = Double(index) * period
    if fields[1] == "0", index > 0 { breaks.append(time) }
    speed.append([time, value])
    target.append([time, goal])
  }
  var plot = LinePlot(
    title: "HalfCheetah: three episodes, and nobody tells the controller the target",
    x: "time [s]", y: "speed [m/s]")
  plot.series = [
    .init(name: "target", points: target, colour: "#c0392b", style: .dashed),
    .init(name: "speed", points: speed, colour: "#2c5f8a"),
  ]
  plot.marks = breaks
  return plot
}
