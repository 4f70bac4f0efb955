// What a change test found: how soon the reward is back, what it cost, and whether the change was noticed.

import Foundation
import PlannerRuntime
import Tasks

/// Result of a change test. Encoded with snake-case keys it is what `metadiffuser adapt --json` prints.
public struct ChangeReport: Codable, Sendable, Equatable {
  /// A mean over episodes and its standard error.
  public struct Figure: Codable, Sendable, Equatable {
    public var mean: Double, standardError: Double

    init(_ values: [Double]) {
      mean = Evaluation.mean(values)
      standardError = Evaluation.standardError(values)
    }

    var text: String { String(format: "%.1f ± %.1f", mean, standardError) }
  }

  /// How one driver coped with the change.
  public struct Recovery: Codable, Sendable, Equatable {
    /// Steps from the change until the mean reward of the following `rateSteps` steps is at least 90 % of the way from
    /// random's rate to the new expert's. An episode that never gets there counts with all of its steps.
    /// Nil where nobody has said what to get back to.
    public var steps: Figure?
    /// Episodes that never got there: `steps` is a lower bound then.
    public var censored: Int
    public var returnBefore: Figure
    public var returnAfter: Figure
  }

  /// One episode of the planner.
  public struct Row: Codable, Sendable, Equatable {
    public var before: [Double], after: [Double]
    /// Steps from the change until it was noticed, and until the reward was back; absent: never.
    public var noticedAfter: Int?
    public var steps: Int?
    /// Mean reward a step over the last `rateSteps` steps, and what it had to be to be back.
    public var lastRate: Double
    public var goalRate: Double?
  }

  public var family: String
  public var split: String
  /// `encoder`, `belief`, or `oracle`, which is told of the change.
  public var contextInference: String
  public var warmStart: String
  public var seed: UInt64
  public var changeStep: Int
  public var rateSteps: Int
  public var episodes: Int
  public var planner: Recovery
  /// The expert, told of the change at once: what the robot itself needs.
  /// Nil where nobody can show it.
  public var expert: Recovery?
  /// Episodes in which the planner noticed the change, and after how many steps (mean; absent where it never did).
  public var noticed: Int
  public var noticedAfter: Double?
  /// Changes noticed before there was one.
  public var falseAlarms: Int
  /// Mean reward of each step over the episodes that had it.
  public var rewards: [Double]
  public var expertRewards: [Double]
  public var rows: [Row]

  init(_ test: ChangeTest, _ all: [ChangeEpisode]) {
    let step = test.changeStep
    let length = test.test.bed.episodeLength
    family = test.test.bed.family
    split = test.test.bed.split
    contextInference = test.test.contextSource
    warmStart = test.test.warmStart.rawValue
    seed = test.test.seed
    changeStep = step
    rateSteps = test.rateSteps
    episodes = all.count
    let goals = all.map { episode -> Double? in
      // The expert's rate, once it has had half of the time after the change to get there.
      let settled = episode.expertRewards.dropFirst((step + length) / 2)
      guard let random = episode.randomRate else { return nil }
      let best = settled.isEmpty ? episode.expertRate ?? random : mean(Array(settled))
      return random + 0.9 * (best - random)
    }
    let isJudged = !goals.contains(nil)
    func times(_ rewards: (ChangeEpisode) -> [Double]) -> [Int?] {
      zip(all, goals).map { episode, goal in
        goal.flatMap { Self.recoverySteps(rewards(episode), from: step, over: test.rateSteps, goal: $0) }
      }
    }
    func recovery(_ rewards: (ChangeEpisode) -> [Double]) -> Recovery {
      let times = times(rewards)
      return Recovery(
        steps: isJudged ? Figure(times.map { Double($0 ?? length - step) }) : nil,
        censored: isJudged ? times.count { $0 == nil } : 0,
        returnBefore: Figure(all.map { rewards($0).prefix(step).reduce(0, +) }),
        returnAfter: Figure(all.map { rewards($0).dropFirst(step).reduce(0, +) }))
    }
    planner = recovery(\.rewards)
    expert = all.allSatisfy { !$0.expertRewards.isEmpty } ? recovery(\.expertRewards) : nil
    rows = zip(zip(all, goals), times(\.rewards)).map { entry, steps in
      let (episode, goal) = entry
      return Row(
        before: episode.before, after: episode.after,
        noticedAfter: episode.noticed.first { $0 >= step }.map { $0 - step + 1 }, steps: steps,
        lastRate: mean(Array(episode.rewards.suffix(test.rateSteps))), goalRate: goal)
    }
    let delays = rows.compactMap { $0.noticedAfter.map(Double.init) }
    noticed = delays.count
    noticedAfter = delays.isEmpty ? nil : mean(delays)
    falseAlarms = all.reduce(0) { $0 + $1.noticed.count { $0 < step } }
    func means(_ rewards: (ChangeEpisode) -> [Double]) -> [Double] {
      (0..<length).map { index in
        let present = all.map(rewards).filter { $0.count > index }.map { $0[index] }
        return present.isEmpty ? 0 : mean(present)
      }
    }
    self.rewards = means(\.rewards)
    expertRewards = means(\.expertRewards)
  }

  /// The first step from `start` on, counted from it, whose next `width` rewards have a mean of `goal` or more; nil:
  /// none.
  package static func recoverySteps(_ rewards: [Double], from start: Int, over width: Int, goal: Double) -> Int? {
    guard rewards.count >= start + width else { return nil }
    return (start...(rewards.count - width)).first { mean(Array(rewards[$0..<($0 + width)])) >= goal }
      .map { $0 - start }
  }

  /// Header of the table that `row` belongs to.
  public static let header =
    left("context", 9) + left("steps to 90 %", 22) + left("return before", 18) + left("return after", 18)
    + left("noticed (after)", 26) + "false alarms"

  /// This result as one line of a table.
  public var row: String { line(contextInference, planner, noticedText, isTold ? "" : "\(falseAlarms)") }
  /// The expert's line.
  public var expertRow: String? { expert.map { line("expert", $0, "is told", "") } }

  private var noticedText: String {
    if isTold { return "is told" }
    return "\(noticed) of \(episodes)" + (noticedAfter.map { String(format: " (%.1f steps)", $0) } ?? "")
  }

  private var isTold: Bool { contextInference == "oracle" }

  /// How a plot's legend says where the context comes from.
  private var legend: String {
    switch contextInference {
    case "encoder": "encoder, once"
    case "belief": "belief, every step"
    default: "\(contextInference), told"
    }
  }

  private func line(_ name: String, _ recovery: Recovery, _ noticed: String, _ falseAlarms: String) -> String {
    let censored = recovery.censored > 0 ? ", \(recovery.censored) never" : ""
    return left(name, 9) + left((recovery.steps?.text ?? "–") + censored, 22) + left(recovery.returnBefore.text, 18)
      + left(recovery.returnAfter.text, 18) + left(noticed, 26) + falseAlarms
  }

  /// Mean reward over the steps, of several reports of the same test and of the expert.
  public static func plot(_ reports: [ChangeReport]) -> LinePlot {
    let first = reports[0]
    var plot = LinePlot(
      title: "\(first.family): another task from step \(first.changeStep) on, mean of \(first.episodes) episodes",
      x: "step", y: "reward a step")
    func points(_ values: [Double]) -> [SIMD2<Double>] { values.enumerated().map { [Double($0), $1] } }
    if first.expert != nil {
      plot.series = [.init(name: "expert, told", points: points(first.expertRewards), colour: "#999", style: .dashed)]
    }
    for (report, colour) in zip(reports, ["#c0392b", "#1f5f9e"]) {
      plot.series.append(.init(name: report.legend, points: points(report.rewards), colour: colour))
    }
    plot.marks = [Double(first.changeStep)]
    return plot
  }
}
