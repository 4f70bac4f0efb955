// The control loop when something is missing: plans, observations, rewards, the link.

import ControlCore
import ControlRuntime
import PlannerModel
import RobotLink
import Testing

@Suite("Recovery of the control loop") struct LoopRecoveryTests {
  @Test func `SAFE outlasts hand-shakes with the same robot, ends with its restart, and is told each time`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    var newsCount = 0
    for _ in 1...2 {
      #expect(rig.exchange(step: 0, of: 100) == .plan)
      // No plan comes of observations like these.
      let absurd: (Float, Float) = (1e30, 0)
      for step in 1...8 as ClosedRange<UInt32> { #expect(rig.exchange(step: step, of: 100, state: absurd) != .safe) }
      #expect(rig.exchange(step: 9, of: 100, state: absurd) == .safe)
      #expect(rig.exchange(step: 10, of: 100) == .safe)
      #expect(rig.loop.status.news(since: &newsCount).filter { $0 == .safe }.count == 1)
      rig.loseLink()
      #expect(rig.loop.status.isConnected)
      #expect(rig.exchange(step: 11, of: 100) == .safe)
      try rig.restartRobot(lockstep: false)
    }
  }

  @Test func `a long gap, or late observations for long, latch nothing; the next plan drives`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    #expect(rig.exchange(step: 0, of: 100) == .plan)
    rig.lag = 5_000_000_000
    #expect(rig.exchange(step: 60, of: 100) == .idle)
    rig.lag = 0
    #expect(rig.exchange(step: 61, of: 100) == .plan)
    rig.lag = 5_000_000_000
    for step in 62...80 as ClosedRange<UInt32> { #expect(rig.exchange(step: step, of: 100) != .safe) }
    rig.lag = 0
    #expect(rig.exchange(step: 81, of: 100) == .plan)
  }

  @Test func `after lost or superseded observations the plan's entry for the present period is sent`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    _ = rig.exchange(step: 0)
    rig.lag = 5_000_000_000
    #expect(rig.exchange(step: 3) == .earlierPlan)
    #expect(rig.robot.action.planEntry == 3)
    #expect(rig.exchange(step: 4) == .earlierPlan)
    #expect(rig.robot.action.planEntry == 4)
  }

  @Test func `one time stamp that is wrong, by however much, leaves every later observation its plan`() throws {
    for offset in [30_000_000, 9_000_000_000, 1 << 63, 0 &- 1_000_000_000, 0 &- 20_000_000_000] as [UInt64] {
      let rig = try Rig(lockstep: false)
      rig.connect()
      for step in 0...3 as ClosedRange<UInt32> { _ = rig.exchange(step: step, of: 100) }
      rig.lag = 0 &- offset
      _ = rig.exchange(step: 4, of: 100)
      rig.lag = 0
      let modes = (5...14 as ClosedRange<UInt32>).map { rig.exchange(step: $0, of: 100) }
      #expect(modes == Array(repeating: .plan, count: 10))
    }
  }

  @Test func `the end of the count of steps ends nothing: jumps to it are answered, and plans drive on`() throws {
    let rig = try Rig()
    rig.connect()
    #expect(rig.exchange(step: 0) == .plan)
    for _ in 0..<300 {
      #expect(rig.exchange(step: .max) == .plan)
      #expect(rig.exchange(step: 1) == .plan)
    }
    try rig.restartRobot()
    #expect(rig.exchange(step: 1_000_000) == .plan)
  }

  @Test func `a robot that is given nothing while it runs is told of and counted`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    var newsCount = 0
    _ = rig.exchange(step: 0, of: 1000)
    rig.lag = 5_000_000_000
    let end = monotonicNanoseconds() + 2_000_000_000
    var step: UInt32 = 1
    while monotonicNanoseconds() < end {
      _ = rig.exchange(step: step, of: 1000)
      step += 1
      sleepUntil(monotonicNanoseconds() + 20_000_000)
    }
    #expect(rig.loop.statistics.idleWhileDriven > 0)
    #expect(rig.loop.status.news(since: &newsCount).count { $0 == .idleWhileDriven } == 1)
  }

  @Test func `a flood of observations is answered after 64 that were superseded`() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0, of: 1000)
    rig.observation.reward = -1
    let cycles = rig.loop.statistics.cycles
    for step in 1...150 as ClosedRange<UInt32> {
      rig.observation.step = step
      rig.robot.send(rig.observation)
    }
    rig.runLoop()
    #expect(rig.loop.statistics.cycles == cycles + 1)
    #expect(rig.loop.statistics.superseded == UInt64(ControlLoop.mostSuperseded))
    rig.runLoop()
    rig.runLoop()
    #expect(rig.loop.statistics.cycles == cycles + 3)
    #expect(rig.loop.statistics.superseded == 147)
  }

  @Test func `that another controller drives the robot is told once, not with each Hello`() throws {
    let rig = try Rig()
    rig.connect()
    let other = try ControlLoop(
      model: try makeModel(), options: ControlOptions(), address: LinkAddress(host: "127.0.0.1", port: rig.port))
    for _ in 0..<12 {
      _ = other.runOnce(until: monotonicNanoseconds() + 60_000_000)
      _ = rig.robot.next(until: 0)
    }
    _ = other.runOnce(until: monotonicNanoseconds() + 60_000_000)
    var newsCount = 0
    #expect(other.status.news(since: &newsCount) == [.busy])
  }

  @Test func `a misfit in the place of a driven robot is told of once and switches nothing off`() throws {
    let rig = try Rig()
    rig.connect()
    #expect(rig.exchange(step: 0) == .plan)
    var newsCount = 0
    _ = rig.loop.status.news(since: &newsCount)
    // Its port is free only when the robot is closed: it moves to another one.
    rig.robot = try Rig.makeRobot(port: 0, family: "point-robot", lockstep: true)
    rig.robot = try Rig.makeRobot(port: rig.port, family: "cheetah-vel", lockstep: true)
    var news: [LoopEvent] = []
    let limit = monotonicNanoseconds() + 2_500_000_000
    while monotonicNanoseconds() < limit {
      #expect(rig.loop.runOnce(until: monotonicNanoseconds() + 20_000_000))
      _ = rig.robot.next(until: 0)
      news += rig.loop.status.news(since: &newsCount)
    }
    #expect(news.filter { $0 != .contradiction } == [.silent, .refused])
    #expect(rig.loop.failure == nil)
    try rig.restartRobot()
    #expect(rig.exchange(step: 0) == .plan)
  }

  @Test func `an episode whose last observation is lost counts for the warm start all the same`() throws {
    let rig = try Rig()
    rig.connect()
    for step in 0...4 as ClosedRange<UInt32> { _ = rig.exchange(step: step) }
    rig.observation.episode = 1
    let mode = rig.exchange(step: 0)
    #expect(mode == .plan)
    #expect(rig.loop.statistics.episodes == 1)
    #expect(rig.loop.hasContext)
    #expect(rig.loop.contextTransitions == 4)
    #expect(rig.robot.action.predictedReturn != nil)
  }

  @Test func `a warm start without rewards gives no context, and says so`() throws {
    let rig = try Rig()
    rig.reward = nil
    rig.connect()
    _ = rig.episode(0)
    var newsCount = 0
    let news = rig.loop.status.news(since: &newsCount)
    #expect(!rig.loop.hasContext)
    #expect(news.contains(.contextMissing))
    #expect(!news.contains(.contextInferred))
  }

  @Test func `a family whose name the link has no room for is in no model`() throws {
    #expect(ModelDescription.longestName == LinkLimits.nameBytes)
    _ = try makeModel(family: String(repeating: "x", count: LinkLimits.nameBytes))
    let error = #expect(throws: ModelError.self) { try makeModel(family: String(repeating: "x", count: 64)) }
    #expect(error?.description.contains("at most 63 bytes") == true)
  }
}
