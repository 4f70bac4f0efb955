// The control cycle on a virtual clock: nothing here sleeps, and nothing depends on the speed of the machine.

import ControlCore
import Failsafe
import PlannerRuntime
import RobotLink
import Testing

@Suite struct ControlCycleTests {
  @Test func `an episode is driven by fresh plans, and its last observation is only a heartbeat`() throws {
    var rig = try CycleRig()
    for number in 0..<3 as Range<UInt32> {
      #expect(rig.episode(number) == [.plan, .plan, .plan, .plan, .plan, .idle])
    }
    #expect(rig.cycle.statistics.episodes == 3)
    #expect(rig.cycle.statistics.cycles == 18)
    #expect(rig.cycle.statistics.deadlineMisses == 0)
    // The warm start is one episode of five transitions.
    #expect(rig.cycle.planner.transitionCount == 5)
    #expect(rig.newsSoFar() == [.connected, .contextInferred])
  }

  @Test func `the same observations at the same times give the same answers, bit for bit`() throws {
    func run() throws -> [UInt32] {
      var rig = try CycleRig()
      var bits: [UInt32] = []
      for number in 0..<2 as Range<UInt32> {
        rig.observation.episode = number
        for step in 0..<20 as Range<UInt32> {
          rig.observation.reward = step == 0 ? nil : -1
          rig.exchange(step, age: UInt64(step) * 7 * millisecond)
          bits += rig.command.map(\.bitPattern)
          bits.append(rig.cycle.action.plan)
        }
      }
      return bits
    }
    let first = try run()
    #expect(try run() == first)
    #expect(Set(first).count > 20)
  }

  // MARK: Lateness

  @Test func `observations that are later each time are bridged by the last plan, then held, ramped and latched`()
    throws
  {
    var rig = try CycleRig()
    #expect(rig.exchange(0) == .plan)
    var modes: [CommandMode] = []
    for step in 1..<30 as Range<UInt32> { modes.append(rig.exchange(step, age: UInt64(step) * 2 * cyclePeriod)) }
    let course = modes.reduce(into: [CommandMode]()) { if $0.last != $1 { $0.append($1) } }
    #expect(course == [.earlierPlan, .hold, .ramp, .idle])
    #expect(modes.prefix { $0 == .earlierPlan }.count == 4)
    #expect(rig.cycle.statistics.skippedPlans == 29)
    #expect(rig.cycle.missedPlan == .late(microseconds: 100_000))
    // Late observations alone say nothing against the planner: nothing is latched, and the next one that is in time
    // drives.
    #expect(rig.cycle.statistics.safes == 0)
    #expect(rig.exchange(30) == .plan)
  }

  @Test func `a planner that fails leads to a latched SAFE, which only a person lifts`() throws {
    var rig = try CycleRig()
    #expect(rig.exchange(0) == .plan)
    var modes: [CommandMode] = []
    for step in 1..<30 as Range<UInt32> {
      rig.observe(step)
      rig.observation.state[0] = 3e38
      rig.cycle.observe(rig.observation, arrival: rig.now)
      modes.append(rig.answer())
    }
    let course = modes.reduce(into: [CommandMode]()) { if $0.last != $1 { $0.append($1) } }
    #expect(course == [.earlierPlan, .hold, .ramp, .safe])
    #expect(rig.cycle.missedPlan == .failed)
    #expect(rig.newsSoFar() == [.connected, .safe, .idleWhileDriven])
    #expect(rig.command == [0, 0])
    // Sane again, it stays: the link's hand-shakes and episodes lift nothing.
    #expect(rig.exchange(30) == .safe)
    rig.note(.link(.connected))
    #expect(rig.exchange(31) == .safe)
    rig.observe(32)
    #expect(rig.answer(isRearmAsked: true) == .plan)
  }

  @Test func `a plan that is done after its interval counts as late, and two keep the third from being tried`() throws {
    var rig = try CycleRig()
    for step in 0..<3 as Range<UInt32> { #expect(rig.exchange(step) == .plan) }
    rig.exchange(3, planning: 30 * cyclePeriod)
    rig.exchange(4, planning: 30 * cyclePeriod)
    #expect(rig.cycle.statistics.latePlans == 2)
    #expect(rig.exchange(5) != .plan)
    guard case .slow = rig.cycle.missedPlan else {
      Issue.record("\(rig.cycle.missedPlan)")
      return
    }
    // It is tried again by and by, and then believed.
    var step: UInt32 = 6
    while rig.exchange(step) != .plan, step < 200 { step += 1 }
    #expect(step < 200)
    for later in 1...5 as ClosedRange<UInt32> { #expect(rig.exchange(step + later) == .plan) }
  }

  @Test func `in lockstep nothing is late, and no plan is refused for its time`() throws {
    var rig = try CycleRig(lockstep: true)
    for step in 0..<10 as Range<UInt32> {
      #expect(rig.exchange(step, age: UInt64(step) * 10 * cyclePeriod, planning: 30 * cyclePeriod) == .plan)
      // Where time stands still nothing need bridge a lack.
      #expect(rig.cycle.action.laterEntries == 0)
    }
    #expect(rig.cycle.statistics.deadlineMisses == 0)
  }

  // MARK: Lost observations

  @Test func `after lost observations the plan goes on where the robot is, not where it was`() throws {
    var rig = try CycleRig()
    #expect(rig.exchange(0) == .plan)
    let later = (0..<6).map { rig.cycle.action.laterCommands[$0] }
    rig.now += 2 * cyclePeriod
    // Step 3, too late to be planned for.
    #expect(rig.exchange(3, age: cyclePeriod) == .earlierPlan)
    #expect(rig.cycle.action.planEntry == 3)
    #expect(rig.command == Array(later[4..<6]))
    #expect(rig.cycle.action.plan == 1)
  }

  @Test func `an observation that a newer one supersedes is counted, and only the newer is answered`() throws {
    var rig = try CycleRig()
    rig.exchange(0)
    rig.observe(1)
    rig.observe(2)
    rig.observation.sequence = 77
    rig.observe(3)
    #expect(rig.answer() == .plan)
    #expect(rig.cycle.action.observationSequence == 77)
    #expect(rig.cycle.step == 3)
    #expect(rig.cycle.statistics.superseded == 2)
    #expect(rig.cycle.statistics.cycles == 2)
  }

  @Test func `gaps and repeats are no transitions`() throws {
    var rig = try CycleRig()
    rig.observation.reward = -1
    for step in [0, 1, 2, 2, 5, 6] as [UInt32] {
      rig.observation.reward = step == 0 ? nil : -1
      rig.exchange(step)
    }
    #expect(rig.cycle.planner.transitionCount == 3)
  }

  @Test func `an episode whose last observation was lost ends with the next one's first`() throws {
    var rig = try CycleRig()
    for step in 0..<4 as Range<UInt32> {
      rig.observation.reward = step == 0 ? nil : -1
      rig.exchange(step)
    }
    rig.observation.episode = 1
    rig.observation.reward = nil
    #expect(rig.exchange(0) == .plan)
    #expect(rig.cycle.statistics.episodes == 1)
    #expect(rig.newsSoFar() == [.connected, .contextInferred])
  }

  // MARK: Restarts

  @Test func `another start is another robot: its context is gathered anew, and no SAFE is inherited`() throws {
    var rig = try CycleRig()
    _ = rig.episode(0)
    #expect(rig.cycle.planner.hasContext == true)
    for step in 0..<30 as Range<UInt32> {
      rig.observe(step)
      rig.observation.state[0] = .infinity
      rig.cycle.observe(rig.observation, arrival: rig.now)
      rig.answer()
    }
    #expect(rig.cycle.action.mode == .idle || rig.cycle.action.mode == .safe)
    rig.observation.epoch = 2
    // Its clock begins at nought, and its steps where they like.
    rig.clockOffset = rig.now
    rig.note(.link(.connected))
    #expect(rig.exchange(1000) == .plan)
    #expect(rig.cycle.planner.hasContext == false)
    #expect(rig.newsSoFar().suffix(1) == [.robotRestarted])
    #expect(rig.episode(0).dropLast().allSatisfy { $0 == .plan })
    #expect(rig.cycle.planner.hasContext == true)
  }

  @Test func `a context that was given stays through a restart`() throws {
    var rig = try CycleRig(context: .given)
    _ = rig.episode(0)
    #expect(rig.cycle.planner.hasContext == false)
    #expect(rig.cycle.planner.transitionCount == 0)
    rig.observation.epoch = 2
    rig.note(.link(.connected))
    #expect(rig.exchange(0) == .plan)
    #expect(rig.newsSoFar() == [.connected, .robotRestarted])
  }

  // MARK: Latches

  @Test(
    arguments: [
      (RobotLatch.silence, LoopEvent.latchedInSilence), (.stuckSensors, .latchedOnStuckSensors),
      (.reset, .latchedByReset), (.other, .latched),
    ]) func `a latched robot is told of once, given nothing, and lifted by a person alone`(
      latch: RobotLatch, told: LoopEvent
    ) throws
  {
    var rig = try CycleRig()
    rig.exchange(0)
    rig.observation.reward = -1
    rig.observation.latch = latch
    for step in 1...20 as ClosedRange<UInt32> {
      #expect(rig.exchange(step) == .idle)
      #expect(rig.cycle.action.rearms == false)
    }
    rig.observe(21)
    rig.answer(isRearmAsked: true)
    #expect(rig.cycle.action.rearms == true)
    // Until the robot has heard it.
    rig.exchange(22)
    #expect(rig.cycle.action.rearms == true)
    rig.observation.latch = nil
    #expect(rig.exchange(23) == .plan)
    #expect(rig.cycle.action.rearms == false)
    #expect(rig.newsSoFar() == [.connected, told, .latchLifted])
    #expect(rig.cycle.statistics.latchedCycles == 22)
    // Nothing was learnt from a robot that did not move.
    #expect(rig.cycle.planner.transitionCount == 0)
  }

  // MARK: The link

  @Test func `silence ends nothing but the connection: what was asked for is forgotten, the episode goes on anew`()
    throws
  {
    var rig = try CycleRig()
    rig.exchange(0)
    rig.observation.latch = .silence
    rig.observe(1)
    rig.answer(isRearmAsked: true)
    rig.note(.silent)
    #expect(rig.cycle.isConnected == false)
    rig.note(.link(.connected))
    #expect(rig.exchange(2) == .idle)
    #expect(rig.cycle.action.rearms == false)
    #expect(rig.cycle.statistics.episodes == 0)
    #expect(rig.newsSoFar() == [.connected, .latchedInSilence, .silent, .connected, .latchedInSilence])
  }

  @Test func `what a peer can say ten times a second is told once in ten seconds`() throws {
    var rig = try CycleRig()
    _ = rig.newsSoFar()
    for event in [ControllerEvent.busy, .contradiction, .refused] {
      for _ in 0..<200 {
        rig.note(.link(event))
        rig.now += cyclePeriod
      }
      #expect(rig.newsSoFar().count == 2)
    }
  }

  @Test func `a robot that is driven and given nothing for a second is told of once`() throws {
    var rig = try CycleRig()
    for step in 0..<40 as Range<UInt32> { rig.exchange(step, age: UInt64(step) * 2 * cyclePeriod) }
    #expect(rig.newsSoFar() == [.connected, .idleWhileDriven])
    #expect(rig.cycle.statistics.idleWhileDriven > 10)
  }

  @Test(arguments: UnexplainedReaction.allCases)
  func `a robot that nothing explains is driven on, held or stopped`(reaction: UnexplainedReaction) throws {
    var rig = try CycleRig(whenUnexplained: reaction) { shape in
      var bank = ContextBank.random(shape, count: 6, seed: 3)
      (bank.rewardLimit, bank.dynamicsLimit) = (4, 1e6)
      return bank
    }
    var modes: [CommandMode] = []
    for step in 0..<90 as Range<UInt32> {
      // Nothing of the sort is ever paid in a random model's tasks.
      rig.observation.reward = step == 0 ? nil : 60
      modes.append(rig.exchange(step))
    }
    #expect(rig.cycle.belief?.isUnexplained == true)
    #expect(rig.newsSoFar().filter { $0 == .unexplained }.count == 1)
    #expect(
      modes.last == (reaction == .carryOn ? .plan : reaction == .hold ? .hold : .safe))
  }

  // MARK: Anything

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `any times, steps and starts give a finite command within the limit, and a sane robot is driven again`(
    seed: UInt64
  ) throws {
    var rig = try CycleRig(lockstep: seed % 4 == 0)
    var state = 0x9E37_79B9_7F4A_7C15 &* (seed + 1)
    func random() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    for _ in 0..<200 {
      let kind = random() % 8
      if kind == 0 { rig.observation.epoch = UInt32(truncatingIfNeeded: random()) }
      if kind == 1 { rig.observation.episode = UInt32(truncatingIfNeeded: random()) }
      if kind == 2 { rig.now = random() >> (random() % 64) }
      if kind == 3 { rig.note([.silent, .link(.goodbye), .link(.connected)][Int(random() % 3)]) }
      rig.observation.truncated = random() % 5 == 0
      rig.observation.latch = random() % 6 == 0 ? .other : nil
      rig.observation.reward = Float(bitPattern: UInt32(truncatingIfNeeded: random() >> 33))
      rig.observation.step = UInt32(truncatingIfNeeded: random() >> (random() % 64))
      rig.observation.sampleTimeNanoseconds = random() >> (random() % 64)
      rig.observation.state[0] = Float(bitPattern: UInt32(truncatingIfNeeded: random()))
      rig.cycle.observe(rig.observation, arrival: rig.now)
      let start = rig.now &+ random() >> (random() % 64)
      rig.cycle.plan(for: rig.robot, isRearmAsked: random() % 9 == 0, now: start)
      // A machine that took longer would be believed to be slow for longer than the end of this test waits.
      let end = start &+ random() % 1_000_000_000
      rig.cycle.decide(now: end)
      rig.cycle.sent(now: end)
      rig.cycle.useSlack()
      for value in rig.command { #expect(abs(value) <= CycleRig.limit) }
    }
    rig.observation.epoch = 7
    (rig.observation.latch, rig.observation.truncated, rig.observation.reward) = (nil, false, nil)
    rig.now = 1 << 60
    rig.note(.link(.connected))
    #expect((0..<100 as Range<UInt32>).contains { rig.exchange($0) == .plan })
  }
}
