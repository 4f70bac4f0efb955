// What a meta-test found, as the numbers that are printed, written as JSON, and quoted in tables.

import Foundation
import PlannerRuntime
import Tasks

/// Result of a meta-test. Encoded with snake-case keys it is what `metadiffuser evaluate --json` prints.
public struct MetaTestReport: Codable, Sendable, Equatable {
  /// Milliseconds a plan.
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
    public var parameters: [Double]
    public var `return`: Double
    public var expertReturn: Double
    public var randomReturn: Double
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
  public var expertReturn: Double
  public var randomReturn: Double
  /// (mean − random) / (expert − random), all three on the same tasks and starts.
  public var normalisedScore: Double
  /// Mean squared difference, normalised units, between planned states and where the robot really went under the plan's
  /// actions, over the first 8 steps; nil for a driver that never looks ahead.
  public var dynamicsDiscrepancy: Double?
  public var planMs: PlanTime
  /// Plans that came out incomplete: none, as there is no deadline here.
  public var incompletePlans: Int
  /// `fixed` or `online`, and the changes that an online context noticed though there was none.
  public var contextUpdate: String
  public var falseAlarms: Int
  public var tasks: [TaskRow]

  init(_ test: MetaTest, _ outcomes: [TaskOutcome]) {
    family = test.family.name
    split = test.split.rawValue
    guide = test.options.guide.rawValue
    warmStart = test.warmStart.rawValue
    episodes = test.episodes
    seed = test.seed
    kernel = Planner.kernelName(test.kernels) ?? "none"
    tasks = outcomes.map { outcome in
      TaskRow(
        parameters: outcome.parameters, return: mean(outcome.episodes.map(\.totalReward)),
        expertReturn: mean(outcome.expertReturns), randomReturn: mean(outcome.randomReturns))
    }
    meanReturn = mean(tasks.map(\.return))
    expertReturn = mean(tasks.map(\.expertReturn))
    randomReturn = mean(tasks.map(\.randomReturn))
    normalisedScore = (meanReturn - randomReturn) / (expertReturn - randomReturn)
    standardError = Evaluation.standardError(tasks.map(\.return))
    let discrepancies = outcomes.flatMap { $0.episodes.flatMap(\.discrepancies) }
    dynamicsDiscrepancy = discrepancies.isEmpty ? nil : mean(discrepancies)
    incompletePlans = outcomes.reduce(0) { $0 + $1.episodes.reduce(0) { $0 + $1.incompletePlans } }
    contextUpdate = test.options.contextUpdate.rawValue
    falseAlarms = outcomes.reduce(0) { $0 + $1.episodes.reduce(0) { $0 + $1.changesNoticed } }
    // The first plan of a planner meets cold caches; it counts like the others.
    planMs = PlanTime(outcomes.flatMap { $0.episodes.flatMap(\.planMilliseconds) })
  }

  /// Header of the table that `row` belongs to.
  public static let header =
    "guide   warm start  return           expert   random   score  discrepancy  plan p50/p99/max ms"

  /// This result as one line of a table.
  public var row: String {
    func text(_ value: Double, _ width: Int, _ decimals: Int) -> String {
      let number = String(format: "%.\(decimals)f", value)
      return String(repeating: " ", count: max(0, width - number.count)) + number
    }
    func name(_ value: String, _ width: Int) -> String { value.padding(toLength: width, withPad: " ", startingAt: 0) }
    return name(guide, 8) + name(warmStart, 10) + text(meanReturn, 8, 1) + " ± " + name(text(standardError, 4, 1), 6)
      + text(expertReturn, 8, 1) + text(randomReturn, 9, 1) + text(normalisedScore, 8, 3)
      + (dynamicsDiscrepancy.map { text($0, 13, 4) } ?? String(repeating: " ", count: 12) + "–") + "  "
      + [planMs.p50, planMs.p99, planMs.max].map { text($0, 0, 2) }.joined(separator: " / ")
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
