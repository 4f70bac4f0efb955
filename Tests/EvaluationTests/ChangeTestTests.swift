// The change test: what counts as recovered, that the new task goes on from the old one, that it repeats itself.

import Evaluation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

@Suite struct ChangeTestTests {
  private func makeChange(_ inference: ContextInference = .encoder, threads: Int = 1) throws -> ChangeTest {
    var test = makeTest(threads: threads)
    test.options.contextInference = inference
    return try ChangeTest(test, changeStep: 8)
  }

  @Test func `recovery is the first step whose window reaches the goal`() {
    func steps(_ rewards: [Double], over width: Int = 2, goal: Double = 1) -> Int? {
      ChangeReport.recoverySteps(rewards, from: 2, over: width, goal: goal)
    }
    #expect(steps([9, 9, 1, 1, 1]) == 0)
    #expect(steps([9, 9, 0, 0, 1, 1]) == 2)
    #expect(steps([9, 9, 0, 2, 0, 0]) == 0)
    #expect(steps([9, 9, 0, 0, 0, 1]) == nil)
    #expect(steps([9, 9, 5]) == nil)
    #expect(steps([9, 9, 0, 0, 5], over: 1) == 2)
    #expect(steps([], over: 1) == nil)
  }

  @Test func `the result does not depend on the number of threads`() throws {
    #expect(try makeChange().run() == makeChange(threads: 2).run())
  }

  @Test func `an encoder's context stays, a belief's follows, and the expert is the same`() throws {
    let encoder = try makeChange(.encoder).run()
    let belief = try makeChange(.belief).run()
    #expect(encoder.contextInference == "encoder" && belief.contextInference == "belief")
    #expect(encoder.expert == belief.expert && encoder.expertRewards == belief.expertRewards)
    #expect(encoder.rewards != belief.rewards)
    #expect(encoder.rewards.count == 20 && encoder.episodes == 6 && encoder.noticed == 0 && encoder.falseAlarms == 0)
    #expect(encoder.rateSteps == 1)
    #expect(encoder.row.hasPrefix("encoder ") && belief.row.hasPrefix("belief "))
    let names = ChangeReport.plot([encoder, belief]).series.map(\.name)
    #expect(names == ["expert, told", "encoder, once", "belief, every step"])
  }

  /// Not told again at the change, it would drive the second half for the first's task.
  @Test func `an oracle is told of the change`() throws {
    let told = try oracleChange().run()
    #expect(told.contextInference == "oracle" && told.row.contains("is told"))
    let family = TaskFamily.pointRobot
    var alone = try oracleChange().test
    alone.tasks = [0]
    alone.episodes = 1
    let change = try ChangeTest(alone, changeStep: 8)
    let first = try #require(change.run().rows.first)
    // By hand, from the streams that the change test draws from.
    var seeds = RandomSource(seed: alone.seed, stream: 1 << 32)
    _ = seeds.index(below: family.testTasks.count - 1)
    let seed = seeds.next()
    var planner = try Planner(weights: alone.model.weights, options: alone.options)
    planner.setContext(parameters: first.before.map { Float($0) })
    planner.reset(seed: seed)
    var task = try family.task(parameters: first.before)
    task.reset(seed: seed)
    var rewards: [Double] = []
    for step in 0..<20 {
      if step == 8 {
        let changed = try family.task(parameters: first.after)
        changed.simulationState = task.simulationState
        task = changed
        planner.setContext(parameters: first.after.map { Float($0) })
      }
      _ = planner.plan(observation: task.observation, budgetNanoseconds: .max)
      rewards.append(task.step(action: [planner.action(0)[0], planner.action(0)[1]]).reward)
      planner.prepare()
    }
    #expect(try change.run().rewards == rewards)
  }

  private func oracleChange() throws -> ChangeTest {
    var test = makeTest()
    test.model = pointModel(context: .oracle)
    test.options = test.model.description.options
    return try ChangeTest(test, changeStep: 8)
  }

  /// The expert walks straight to the goal of the moment, at most 0.1 m an axis: never further in a step than that, so
  /// its reward cannot jump but at the change, where the goal does.
  @Test func `the new task begins where the old one left the robot`() throws {
    let report = try makeChange().run()
    let rewards = report.expertRewards
    let expert = try #require(report.expert)
    for step in 1..<20 where step != 8 { #expect(abs(rewards[step] - rewards[step - 1]) < 0.15) }
    // At the start it is 1 m away; at the change it is nearly at one goal, and the others are elsewhere.
    #expect(rewards[7] > -0.4 && rewards[8] < rewards[7] - 0.15)
    #expect(abs(rewards.prefix(8).reduce(0, +) - expert.returnBefore.mean) < 1e-9)
    #expect(abs(rewards.dropFirst(8).reduce(0, +) - expert.returnAfter.mean) < 1e-9)
  }

  @Test func `a change outside the episode is refused`() {
    for step in [-1, 0, 20] {
      #expect(throws: ChangeTestError.changeStep(step, episodeLength: 20)) {
        try ChangeTest(makeTest(), changeStep: step)
      }
    }
  }

  @Test func `a body changes under a robot that goes on`() throws {
    let family = try TaskFamily.named("hopper-param")
    let old = try family.task(parameters: family.testTasks[0])
    let new = try family.task(parameters: family.testTasks[1])
    let action = [Float](repeating: 0.3, count: family.actionSize)
    for _ in 0..<10 { _ = old.step(action: action) }
    new.simulationState = old.simulationState
    #expect(new.observation == old.observation)
    _ = old.step(action: action)
    _ = new.step(action: action)
    #expect(new.observation != old.observation)
  }
}
