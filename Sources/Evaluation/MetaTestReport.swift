// What a meta-test found, as the numbers that are printed, written as JSON, and quoted in tables.

import Foundation
import PlannerRuntime
import Tasks

/// Result of a meta-test. Encoded with snake-case keys it is what `metadiffuser evaluate --json` prints.
public struct MetaTestReport: Codable, Sendable, Equatable {
  /// Milliseconds per plan.
  public struct PlanTime: Codable, Sendable, Equatable {
    public var p50: Double, p99: Double, p999: Double, max: Double

    /// Quantiles (nearest rank) of `milliseconds`; 0 of nothing.
    public init(_ milliseconds: [Double]) {
      let sorted = milliseconds.sorted()
      func quantile(_ share: Double) -> Double {
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted.isEmpty ? 0 : sorted[Swift.min(Swift.max(rank - 1, 0), sorted.count - 1)]
      }
      p50 = quantile(0.5)
      p99 = quantile(0.99)
      p999 = quantile(0.999)
      max = sorted.last ?? 0
    }
  }

  /// One task's mean returns.
  public struct TaskRow: Codable, Sendable, Equatable {
    /// In its split.
    public var number: Int
    public var parameters: [Double]
    public var `return`: Double
    public var expertReturn: Double?
    public var randomReturn: Double?
    public var regret: Double?
    /// Warm start `own`: of the first episode, which was the warm start.
    public var firstEpisode: TaskReturns?

    init(_ outcome: TaskOutcome) {
      let returns = outcome.returns
      number = outcome.number
      parameters = outcome.parameters
      `return` = returns.return
      expertReturn = returns.expertReturn
      randomReturn = returns.randomReturn
      regret = returns.regret
      firstEpisode = outcome.firstEpisode
    }

    var returns: TaskReturns {
      TaskReturns(return: `return`, expertReturn: expertReturn, randomReturn: randomReturn)
    }
  }

  public var family: String
  public var split: String
  public var guide: String
  public var warmStart: String
  /// Episodes of each task.
  public var episodes: Int
  public var seed: UInt64
  public var kernel: String
  /// Mean over tasks of the tasks' mean returns, and its standard error over tasks.
  public var meanReturn: Double
  public var standardError: Double
  public var expertReturn: Double?
  public var randomReturn: Double?
  /// (mean − random) / (expert − random), all three on the same tasks and starts.
  public var normalisedScore: Double?
  /// Mean over tasks of expert − return.
  public var meanRegret: Double?
  /// The largest regret of a task, that task's number in its split, and its score.
  public var worstRegret: Double?
  public var worstTask: Int
  public var worstScore: Double?
  /// Warm start `own`: how the first episode stood, in which the driver came to know the task. The rest is of later
  /// ones.
  public var firstEpisode: Standing?
  /// Mean squared difference, normalised units, between planned states and where the robot really went under the plan's
  /// actions, over the first 8 steps; nil for a driver that never looks ahead.
  public var dynamicsDiscrepancy: Double?
  public var planMs: PlanTime
  /// Plans that came out incomplete: none, unless the robot keeps time.
  public var incompletePlans: Int
  /// Intervals in which a robot that keeps time did without a command in time; nil for one that waits.
  public var missedIntervals: Int?
  /// `encoder`, `belief` or `oracle`, and the changes that a belief noticed though there was none.
  public var contextInference: String
  public var falseAlarms: Int
  public var tasks: [TaskRow]

  init(_ test: MetaTest, _ outcomes: [TaskOutcome]) {
    family = test.bed.family
    split = test.bed.split
    guide = test.options.guide.rawValue
    warmStart = test.warmStart.rawValue
    episodes = test.episodes
    seed = test.seed
    kernel = Planner.kernelName(test.kernels) ?? "none"
    tasks = outcomes.map(TaskRow.init)
    let standing = Standing(tasks.map(\.returns), numbers: tasks.map(\.number))
    meanReturn = standing.meanReturn
    standardError = standing.standardError
    expertReturn = standing.expertReturn
    randomReturn = standing.randomReturn
    normalisedScore = standing.normalisedScore
    meanRegret = standing.meanRegret
    worstRegret = standing.worstRegret
    worstTask = standing.worstTask
    worstScore = standing.worstScore
    // An oracle is told the task and has no first episode.
    let first = tasks.compactMap(\.firstEpisode)
    firstEpisode = first.count == tasks.count ? Standing(first, numbers: tasks.map(\.number)) : nil
    let discrepancies = outcomes.flatMap { $0.episodes.flatMap(\.discrepancies) }
    dynamicsDiscrepancy = discrepancies.isEmpty ? nil : mean(discrepancies)
    incompletePlans = outcomes.reduce(0) { $0 + $1.episodes.reduce(0) { $0 + $1.incompletePlans } }
    missedIntervals =
      test.bed.isRealTime
      ? outcomes.reduce(0) { $0 + $1.missesInFirst + $1.episodes.reduce(0) { $0 + $1.misses } } : nil
    contextInference = test.contextSource
    falseAlarms = outcomes.reduce(0) { $0 + $1.episodes.reduce(0) { $0 + $1.changesNoticed } }
    // The first plan of a planner meets cold caches; it counts like the others.
    planMs = PlanTime(outcomes.flatMap { $0.episodes.flatMap(\.planMilliseconds) })
  }

  /// Header of the table that `row` belongs to.
  public static let header =
    left("guide", 8) + left("warm start", 10) + Standing.columns + right("discrepancy", 13) + "  plan p50/p99/max ms"

  /// This result as one line of a table.
  public var row: String {
    line(
      Standing(tasks.map(\.returns), numbers: tasks.map(\.number)), warmStart,
      right(dynamicsDiscrepancy.map { right($0, 0, 4) } ?? "–", 13) + "  "
        + [planMs.p50, planMs.p99, planMs.max].map { right($0, 0, 2) }.joined(separator: " / "))
  }

  /// The first episode as another line of it; nil where another driver made the warm start.
  public var firstEpisodeRow: String? { firstEpisode.map { line($0, "own, first", "") } }

  private func line(_ standing: Standing, _ warmStart: String, _ rest: String) -> String {
    left(guide, 8) + left(warmStart, 10) + standing.cells + rest
  }
}

/// Arithmetic mean; NaN of nothing.
func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// Standard error of the mean; 0 for fewer than two values.
func standardError(_ values: [Double]) -> Double {
  guard values.count > 1 else { return 0 }
  let centre = mean(values)
  let variance = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)
  return (variance / Double(values.count)).squareRoot()
}
