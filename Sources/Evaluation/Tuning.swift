// The search for planning settings that fit a period: every combination is timed, and those that fit are scored.

import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

/// A search over denoising steps × candidates × guide rounds.
public struct Tuning: Sendable {
  /// Values to combine, each list in ascending order.
  public struct Grid: Codable, Equatable, Sendable {
    public var steps: [Int]
    public var candidates: [Int]
    public var guideRounds: [Int]

    public init(steps: [Int], candidates: [Int], guideRounds: [Int]) {
      self.steps = steps
      self.candidates = candidates
      self.guideRounds = guideRounds
    }
  }

  /// How a combination is scored: tasks, warm start, episodes; its options are what all combinations share.
  public var test: MetaTest
  public var grid: Grid
  /// What 99 % of plans must not exceed [ms].
  public var limitMs: Double
  /// Plans that a combination is timed over.
  public var timedPlans = 200
  /// Score that may be given up for a faster plan.
  public var tolerance = 0.002

  public init(test: MetaTest, grid: Grid, limitMs: Double) {
    self.test = test
    self.grid = grid
    self.limitMs = limitMs
  }

  /// Times and scores. Throws as `MetaTest.run` does. Real-time: no.
  public func run(
    isCancelled: @escaping @Sendable () -> Bool = { false }, timing: (_ done: Int, _ of: Int) -> Void = { _, _ in },
    scoring: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> TuningReport {
    let all = combinations
    var fitting: [TuningReport.Point] = []
    var tooSlow: [TuningReport.Point] = []
    for (index, combination) in all.enumerated() {
      if isCancelled() { throw DataError.cancelled }
      var point = combination
      // More of everything than what was too slow already need not be timed.
      if !tooSlow.contains(where: { point.needsAtLeast($0) }) {
        point.planMs = try time(point)
        if point.planMs.p99 <= limitMs { fitting.append(point) } else { tooSlow.append(point) }
      }
      timing(index + 1, all.count)
    }
    for index in fitting.indices {
      var test = test
      test.options = options(fitting[index])
      let report = try test.run(isCancelled: isCancelled)
      fitting[index].meanReturn = report.meanReturn
      fitting[index].standardError = report.standardError
      fitting[index].normalisedScore = report.normalisedScore
      scoring(index + 1, fitting.count)
    }
    return TuningReport(self, fitting: fitting, tooSlow: all.count - fitting.count)
  }

  /// The settings of a point.
  public func options(_ point: TuningReport.Point) -> PlannerOptions {
    var options = test.options
    options.coldSteps = point.steps
    options.candidates = point.candidates
    options.guideRounds = point.guideRounds
    return options
  }

  private var combinations: [TuningReport.Point] {
    grid.steps.flatMap { steps in
      grid.candidates.flatMap { candidates in
        grid.guideRounds.map { .init(steps: steps, candidates: candidates, guideRounds: $0) }
      }
    }
  }

  /// A hopeless point is timed only a few times.
  private func time(_ point: TuningReport.Point) throws -> MetaTestReport.PlanTime {
    var test = test
    test.options = options(point)
    return try test.timePlans(timedPlans, hopelessMs: 2 * limitMs)
  }
}
