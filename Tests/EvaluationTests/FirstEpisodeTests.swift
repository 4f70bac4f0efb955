// The first episode, which is its own warm start: whoever drives, each transition counts once and its return is told.

import DataCollection
import Evaluation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

/// Counts what its inference is shown, and draws its actions from the seed.
private final class CountingDriver: EpisodeDriver, TaskInference {
  /// As a planner with a belief: it shows itself what came of its steps.
  let followsRobot: Bool
  private(set) var shown = 0, updates = 0, preparations = 0
  private var random = RandomSource(seed: 0)

  init(followsRobot: Bool) { self.followsRobot = followsRobot }

  func clearContext() { (shown, updates) = (0, 0) }
  func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float]) { shown += 1 }
  func updateContext() { updates += 1 }
  func updateContextIfDue() {}

  var inference: any TaskInference { self }
  let isComplete = true
  func reset(seed: UInt64) { random = RandomSource(seed: seed) }
  func act(_ observation: [Float]) -> [Float] { [0.2 * random.uniform() - 0.1, 0.2 * random.uniform() - 0.1] }
  func prepare() { preparations += 1 }
  func intention(steps count: Int) -> IntendedSteps? { nil }
  func experience(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    if followsRobot { addTransition(observation: observation, action: action, reward: reward, next: next) }
  }
}

@Suite struct FirstEpisodeTests {
  private let family = TaskFamily.pointRobot

  @Test(arguments: [false, true])
  func `no transition of it counts twice`(followsRobot: Bool) throws {
    let driver = CountingDriver(followsRobot: followsRobot)
    let bed = makeTest(behaviours: [:]).bed
    let episode = try WarmStartSource.own.show(bed.robot(task: 0), of: bed, to: driver, seed: 3)
    #expect(driver.shown == 20 && driver.preparations == 20 && driver.updates > 0)
    #expect(try #require(episode).planMilliseconds.count == 20)
  }

  @Test func `warm starts of others leave no first episode`() throws {
    let bed = makeTest().bed
    let driver = CountingDriver(followsRobot: true)
    #expect(try WarmStartSource.random.show(bed.robot(task: 0), of: bed, to: driver, seed: 3) == nil)
    #expect(driver.shown == 20)
    #expect(try makeTest().run().firstEpisode == nil && makeTest().run().firstEpisodeRow == nil)
  }

  @Test(arguments: [ContextInference.encoder, .belief])
  func `its return is that of an episode driven by hand from the same seed`(inference: ContextInference) throws {
    let test = makeTest(warmStart: .own, inference: inference)
    let report = try test.run()
    for row in report.tasks {
      // As the meta-test draws it: the warm start's seed is the first of the task's own stream.
      var seeds = RandomSource(seed: test.seed, stream: UInt64(row.number))
      let seed = seeds.next()
      let task = try family.task(parameters: row.parameters)
      var planner = try Planner(weights: test.model.weights, options: test.options)
      planner.reset(seed: seed)
      planner.clearContext()
      task.reset(seed: seed)
      var total = 0.0
      for _ in 0..<20 {
        let observation = task.observation
        _ = planner.plan(observation: observation, budgetNanoseconds: .max)
        let action = [planner.action(0)[0], planner.action(0)[1]]
        let result = task.step(action: action)
        total += result.reward
        _ = planner.addTransition(
          observation: observation, action: action, reward: Float(result.reward), next: task.observation)
        planner.updateContextIfDue()
        planner.prepare()
      }
      let first = try #require(row.firstEpisode)
      #expect(first.return == total)
      let (expert, random) = try (towardsGoal.makePolicy(), Behaviour.random(family).makePolicy())
      #expect(first.expertReturn == behaviourReturn(task, policy: expert, seed: seed))
      #expect(first.randomReturn == behaviourReturn(task, policy: random, seed: seed))
      #expect(try first.regret == #require(first.expertReturn) - total)
    }
  }

  @Test func `its figures are of all tasks, and have a row of their own`() throws {
    let report = try makeTest(warmStart: .own, inference: .belief).run()
    let first = try #require(report.firstEpisode)
    #expect(first == Standing(report.tasks.compactMap(\.firstEpisode), numbers: [0, 3, 7]))
    #expect(first.meanReturn != report.meanReturn)
    let row = try #require(report.firstEpisodeRow)
    #expect(row.contains("own, first") && MetaTestReport.header.count <= 120 && report.row.count <= 125)
  }

  /// Which draws a belief starts from must not depend on the task that the same driver had before.
  @Test(arguments: WarmStartSource.allCases)
  func `with a belief the result does not depend on the number of threads`(warmStart: WarmStartSource) throws {
    let one = try makeTest(warmStart: warmStart, inference: .belief).run()
    let three = try makeTest(threads: 3, warmStart: warmStart, inference: .belief).run()
    #expect(one.tasks == three.tasks && one.contextInference == "belief")
  }
}
