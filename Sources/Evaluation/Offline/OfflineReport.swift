// What an offline evaluation found, as numbers for people and for scripts.

import Foundation
import OfflineData
import PlannerRuntime

/// Result of an offline evaluation. Encoded with snake-case keys it is what `metadiffuser evaluate --data --json`
/// prints.
public struct OfflineReport: Codable, Sendable, Equatable {
  /// Errors of predicted states some steps ahead.
  public struct Horizon: Codable, Sendable, Equatable {
    public var steps: Int
    /// Root mean square of each channel, in its own unit.
    public var errors: [Double]
    /// Share of the squared error of "nothing changes" that is left, of each channel: below 1 is better than that.
    public var shares: [Double]
    /// Mean of `shares` over channels that move.
    public var share: Double
  }

  /// What contexts of one origin are worth: shares of the variance that the models leave unexplained under them.
  public struct Context: Codable, Sendable, Equatable {
    public var behaviour: String
    /// 0: a whole episode.
    public var transitions: Int
    public var reward: Double
    public var dynamics: Double
  }

  /// How near planned first actions are to those of the best third of the recordings.
  public struct FirstAction: Codable, Sendable, Equatable {
    /// Root mean square of each channel, in its own unit.
    public var errors: [Double]
    /// Share of the squared error of the data's mean action that is left, mean over channels, and its standard error
    /// over tasks.
    public var share: Double
    public var standardError: Double
  }

  /// A statement with a track record: `bound` is the quantile over the other tasks, `coverage` how often it held on
  /// each task in turn, in the mean and on the worst one.
  public struct RewardStatement: Codable, Sendable, Equatable {
    public var bound: Double
    public var quantile: Double
    public var coverage: Double
    public var worstCoverage: Double
    /// Standard deviation of the recorded rewards, for comparison.
    public var spread: Double
  }

  public var model: String
  public var tasks: Int
  public var episodes: Int
  public var seed: UInt64
  public var observationNames: [String]
  public var rewardStatement: RewardStatement
  public var dynamics: [Horizon]
  public var plans: [Horizon]
  public var firstAction: FirstAction
  /// What is left unexplained of each task, in ascending order of their numbers: the shares of the first actions, of
  /// the rewards and of the changes of state, added. 0 is perfect, 3 no better than the means of the data.
  public var leftOfTasks: [Double]
  public var contexts: [Context]

  init(_ evaluation: OfflineEvaluation, _ findings: [TaskFindings]) {
    model = evaluation.model.path
    tasks = findings.count
    episodes = evaluation.dataset.episodes.count
    seed = evaluation.seed
    observationNames = evaluation.dataset.observationChannels.enumerated().map { number, channel in
      channel.name.isEmpty ? "\(number)" : channel.name
    }
    let steps = RecordedTaskJudge.stepsAhead(evaluation.model.description.shape.horizon)
    dynamics = Self.horizons(steps, findings.map(\.rollouts))
    plans = Self.horizons(steps, findings.map(\.plans))
    let actions = findings.dropFirst().reduce(findings[0].firstActions) { zip($0, $1.firstActions).map(+) }
    leftOfTasks = findings.map(\.left)
    firstAction = FirstAction(
      errors: actions.map(\.rootMeanSquare), share: actions.map(\.share).reduce(0, +) / Double(actions.count),
      standardError: Self.standardError(findings.map(\.actionShare)))
    contexts = Self.contexts(findings)
    rewardStatement = Self.statement(findings.map(\.rewardErrors), evaluation.dataset)
  }

  private static func horizons(_ steps: [Int], _ tasks: [[[ErrorPair]]]) -> [Horizon] {
    steps.enumerated().compactMap { index, steps in
      let sums = tasks.dropFirst().reduce(tasks[0][index]) { zip($0, $1[index]).map(+) }
      guard sums.contains(where: { $0.count > 0 }) else { return nil }
      let moving = sums.filter { $0.guess > 0 }.map(\.share)
      return Horizon(
        steps: steps, errors: sums.map(\.rootMeanSquare), shares: sums.map(\.share),
        share: moving.isEmpty ? 1 : moving.reduce(0, +) / Double(moving.count))
    }
  }

  private static func contexts(_ findings: [TaskFindings]) -> [Context] {
    let sums = findings.reduce(into: [ContextSourceKey: ContextErrorsFound]()) { sums, task in
      for (key, errors) in task.contexts { sums[key] = sums[key].map { $0 + errors } ?? errors }
    }
    // Whole episodes last, the wrong task after all.
    func order(_ key: ContextSourceKey) -> (Int, String, Int) {
      (key == .wrongTask ? 2 : key.transitions == 0 ? 1 : 0, key.behaviour, key.transitions)
    }
    return sums.sorted { order($0.key) < order($1.key) }.map { key, errors in
      Context(
        behaviour: key.behaviour, transitions: key.transitions, reward: errors.reward.share,
        dynamics: errors.dynamics.share)
    }
  }

  /// The quantile of all errors, and how well that of the other tasks' errors holds on each task.
  private static func statement(_ errors: [[Double]], _ dataset: Dataset) -> RewardStatement {
    let quantile = 0.95
    let absolute = errors.map { $0.map { abs($0) } }
    func bound(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return sorted.isEmpty ? 0 : sorted[min(Int((quantile * Double(sorted.count)).rounded(.up)), sorted.count) - 1]
    }
    let coverage = absolute.indices.map { task -> Double in
      let others = absolute.indices.filter { $0 != task || absolute.count == 1 }.flatMap { absolute[$0] }
      let limit = bound(others)
      return Double(absolute[task].filter { $0 <= limit }.count) / Double(max(absolute[task].count, 1))
    }
    let rewards = dataset.episodes.flatMap { $0.rewards.map { Double($0) } }
    let mean = rewards.reduce(0, +) / Double(rewards.count)
    let variance = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rewards.count)
    return RewardStatement(
      bound: bound(absolute.flatMap { $0 }), quantile: quantile,
      coverage: coverage.reduce(0, +) / Double(coverage.count), worstCoverage: coverage.min()!,
      spread: variance.squareRoot())
  }

  static func standardError(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return (square / Double(values.count)).squareRoot()
  }
}
