// Each safe command a robot may have, walked from the last plan to SAFE.

import Failsafe
import Testing

@Suite("Safe commands") struct SafeReactionTests {
  private static let period: UInt64 = 50_000_000

  /// A gate of one entry that decides once a period, with its memory.
  private final class Rig {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: CommandGate.memoryCount(size: 1, laterEntries: 0) + 1)
    let limits = UnsafeMutablePointer<CommandLimits>.allocate(capacity: 1)
    var gate: CommandGate
    var now: UInt64 = 0

    init(_ reaction: SafeReaction, rest: Float = 0, slewPerSecond: Float = 1e9) {
      memory[0] = rest
      limits.initialize(to: CommandLimits(within: 1, slewPerSecond: slewPerSecond))
      gate = CommandGate(
        times: FailsafeTimes(periodNanoseconds: period, usableEntries: 0), size: 1, laterEntries: 0, limits: limits,
        reaction: reaction, rest: memory, memory: memory + 1)
      _ = gate.update(now: now)
    }

    deinit {
      memory.deallocate()
      limits.deallocate()
    }

    func plan(_ value: Float) {
      var value = value
      #expect(gate.offer(&value, later: &value, count: 0, now: now, observationTime: now, entry: 0) == .accepted)
    }

    func measure(_ velocity: Float) {
      var velocity = velocity
      gate.measure(&velocity, now: now)
    }

    /// The next period's command.
    func next() -> Float {
      _ = gate.update(now: now)
      now += period
      return gate.output[0]
    }
  }

  @Test func `rest: from the last command evenly to the pose, and there it stays`() {
    let rig = Rig(.rest, rest: -0.5)
    #expect(rig.next() == -0.5)
    rig.plan(0.5)
    let commands = (0..<8).map { _ in rig.next() }
    for (command, expected) in zip(commands, [0.5, 0.5, 0.25, 0, -0.25, -0.5, -0.5, -0.5] as [Float]) {
      #expect(abs(command - expected) < 1e-5)
    }
    #expect(rig.gate.failsafe.latch == .silence)
  }

  @Test func `hold: the last command stays, in SAFE too, and after re-arming until the next plan`() {
    let rig = Rig(.hold, rest: -0.5)
    #expect(rig.next() == -0.5)
    rig.plan(0.5)
    #expect((0..<8).map { _ in rig.next() } == [Float](repeating: 0.5, count: 8))
    #expect(rig.gate.failsafe.isSafe)
    rig.gate.failsafe.rearm()
    #expect(rig.next() == 0.5)
    rig.plan(0.25)
    #expect(rig.next() == 0.25)
  }

  @Test
  func `damping: against the motion as measured, within the limit; nothing where no velocity is known any more`() {
    let rig = Rig(.damping(gain: 0.1), rest: -0.5)
    #expect(rig.next() == -0.5)
    #expect(rig.next() == 0)
    rig.plan(0.5)
    for _ in 0..<7 { _ = rig.next() }
    #expect(rig.gate.failsafe.isSafe)
    for (velocity, expected) in [(2, -0.2), (-3, 0.3), (100, -1), (-1e30, 1), (.nan, 0), (.infinity, 0)]
      as [(Float, Float)]
    {
      rig.measure(velocity)
      #expect(abs(rig.next() - expected) < 1e-6)
    }
    rig.measure(2)
    #expect(abs(rig.next() + 0.2) < 1e-6)
    #expect(abs(rig.next() + 0.2) < 1e-6)
    #expect(rig.next() == 0)
  }

  @Test(
    arguments: [SafeReaction.rest, .damping(gain: 1)])
  func `whatever the safe command, the way to it keeps to the slew limit`(reaction: SafeReaction) {
    let rig = Rig(reaction, rest: -1, slewPerSecond: 2)
    rig.plan(1)
    for _ in 0..<30 { _ = rig.next() }
    rig.gate.failsafe.rearm()
    rig.plan(1)
    for _ in 0..<21 { _ = rig.next() }
    var before = rig.gate.output[0]
    for _ in 0..<40 {
      rig.measure(5)
      let command = rig.next()
      #expect(abs(command - before) <= 0.1 + 1e-6)
      before = command
    }
    #expect(before == -1)
  }

  @Test func `gains that are negative, no number, or absurd are known as such`() {
    for gain in [0, 0.1, 500] as [Float] {
      #expect(SafeReaction.damping(gain: gain).isSound(within: CommandLimits(within: 0.5)))
    }
    for gain in [-0.1, .nan, .infinity, 501] as [Float] {
      #expect(!SafeReaction.damping(gain: gain).isSound(within: CommandLimits(within: 0.5)))
    }
  }
}
