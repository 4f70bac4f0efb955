// A context that is a belief, in the loop: it goes into every action and the status, and what it says is told once.

import CAllocationCounter
import ControlCore
import ControlRuntime
import Failsafe
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink
import Testing

@Suite("Belief in the loop") struct BeliefLoopTests {
  /// A bank of 6 tasks; the explained loss is at most `limit`, and `parameterCount` numbers name a task.
  private func bank(limit: Float = 100, parameterCount: Int = 2) -> (PlannerShape) -> ContextBank {
    { shape in
      var bank = ContextBank.random(shape, count: 6, seed: 3)
      bank.rewardLimit = limit
      bank.dynamicsLimit = 1e6
      bank.parameters = (0..<6 * parameterCount).map { Float($0) + 0.5 }
      return bank
    }
  }

  private func said(_ rig: Rig) -> [Float] {
    (0..<(rig.robot.action.belief?.parameterCount ?? 0)).map { rig.robot.action.believedParameters[$0] }
  }

  @Test func `transitions of all episodes are taken in, not of the warm start alone`() throws {
    let rig = try Rig(bank: bank())
    rig.connect()
    for number in 0..<3 as Range<UInt32> { _ = rig.episode(number) }
    #expect(rig.loop.contextTransitions == 15)
    #expect(rig.loop.statistics.changes == 0)
  }

  @Test func `the first plan is guided already, and what is believed goes along with every action`() throws {
    let rig = try Rig(bank: bank())
    rig.connect()
    // A robot that is seen for the first time is believed to be anything.
    #expect(rig.exchange(step: 0) == .plan)
    #expect(rig.robot.action.predictedReturn != nil)
    #expect(rig.robot.action.belief?.parameterCount == 2)
    for step in 1..<5 as Range<UInt32> {
      // What an action says is what its plan was made on: the belief before this observation.
      let before = try #require(rig.loop.belief)
      let mode = rig.exchange(step: step)
      #expect(mode == .plan)
      let stated = StatedBelief(parameterCount: 2, confidence: before.confidence, isUnexplained: false)
      #expect(rig.robot.action.belief == stated)
      #expect(said(rig) == rig.loop.taskParameters(before.hypothesis))
      let after = try #require(rig.loop.belief)
      #expect(rig.loop.status.belief == ShownBelief(after))
    }
    let second = rig.loop.taskParameters(1)
    #expect(second == [2.5, 3.5])
  }

  private func inference(_ choice: ContextInference) -> PlannerOptions {
    var options = PlannerOptions()
    options.contextInference = choice
    return options
  }

  @Test func `the context of a model without a bank is no belief, and asking for one is refused by name`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.episode(0)
    #expect(rig.loop.belief == nil)
    #expect(rig.loop.status.belief == nil)
    #expect(rig.robot.action.belief == nil)
    var options = ControlOptions()
    options.planner = inference(.belief)
    let error = #expect(throws: ControlError.self) { try Rig(options) }
    #expect(error?.description.contains("bank") == true)
  }

  @Test func `a model with a bank is driven by its encoder where that is asked for`() throws {
    var options = ControlOptions()
    options.planner = inference(.encoder)
    let rig = try Rig(options, bank: bank())
    rig.connect()
    for number in 0..<2 as Range<UInt32> { _ = rig.episode(number) }
    #expect(rig.loop.contextTransitions == 5)
    #expect(rig.loop.belief == nil)
    #expect(rig.robot.action.belief == nil)
  }

  @Test(arguments: [0, 17])
  func `tasks without names, or with more numbers than the link has room for, are told without`(parameterCount: Int)
    throws
  {
    let rig = try Rig(bank: bank(parameterCount: parameterCount))
    rig.connect()
    _ = rig.exchange(step: 0)
    #expect(rig.robot.action.belief?.parameterCount == 0)
    #expect(rig.loop.taskParameters(0) == [])
  }

  @Test func `that nothing explains the robot is told once, goes along, is counted, and is taken back once`() throws {
    let rig = try Rig(bank: bank(limit: 4))
    rig.connect()
    // Nothing of the sort is ever paid in a random model's tasks.
    rig.reward = 60
    var seen = 0
    for step in 0..<80 as Range<UInt32> { _ = rig.exchange(step: step, of: 1000) }
    let news = rig.loop.status.news(since: &seen)
    #expect(news.filter { $0 == .unexplained }.count == 1)
    #expect(!news.contains(.explainedAgain))
    #expect(rig.robot.action.belief?.isUnexplained == true)
    #expect(rig.loop.status.belief?.isUnexplained == true)
    let cycles = rig.loop.statistics.unexplainedCycles
    #expect(cycles > 0 && cycles < 80)
    rig.reward = 0
    for step in 80..<280 as Range<UInt32> { _ = rig.exchange(step: step, of: 1000) }
    #expect(rig.loop.status.news(since: &seen).filter { $0 == .explainedAgain }.count == 1)
    #expect(rig.robot.action.belief?.isUnexplained == false)
    #expect(rig.loop.status.belief?.isUnexplained == false)
  }

  @Test(
    arguments: UnexplainedReaction.allCases)
  func `while nothing explains the robot it is driven on, held or stopped, as was asked for`(
    _ reaction: UnexplainedReaction
  ) throws {
    var options = ControlOptions()
    options.whenUnexplained = reaction
    let rig = try Rig(options, bank: bank(limit: 4))
    rig.connect()
    rig.reward = 60
    var modes: [CommandMode] = []
    var commands: [[Float]] = []
    for step in 0..<90 as Range<UInt32> {
      if let mode = rig.exchange(step: step, of: 1000) { modes.append(mode) }
      commands.append((0..<2).map { rig.robot.action.command[$0] })
    }
    let begin = try #require(modes.indices.first { Int(rig.loop.statistics.unexplainedCycles) >= modes.count - $0 })
    // What was believed when the answer was chosen is what came in one step before.
    let after = modes[(begin + 1)...]
    #expect(after.count > 20 && modes[..<begin].allSatisfy { $0 == .plan })
    switch reaction {
    case .carryOn: #expect(after.allSatisfy { $0 == .plan })
    case .hold:
      #expect(after.allSatisfy { $0 == .hold })
      #expect(Set(commands[(begin + 1)...]).count == 1)
      // Understood again, it is driven again.
      rig.reward = 0
      for step in 90..<290 as Range<UInt32> { _ = rig.exchange(step: step, of: 1000) }
      #expect(rig.exchange(step: 290, of: 1000) == .plan)
    case .stop:
      #expect(after.last == .safe && after.contains(.ramp) && !after.contains(.plan))
      #expect(commands.last == [0, 0])
      // SAFE is latched: to be understood again does not lift it.
      rig.reward = 0
      for step in 90..<290 as Range<UInt32> { _ = rig.exchange(step: step, of: 1000) }
      #expect(rig.exchange(step: 290, of: 1000) == .safe)
    }
  }

  @Test(arguments: [true, false])
  func `a change of task is counted and told, unless no task explains the robot anyway`(isExplained: Bool) throws {
    let rig = try Rig(bank: { shape in
      var bank = ContextBank.random(shape, count: 2, seed: 3)
      (bank.dynamicsWeight, bank.rewardScale, bank.dynamicsLimit) = (0, 0.02, 1e6)
      bank.rewardLimit = isExplained ? 1e6 : 1e-3
      return bank
    })
    rig.connect()
    var seen = 0
    var told = 0
    var before: UInt64 = 0
    for step in 0..<600 as Range<UInt32> {
      // Of two random tasks one pays more than the other, by about so much.
      rig.reward = step / 100 % 2 == 0 ? -0.3 : 0.3
      _ = rig.exchange(step: step, of: 1000)
      let news = rig.loop.status.news(since: &seen).filter { $0 == .changeNoticed }.count
      if step < 100 { before = rig.loop.statistics.changes } else { told += news }
    }
    let counted = Int(rig.loop.statistics.changes - before)
    #expect(told == counted)
    #expect(rig.loop.status.belief?.isUnexplained == !isExplained)
    if isExplained { #expect(counted >= 3) } else { #expect(counted == 0) }
  }

  @Test func `a robot that restarts is believed to be anything again, without news about what was before`() throws {
    let rig = try Rig(bank: bank(limit: 4))
    rig.connect()
    rig.reward = 60
    for step in 0..<80 as Range<UInt32> { _ = rig.exchange(step: step, of: 1000) }
    #expect(rig.loop.status.belief?.isUnexplained == true)
    var seen = 0
    _ = rig.loop.status.news(since: &seen)
    try rig.restartRobot()
    _ = rig.exchange(step: 0)
    #expect(rig.robot.action.belief?.isUnexplained == false)
    #expect(rig.loop.contextTransitions == 0)
    #expect(!rig.loop.status.news(since: &seen).contains(.explainedAgain))
  }

  @Test
  func `without any reward the warm start says that the context is missing, though a belief is acted on`() throws {
    let rig = try Rig(bank: bank())
    rig.reward = nil
    rig.connect()
    _ = rig.episode(0)
    var seen = 0
    let news = rig.loop.status.news(since: &seen)
    #expect(rig.loop.hasContext)
    #expect(news.contains(.contextMissing))
    #expect(!news.contains(.contextInferred))
  }

  @Test func `a serial line carries no belief; the status shows it all the same`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("belief-\(UUID().uuidString)").path
    let rig = try Rig(line: path, bank: bank())
    rig.connect()
    #expect(rig.exchange(step: 0) == .plan)
    #expect(rig.exchange(step: 1) == .plan)
    #expect(rig.robot.action.belief == nil)
    #expect(rig.loop.status.belief != nil)
  }

  @Test func `the loop allocates nothing over twenty episodes with a belief`() throws {
    let rig = try Rig(bank: bank())
    rig.connect()
    _ = rig.exchange(step: 0)
    let before = ac_allocations()
    for episode in 0..<20 as Range<UInt32> {
      rig.observation.episode = episode
      for step in 0...5 as ClosedRange<UInt32> { _ = rig.exchange(step: step) }
    }
    let allocations = ac_allocations() - before
    #expect(allocations == 0)
    #expect(rig.loop.contextTransitions == 100)
  }
}
