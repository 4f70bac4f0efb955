// The change test: what counts as recovered, that the new task goes on from the old one, that it repeats itself.

import Evaluation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

@Suite struct ChangeTestTests {
  private func makeChange(_ update: ContextUpdate = .online, threads: Int = 1) throws -> ChangeTest {
    var test = makeTest(threads: threads)
    test.options.contextUpdate = update
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

  @Test func `before the change fixed and online contexts start alike, and the expert is the same`() throws {
    let fixed = try makeChange(.fixed).run()
    let online = try makeChange(.online).run()
    #expect(fixed.contextUpdate == "fixed" && online.contextUpdate == "online")
    #expect(fixed.expert == online.expert && fixed.expertRewards == online.expertRewards)
    #expect(fixed.rewards[0] == online.rewards[0] && fixed.rewards != online.rewards)
    #expect(fixed.rewards.count == 20 && fixed.episodes == 6 && fixed.noticed == 0 && fixed.falseAlarms == 0)
    #expect(fixed.rateSteps == 1)
  }

  /// The expert walks straight to the goal of the moment, at most 0.1 m an axis: never further in a step than that, so its
  /// reward cannot jump but at the change, where the goal does.
  @Test func `the new task begins where the old one left the robot`() throws {
    let report = try makeChange().run()
    let rewards = report.expertRewards
    for step in 1..<20 where step != 8 { #expect(abs(rewards[step] - rewards[step - 1]) < 0.15) }
    // At the start it is 1 m away; at the change it is nearly at one goal, and the others are elsewhere.
    #expect(rewards[7] > -0.4 && rewards[8] < rewards[7] - 0.15)
    #expect(abs(rewards.prefix(8).reduce(0, +) - report.expert.returnBefore.mean) < 1e-9)
    #expect(abs(rewards.dropFirst(8).reduce(0, +) - report.expert.returnAfter.mean) < 1e-9)
  }

  @Test func `a change outside the episode is refused`() {
    for step in [-1, 0, 20] {
      #expect(throws: ChangeTestError.changeStep(step, episodeLength: 20)) {
        try ChangeTest(makeTest(), changeStep: step)
      }
    }
  }

  @Test func `a body changes under a robot that goes on`() throws {
    let family = TaskFamily.hopperParameters
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
