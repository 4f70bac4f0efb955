// A robot that is latched at its safe command: the loop sees it, says so, and has only a person lift it.

import ControlCore
import ControlRuntime
import RobotLink
import Testing

@Suite("A latched robot") struct LatchTests {
  private func news(_ rig: Rig, _ count: inout Int) -> [LoopEvent] {
    rig.loop.status.news(since: &count).filter {
      [.latchedInSilence, .latchedOnStuckSensors, .latchedByReset, .latched, .latchLifted].contains($0)
    }
  }

  @Test(
    arguments: [
      (RobotLatch.silence, LoopEvent.latchedInSilence), (.stuckSensors, .latchedOnStuckSensors),
      (.reset, .latchedByReset), (.other, .latched),
    ])
  func `a latch is told once with its reason, and only a person's re-arming lifts it`(
    latch: RobotLatch, told: LoopEvent
  ) throws {
    let rig = try Rig()
    rig.connect()
    var count = 0
    #expect(rig.exchange(step: 0, of: 100) == .plan)
    rig.observation.latch = latch
    for step in 1...30 as ClosedRange<UInt32> {
      #expect(rig.exchange(step: step, of: 100) == .idle)
      #expect(rig.robot.action.rearms == false)
      #expect(rig.robot.action.command[0] == 0)
    }
    #expect(news(rig, &count) == [told])
    rig.loop.status.rearm()
    // Until the robot has heard it.
    for step in 31...33 as ClosedRange<UInt32> {
      #expect(rig.exchange(step: step, of: 100) == .idle)
      #expect(rig.robot.action.rearms == true)
    }
    rig.observation.latch = nil
    #expect(rig.exchange(step: 34, of: 100) == .plan)
    #expect(rig.robot.action.rearms == false)
    #expect(news(rig, &count) == [.latchLifted])
    #expect(rig.loop.statistics.latchedCycles == 33)
    // The next latch is another one.
    rig.observation.latch = latch
    #expect(rig.exchange(step: 35, of: 100) == .idle)
    #expect(rig.robot.action.rearms == false)
    #expect(news(rig, &count) == [told])
  }

  @Test func `a person's command lifts only what is latched when it is given`() throws {
    let rig = try Rig()
    rig.connect()
    rig.loop.status.rearm()
    #expect(rig.exchange(step: 0, of: 100) == .plan)
    rig.observation.latch = .silence
    #expect(rig.exchange(step: 1, of: 100) == .idle)
    #expect(rig.robot.action.rearms == false)
    rig.robot.sayGoodbye()
    rig.runLoop()
    rig.loop.status.rearm()
    for _ in 0..<40 where !rig.loop.status.isConnected {
      _ = rig.loop.runOnce(until: monotonicNanoseconds() + 50_000_000)
      _ = rig.robot.next(until: 0)
    }
    #expect(rig.exchange(step: 2, of: 100) == .idle)
    #expect(rig.robot.action.rearms == false)
  }

  @Test func `the loop's own SAFE is lifted by a person too`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    #expect(rig.exchange(step: 0, of: 100) == .plan)
    for step in 1...9 as ClosedRange<UInt32> { _ = rig.exchange(step: step, of: 100, state: (1e30, 0)) }
    #expect(rig.exchange(step: 10, of: 100) == .safe)
    rig.loop.status.rearm()
    #expect(rig.exchange(step: 11, of: 100) == .plan)
  }

  @Test func `what a latched robot does teaches nothing`() throws {
    let rig = try Rig()
    rig.connect()
    for step in 0...3 as ClosedRange<UInt32> { _ = rig.exchange(step: step, of: 100) }
    let before = rig.loop.contextTransitions
    #expect(before == 3)
    rig.observation.latch = .stuckSensors
    for step in 4...9 as ClosedRange<UInt32> { _ = rig.exchange(step: step, of: 100) }
    rig.observation.latch = nil
    _ = rig.exchange(step: 10, of: 100)
    #expect(rig.loop.contextTransitions == before)
    _ = rig.exchange(step: 11, of: 100)
    #expect(rig.loop.contextTransitions == before + 1)
  }
}
