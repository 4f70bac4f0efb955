// Evaluating a robot at the end of a link: the figures are those of what it did, and what goes wrong is said.

import Evaluation
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink
import Testing

/// Walks to the right, further than the robot can; it may take its time.
private final class PlainDriver: EpisodeDriver, TaskInference {
  var shown: [(action: [Float], reward: Float)] = []
  private let delay: UInt32
  init(delayMilliseconds: UInt32 = 0) { delay = delayMilliseconds * 1000 }
  func clearContext() { shown = [] }
  func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    shown.append((action, reward))
  }
  func updateContext() {}
  func updateContextIfDue() {}
  var inference: any TaskInference { self }
  let isComplete = true
  func reset(seed: UInt64) {}
  func act(_ observation: [Float]) -> [Float] {
    if delay > 0 { usleep(delay) }
    return [0.25, 0]
  }
  func prepare() {}
  func intention(steps count: Int) -> IntendedSteps? { nil }
}

@Suite struct LinkedBedTests {
  private func test(
    _ rig: LinkedRig, _ reference: ReferenceChoice = .automatic, warmStart: WarmStartSource = .own,
    tasks: [Int] = [0, 4, 19], driver: PlainDriver? = nil, patience: Double = 30
  ) throws -> MetaTest {
    var test = MetaTest(
      try rig.bed(reference, patience: patience), model: pointModel(), warmStart: warmStart, episodes: 1, seed: 3)
    test.tasks = tasks
    if let driver {
      nonisolated(unsafe) let driver = driver
      test.makeDriver = { _ in driver }
    }
    return test
  }

  @Test func `returns, expert and random are what the robot earned in each task`() throws {
    let rig = try LinkedRig()
    let report = try test(rig, driver: PlainDriver()).run()
    #expect(report.tasks.map(\.number) == [0, 4, 19] && report.split == "link" && report.family == "point-robot")
    for row in report.tasks {
      #expect(try abs(#require(row.expertReturn) - LinkedRig.expertReturn(row.number)) < 1e-4)
      #expect(try abs(#require(row.randomReturn) - LinkedRig.randomReturn(row.number)) < 1e-4)
      // 0.25 is beyond the robot's limit: it goes 0.1 to the right each time.
      var own = 0.0
      for step in 1...20 {
        let goal = LinkedRig.goal(row.number)
        own -= Double(hypot(goal.x - 0.1 * Float(step), goal.y))
      }
      #expect(abs(row.return - own) < 1e-3 && row.firstEpisode.map { abs($0.return - own) < 1e-3 } == true)
    }
    #expect(report.missedIntervals == nil && report.dynamicsDiscrepancy == nil)
  }

  @Test func `lost answers change nothing`() throws {
    var settings = LinkedRig.Settings()
    settings.losesEvery = 5
    let driver = PlainDriver()
    let lossy = try test(LinkedRig(settings), tasks: [4], driver: driver).run()
    let good = try test(LinkedRig(), tasks: [4], driver: PlainDriver()).run()
    #expect(lossy.tasks == good.tasks)
  }

  @Test func `whoever learns is shown what the robot applied`() throws {
    let driver = PlainDriver()
    _ = try test(LinkedRig(), .none, tasks: [1], driver: driver).run()
    #expect(driver.shown.count == 20)
    #expect(driver.shown.allSatisfy { $0.action == [0.1, 0] })
  }

  @Test func `warm starts by the robot's own behaviours`() throws {
    let rig = try LinkedRig()
    let driver = PlainDriver()
    _ = try test(rig, .none, warmStart: .random, tasks: [1], driver: driver).run()
    #expect(driver.shown.count == 20 && driver.shown.allSatisfy { $0.action == [-0.02, -0.02] })
  }

  @Test func `a warm start that the robot does not know is refused in its words`() throws {
    let rig = try LinkedRig()
    let error = #expect(throws: LinkedRobotError.self) { try test(rig, .none, warmStart: .medium).run() }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("refuses task 0 driven by its own 'medium': it knows expert, random"))
  }

  @Test func `a robot without behaviours has returns and no score, and says why`() throws {
    var settings = LinkedRig.Settings()
    settings.behaviours = []
    let rig = try LinkedRig(settings)
    let bed = try rig.bed()
    #expect(bed.missingReference == "it knows ")
    var test = MetaTest(bed, model: pointModel(), warmStart: .own, episodes: 1, seed: 3)
    test.tasks = [0]
    let report = try test.run()
    #expect(report.normalisedScore == nil && report.expertReturn == nil && report.tasks[0].regret == nil)
    #expect(report.meanReturn.isFinite && report.row.contains("–"))
    let text = report.taskLines(parameterNames: bed.parameterNames)
    #expect(text.contains("(–, –), –"))
    #expect(throws: LinkedRobotError.self) { try self.test(rig, .robot).run() }
  }

  @Test func `stated returns make the score`() throws {
    let rig = try LinkedRig()
    let report = try test(
      rig, .stated(StatedReturns(expert: 0, random: -100)), tasks: [0], driver: PlainDriver()
    ).run()
    #expect(report.expertReturn == 0 && report.randomReturn == -100)
    #expect(try abs(#require(report.normalisedScore) - (report.meanReturn + 100) / 100) < 1e-9)
    let table = ReferenceChoice.table([1: StatedReturns(expert: 0, random: -100)])
    #expect(throws: ReferenceError.missing(task: 0)) { try test(LinkedRig(), table, tasks: [0]).run() }
  }

  @Test func `the task changes under a robot that goes on`() throws {
    let rig = try LinkedRig()
    let change = try ChangeTest(test(rig, tasks: [0, 9]), changeStep: 8).run()
    #expect(change.rows.map(\.before) == [[0], [9]] && change.rows.map(\.after) == [[9], [0]])
    let pairs = zip(LinkedRig.expertRewards(0, then: 9, at: 8), LinkedRig.expertRewards(9, then: 0, at: 8))
    for (found, expected) in zip(change.expertRewards, pairs.map { ($0 + $1) / 2 }) {
      #expect(abs(found - expected) < 1e-5)
    }
    #expect(change.expertRewards.count == 20)
    #expect(change.planner.steps != nil && change.expert != nil && change.expertRow != nil)
    let none = try ChangeTest(test(rig, .none, tasks: [0, 9]), changeStep: 8).run()
    #expect(none.planner.steps == nil && none.expert == nil && none.rewards.count == 20)
    #expect(none.row.contains("–") && ChangeReport.plot([none]).series.count == 1)
    let stated = try ChangeTest(
      test(rig, .stated(StatedReturns(expert: -200, random: -400)), tasks: [0, 9]), changeStep: 8
    ).run()
    #expect(stated.planner.steps?.mean == 0 && stated.rows[0].goalRate == -20 + 0.9 * 10)
  }

  @Test func `settings are tuned on a link`() throws {
    let tuning = Tuning(
      test: try test(LinkedRig(), tasks: [0, 4]), grid: .init(steps: [1], candidates: [1, 2], guideRounds: [0]),
      limitMs: 60_000)
    let report = try tuning.run()
    #expect(report.points.count == 2 && report.split == "link" && report.chosen?.normalisedScore != nil)
  }

  @Test func `a robot that keeps time goes on without a driver that is late, and that is counted`() throws {
    var settings = LinkedRig.Settings()
    (settings.lockstep, settings.periodNanoseconds) = (false, 100_000_000)
    let report = try test(LinkedRig(settings), .none, tasks: [0], driver: PlainDriver(delayMilliseconds: 250)).run()
    #expect(try #require(report.missedIntervals) > 10)
  }

  @Test func `what is wrong with the robot is said with its address`() throws {
    func message(_ change: (inout LinkedRig.Settings) -> Void, patience: Double = 30) throws -> String {
      var settings = LinkedRig.Settings()
      change(&settings)
      let rig = try LinkedRig(settings)
      let error = #expect(throws: LinkedRobotError.self) {
        try test(rig, .none, tasks: [0], driver: PlainDriver(), patience: patience).run()
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("\(rig.address)"))
      return text
    }
    #expect(try message { $0.taskCount = 0 }.contains("takes no tasks"))
    #expect(try message { $0.episodeLength = 0 }.contains("no Description.episode_length"))
    #expect(try message { $0.knowsReward = false }.contains("sends no reward"))
    #expect(try message { $0.latchedFrom = 9 }.contains("is latched"))
    #expect(try message { $0.goodbyeAt = 9 }.contains("said goodbye"))
    #expect(try message({ $0.silentFrom = 9 }, patience: 0.7).contains("fell silent for 700 ms in task 0"))
    #expect(try message({ $0.silentFrom = 1 }, patience: 0.7).contains("has not begun task 0 within 0.7"))
  }

  @Test func `a task that the robot does not have is refused here`() throws {
    let rig = try LinkedRig()
    let error = #expect(throws: LinkedRobotError.self) { try test(rig, .none, tasks: [20]).run() }
    #expect(error.map { "\($0)".contains("has tasks 0 to 19, not 20") } == true)
  }

  @Test func `where nobody answers the address is named`() throws {
    let error = #expect(throws: LinkedRobotError.self) {
      try LinkedBed(
        at: LinkAddress(host: "127.0.0.1", port: 9), key: nil, for: pointModel(), reference: .none, seconds: 0.3)
    }
    #expect(error.map { "\($0)".contains("udp://127.0.0.1:9 within 0.3 s") } == true)
  }
}
