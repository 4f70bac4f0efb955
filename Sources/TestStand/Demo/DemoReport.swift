// What the demo reports, from what the robot measured and what expert and random reach on the same task.

import Foundation
import Foundations
import Tasks

/// The part of `metadiffuser simulate --json` that the demo needs.
package struct RobotSummary: Decodable {
  package struct Percentiles: Codable {
    package var p50: Double, p99: Double, max: Double
  }

  package var family: String
  package var task: [Double]
  package var returns: [Double]
  package var meanSpeed: [Double]
  package var beliefs: [ReportedBelief?]
  package var unexplainedSteps: Int
  package var periodMs: Double
  package var planMs: Percentiles?
  package var deadlineMisses: Int
  package var deadlineMissesAfterFirstSecond: Int
  package var framesLost: Int
}

/// The demo's summary; encoded with snake-case keys it is what `--json` prints.
package struct DemoReport: Encodable {
  package var family: String
  package var task: [Double]
  /// Returns of the episodes after the warm start.
  package var returns: [Double]
  package var warmStartReturn: Double
  /// What the expert gets from the same start, less the return, of each episode; the warm start first.
  package var regrets: [Double]
  /// Means over the same starts.
  package var expertReturn: Double
  package var randomReturn: Double
  /// Mean of the episodes after the warm start, with random at 0 and the expert at 1.
  package var score: Double
  /// Mean speed in the last half of each episode after the warm start [m/s].
  package var meanSpeed: [Double]
  /// What the controller believed at the end of each episode, the warm start first; null where it said nothing.
  package var beliefs: [ReportedBelief?]
  /// Steps in which it said that nothing it knows explains the robot.
  package var unexplainedSteps: Int
  package var periodMs: Double
  package var planMs: RobotSummary.Percentiles?
  package var deadlineMisses: Int
  package var deadlineMissesAfterFirstSecond: Int
  package var framesLost: Int

  package init(robot: RobotSummary, yardsticks: Yardsticks) {
    family = robot.family
    task = robot.task
    returns = Array(robot.returns.dropFirst())
    warmStartReturn = robot.returns.first ?? .nan
    regrets = zip(yardsticks.expertReturns, robot.returns).map { $0 - $1 }
    expertReturn = yardsticks.expertReturn
    randomReturn = yardsticks.randomReturn
    score = yardsticks.score(of: returns)
    meanSpeed = Array(robot.meanSpeed.dropFirst())
    beliefs = robot.beliefs
    unexplainedSteps = robot.unexplainedSteps
    periodMs = robot.periodMs
    planMs = robot.planMs
    deadlineMisses = robot.deadlineMisses
    deadlineMissesAfterFirstSecond = robot.deadlineMissesAfterFirstSecond
    framesLost = robot.framesLost
  }

  package func text(_ taskFamily: TaskFamily, target: Double, isTrainingTask: Bool, plot: String?) -> String {
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
      "  on the same task:            expert \(decimal(expertReturn, 1)), random \(decimal(randomReturn, 1)); "
        + "score \(decimal(score, 3))")
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
