// The control loop, observation by observation: plans, warm start, restarts, refusals.

import CAllocationCounter
import ControlCore
import ControlRuntime
import PlannerModel
import RobotLink
import Testing

@Suite("Control loop") struct ControlLoopTests {
  @Test
  func `every observation gets a plan of its own, finite and within the limit; the last gets a heartbeat`() throws {
    let rig = try Rig()
    rig.connect()
    #expect(rig.loop.status.isConnected)
    let modes = rig.episode(0)
    #expect(modes == [.plan, .plan, .plan, .plan, .plan, .idle])
    #expect(abs(rig.robot.action.command[0]) <= 0.05)
    #expect(rig.loop.statistics.cycles == 6)
    #expect(rig.loop.statistics.deadlineMisses == 0)
  }

  @Test func `the warm start is gathered in the first episodes only, and its context is used after them`() throws {
    var options = ControlOptions()
    options.warmStartEpisodes = 2
    let rig = try Rig(options)
    rig.connect()
    _ = rig.exchange(step: 0)
    #expect(rig.robot.action.mode == .plan)
    #expect(rig.robot.action.predictedReturn == nil)
    _ = rig.episode(0)
    #expect(!rig.loop.hasContext)
    #expect(rig.loop.contextTransitions == 5)
    _ = rig.episode(1)
    #expect(rig.loop.hasContext)
    #expect(rig.loop.contextTransitions == 10)
    rig.observation.episode = 2
    for step in 0...1 as ClosedRange<UInt32> {
      _ = rig.exchange(step: step)
      #expect(rig.robot.action.predictedReturn != nil)
    }
    #expect(rig.loop.contextTransitions == 10)
  }

  @Test func `a gathered episode gets its first context after 25 transitions, in the slack of that cycle`() throws {
    let rig = try Rig()
    rig.connect()
    var guided: [Bool] = []
    for step in 0..<28 as Range<UInt32> {
      _ = rig.exchange(step: step, of: 60)
      // A plan with a context predicts its return.
      guided.append(rig.robot.action.predictedReturn != nil)
      #expect(rig.loop.contextTransitions == Int(step))
      #expect(rig.loop.hasContext == (step >= 25))
    }
    #expect(guided == (0..<28).map { $0 > 25 })
  }

  @Test func `a repeated last observation ends the episode once`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.episode(0)
    let again = rig.exchange(step: 5)
    #expect(again == .idle)
    #expect(rig.loop.statistics.episodes == 1)
    #expect(rig.loop.contextTransitions == 5)
  }

  @Test func `the same seed and observations give the same plans`() throws {
    func plans(seed: UInt64) throws -> [Float] {
      var options = ControlOptions()
      options.seed = seed
      options.budgetNanoseconds = 10_000_000_000
      let rig = try Rig(options)
      rig.connect()
      return (0..<5 as Range<UInt32>).map { step in
        _ = rig.exchange(step: step, state: (Float(step), 0))
        return rig.robot.action.predictedState[0]
      }
    }
    let first = try plans(seed: 1)
    #expect(try plans(seed: 1) == first)
    #expect(try plans(seed: 2) != first)
  }

  @Test func `a NaN observation is counted and moves nothing; the next good one is answered`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0)
    rig.observation.state[0] = .nan
    rig.observation.step = 1
    rig.robot.send(rig.observation)
    _ = rig.loop.runOnce(until: monotonicNanoseconds() + 1_000_000)
    #expect(rig.loop.counters[.notFinite] == 1)
    let next = rig.exchange(step: 2)
    #expect(next == .plan)
    #expect(rig.loop.statistics.cycles == 2)
    // Neither the step before the gap nor the one after it makes a transition.
    #expect(rig.loop.contextTransitions == 0)
  }

  @Test func `of several waiting observations the newest is answered and the others are counted`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0)
    for step in 1...2 as ClosedRange<UInt32> {
      rig.observation.step = step
      rig.observation.reward = -1
      rig.robot.send(rig.observation)
    }
    let mode = rig.exchange(step: 3)
    #expect(mode == .plan)
    #expect(rig.loop.statistics.superseded == 2)
    #expect(rig.loop.statistics.deadlineMisses == 2)
    // Nothing is lost for the warm start.
    #expect(rig.loop.contextTransitions == 3)
  }

  @Test func `an observation that waited too long is answered by the next entry of the last plan, at once`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    let first = rig.exchange(step: 0)
    rig.observation.step = 1
    rig.observation.reward = -1
    // On the robot's clock it was sampled 5 s before the first one: as if it had waited so long.
    rig.observation.sampleTimeNanoseconds &-= 5_000_000_000
    rig.robot.send(rig.observation)
    rig.runLoop()
    let event = rig.robot.next(until: rig.soon())
    #expect(first == .plan)
    #expect(event == .action)
    #expect(rig.robot.action.mode == .earlierPlan)
    #expect(rig.robot.action.planEntry == 1)
    #expect(rig.loop.statistics.skippedPlans == 1)
  }

  @Test func `an answer takes the next entries of its plan along, as many as are left, and in lockstep none`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    _ = rig.exchange(step: 0)
    #expect(rig.robot.action.mode == .plan)
    var along: [Int] = [rig.robot.action.laterEntries]
    for step in 1...5 as ClosedRange<UInt32> {
      let next = (0..<2).map { rig.robot.action.laterCommands[$0] }
      rig.observation.step = step
      rig.observation.reward = -1
      // Each has waited longer than the one before.
      rig.observation.sampleTimeNanoseconds = monotonicNanoseconds() &- UInt64(step) * 5_000_000_000
      rig.robot.send(rig.observation)
      rig.runLoop()
      let event = rig.robot.next(until: rig.soon())
      #expect(event == .action)
      along.append(rig.robot.action.laterEntries)
      // What the robot would have driven by itself is what it is told. After half of the horizon, four, there is
      // nothing to tell.
      let told = (0..<2).map { rig.robot.action.command[$0] }
      if step <= 4 { #expect(told == next) }
      #expect(rig.robot.action.mode == (step <= 4 ? .earlierPlan : .hold))
    }
    #expect(along == [3, 3, 2, 1, 0, 0])

    let patient = try Rig(lockstep: true)
    patient.connect()
    #expect(patient.exchange(step: 0) == .plan)
    #expect(patient.robot.action.laterEntries == 0)
  }

  @Test(arguments: 0...3)
  func `as many entries are taken along as asked for, within the robot's limit`(count: Int) throws {
    var options = ControlOptions()
    options.laterEntries = count
    let rig = try Rig(options, lockstep: false)
    rig.connect()
    _ = rig.exchange(step: 0)
    #expect(rig.robot.action.laterEntries == count)
    for index in 0..<2 * count { #expect(abs(rig.robot.action.laterCommands[index]) <= 0.05) }
  }

  @Test func `a robot that restarts is picked up again and gives a new warm start`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.episode(0)
    #expect(rig.loop.hasContext)
    try rig.restartRobot()
    #expect(rig.loop.status.isConnected)
    let modes = rig.episode(0)
    #expect(modes.first == .plan)
    #expect(rig.loop.contextTransitions == 5)
  }

  @Test func `a model for another family is refused and the reason is kept`() throws {
    let rig = try Rig(family: "cheetah-vel")
    var goesOn = true
    let limit = rig.soon()
    while goesOn, monotonicNanoseconds() < limit {
      goesOn = rig.loop.runOnce(until: monotonicNanoseconds() + 20_000_000)
      _ = rig.robot.next(until: 0)
    }
    #expect(!goesOn)
    let message = rig.loop.failure?.description ?? ""
    #expect(message.contains("cheetah-vel"))
    #expect(message.contains("point-robot"))
  }

  @Test func `a warm start of another family is refused by name`() throws {
    var options = ControlOptions()
    var warmStart = WarmStart(family: "ant-dir", observationSize: 2, actionSize: 2, behaviour: "random")
    warmStart.append(observation: [0, 0], action: [0, 0], reward: 0, next: [0, 0])
    options.warmStart = warmStart
    options.warmStartPath = "start.safetensors"
    let error = #expect(throws: ControlError.self) { try Rig(options) }
    let message = error?.description ?? ""
    #expect(message.contains("start.safetensors"))
    #expect(message.contains("ant-dir"))
  }

  @Test func `absurd transitions of a warm start are counted, and one of nothing else is refused by name`() throws {
    var options = ControlOptions()
    options.warmStartPath = "start.safetensors"
    var warmStart = WarmStart(family: "point-robot", observationSize: 2, actionSize: 2, behaviour: "random")
    for step in 0..<5 {
      // Millimetres in place of metres would be a thousandfold; this is what a wrong pointer makes.
      warmStart.append(observation: [step < 3 ? 1e9 : 0, 0], action: [0, 0], reward: 0, next: [0, 0])
    }
    options.warmStart = warmStart
    let rig = try Rig(options)
    #expect(rig.loop.refusedTransitions == 3)
    #expect(rig.loop.contextTransitions == 2)

    var useless = WarmStart(family: "point-robot", observationSize: 2, actionSize: 2, behaviour: "random")
    useless.append(observation: [1e9, 0], action: [0, 0], reward: 0, next: [0, 0])
    options.warmStart = useless
    let message = #expect(throws: ControlError.self) { try Rig(options) }?.description ?? ""
    #expect(message.contains("start.safetensors") && message.contains("none of the 1"))
  }

  @Test func `the robot's goodbye ends the loop where that is asked for`() throws {
    for exits in [false, true] {
      var options = ControlOptions()
      options.exitsWithRobot = exits
      let rig = try Rig(options)
      rig.connect()
      rig.robot.sayGoodbye()
      let goesOn = rig.runLoop()
      #expect(goesOn != exits)
    }
  }

  @Test(arguments: [true, false])
  func `the loop allocates nothing over twenty episodes, warm start and context included`(inLockstep: Bool) throws {
    let rig = try Rig(lockstep: inLockstep)
    rig.connect()
    _ = rig.exchange(step: 0)
    let before = ac_allocations()
    var plans = 0
    for episode in 0..<20 as Range<UInt32> {
      rig.observation.episode = episode
      for step in 0...5 as ClosedRange<UInt32> where rig.exchange(step: step) == .plan { plans += 1 }
    }
    let allocations = ac_allocations() - before
    // Out of lockstep a slow machine may leave an observation to the failsafe.
    if inLockstep { #expect(plans == 100) }
    #expect(allocations == 0)
    #expect(rig.loop.hasContext)
  }
}
