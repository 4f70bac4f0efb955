// The meta-test protocol on real tasks with an untrained planner: who starts where, what is averaged, what is
// repeatable.

import DataCollection
import Evaluation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

func pointModel(context: ContextKind = .pool) -> LoadedModel {
  let family = TaskFamily.pointRobot
  let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 12, channels: [16, 16], denoisingSteps: 6,
    contextKind: context, parameterCount: context == .oracle ? 2 : 0, hasValue: true)
  var description = ModelDescription(
    family: family.name, shape: shape, periodNanoseconds: family.periodNanoseconds, actionLimit: family.actionLimit)
  description.options.candidates = 2
  description.options.coldSteps = 2
  description.options.warmSteps = 1
  var weights = PlannerWeights.random(shape, seed: 3, actionLimit: family.actionLimit)
  if context != .oracle {
    weights.bank = .random(shape, count: 5, seed: 4)
    description.options.contextInference = .belief
  }
  return LoadedModel(path: "in memory", description: description, weights: weights)
}

/// Walks straight to the goal: the best there is.
let towardsGoal = Behaviour(name: "expert") {
  { _, observation, goal in
    zip(observation, goal).map { min(max(Float($1) - $0, -0.1), 0.1) }
  }
}

func makeTest(
  threads: Int = 1, split: TaskSplit = .test, warmStart: WarmStartSource = .mixed,
  inference: ContextInference = .encoder, behaviours: [BehaviourLevel: Behaviour]? = nil
) -> MetaTest {
  let family = TaskFamily.pointRobot
  var test = MetaTest(
    family: family, split: split, model: pointModel(), warmStart: warmStart, episodes: 2, seed: 5,
    behaviours: behaviours ?? [.random: .random(family), .medium: .random(family), .expert: towardsGoal],
    yardstick: towardsGoal)
  test.tasks = [0, 3, 7]
  test.threads = threads
  test.options.contextInference = inference
  return test
}

@Suite struct MetaTestTests {
  @Test func `the result does not depend on the number of threads`() throws {
    var one = try makeTest().run()
    var two = try makeTest(threads: 2).run()
    // Times are not part of the result.
    one.planMs = .init([])
    two.planMs = one.planMs
    #expect(one == two)
  }

  @Test func `score and means follow from the tasks`() throws {
    let report = try makeTest().run()
    #expect(report.tasks.count == 3)
    #expect(report.tasks.map(\.parameters) == [0, 3, 7].map { TaskFamily.pointRobot.testTasks[$0] })
    let mean = report.tasks.map(\.return).reduce(0, +) / 3
    let expert = report.tasks.compactMap(\.expertReturn).reduce(0, +) / 3
    let random = report.tasks.compactMap(\.randomReturn).reduce(0, +) / 3
    #expect(abs(report.meanReturn - mean) < 1e-9)
    #expect(try abs(#require(report.normalisedScore) - (mean - random) / (expert - random)) < 1e-9)
    let squares = report.tasks.map { ($0.return - mean) * ($0.return - mean) }.reduce(0, +)
    #expect(abs(report.standardError - (squares / 2 / 3).squareRoot()) < 1e-9)
    let regrets = try report.tasks.map { try #require($0.expertReturn) - $0.return }
    #expect(report.tasks.compactMap(\.regret) == regrets && report.tasks.map(\.number) == [0, 3, 7])
    #expect(try abs(#require(report.meanRegret) - (expert - mean)) < 1e-9)
    #expect(report.worstRegret == regrets.max())
    let worst = try #require(report.tasks.first { $0.number == report.worstTask })
    #expect(worst.regret == report.worstRegret)
    #expect(
      try report.worstScore == (worst.return - #require(worst.randomReturn))
        / (#require(worst.expertReturn) - #require(worst.randomReturn)))
    #expect(report.incompletePlans == 0)
    #expect(try #require(report.dynamicsDiscrepancy) > 0)
  }

  /// A straight walk of 20 steps of at most 0.1 m an axis is computed here by hand.
  @Test func `the yardstick is what the expert reaches from the same start`() throws {
    let report = try makeTest().run()
    for task in report.tasks {
      var position = [0.0, 0.0]
      var total = 0.0
      for _ in 0..<20 {
        for axis in 0..<2 { position[axis] += min(max(task.parameters[axis] - position[axis], -0.1), 0.1) }
        let x = position[0] - task.parameters[0]
        let y = position[1] - task.parameters[1]
        total -= (x * x + y * y).squareRoot()
      }
      #expect(try abs(#require(task.expertReturn) - total) < 1e-4)
    }
  }

  @Test func `a warm start of the planner's own needs no behaviour`() throws {
    let test = makeTest(warmStart: .own, behaviours: [:])
    let report = try test.run()
    let again = try test.run()
    #expect(report.warmStart == "own" && report.tasks == again.tasks)
    #expect(report.meanReturn.isFinite && report.incompletePlans == 0)
  }

  @Test func `plan times are quantiles by nearest rank`() {
    let times = MetaTestReport.PlanTime((1...200).map(Double.init).shuffled())
    #expect(times.p50 == 100 && times.p99 == 198 && times.max == 200)
  }

  @Test func `a cancelled test says so`() {
    #expect(throws: DataError.cancelled) { try makeTest().run(isCancelled: { true }) }
  }

  @Test func `a belief needs a bank`() {
    var weights = makeTest().model.weights
    weights.bank = nil
    var options = PlannerOptions()
    options.contextInference = .belief
    let error = #expect(throws: PlannerError.self) { try PlannerDriver(weights: weights, options: options) }
    #expect(error.map { "\($0)".contains("'context_inference' is belief") } == true)
  }

  @Test func `unusable settings end the test`() {
    var test = makeTest()
    test.options.candidates = 0
    #expect(throws: PlannerError.self) { try test.run() }
  }
}
