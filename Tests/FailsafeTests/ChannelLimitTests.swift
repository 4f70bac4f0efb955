// Limits and slew limits of single channels: whatever is offered and whatever state the failsafe is in, no entry of a
// command leaves its own range or moves faster than its own slew limit.

import Failsafe
import PlannerRuntime
import Testing

@Suite struct ChannelLimitTests {
  /// A gate with its memory.
  private final class Rig {
    static let period: UInt64 = 20_000_000, decision: UInt64 = 5_000_000
    let limits: UnsafeMutablePointer<CommandLimits>
    let memory: UnsafeMutablePointer<Float>
    let rest: UnsafeMutablePointer<Float>
    var gate: CommandGate
    var now: UInt64 = 1_000_000_000

    init(_ channels: [CommandLimits], _ reaction: SafeReaction, rest values: [Float]) {
      let size = channels.count
      limits = .allocate(capacity: size)
      for (index, channel) in channels.enumerated() { (limits + index).initialize(to: channel) }
      memory = .allocate(capacity: CommandGate.memoryCount(size: size, laterEntries: 2))
      rest = .allocate(capacity: size)
      for (index, value) in values.enumerated() { (rest + index).initialize(to: value) }
      gate = CommandGate(
        times: FailsafeTimes(
          periodNanoseconds: Self.period, usableEntries: 3, answerNanoseconds: Self.period,
          decisionNanoseconds: Self.decision),
        size: size, laterEntries: 2, limits: limits, reaction: reaction, rest: rest, memory: memory)
      _ = gate.update(now: now)
    }

    deinit {
      limits.deallocate()
      memory.deallocate()
      rest.deallocate()
    }

    var output: [Float] { (0..<gate.size).map { gate.output[$0] } }
  }

  /// Ranges on either side of zero, across it, far from it, tiny and wide; slew limits or none.
  private func channel(_ random: inout RandomSource) -> CommandLimits {
    let middle = [0, 0.4, -3, 100, -1000][random.index(below: 5)] as Float
    let reach = [1e-3, 0.5, 1, 20][random.index(below: 4)] as Float
    let slew = [.infinity, 0.5 * reach, 10 * reach, 400 * reach][random.index(below: 4)] as Float
    return CommandLimits(lower: middle - reach, upper: middle + reach, slewPerSecond: slew)
  }

  @Test func `nothing ever leaves its channel's limits or slew limit, whatever the failsafe's state`() {
    var random = RandomSource(seed: 7)
    var modes: Set<CommandMode> = []
    var verdicts: [GateVerdict] = []
    for robot in 0..<400 {
      let channels = (0..<1 + random.index(below: 6)).map { _ in channel(&random) }
      let reaction = [.rest, .hold, .damping(gain: 0.5)][robot % 3] as SafeReaction
      let rig = Rig(channels, reaction, rest: channels.map { $0.lower + random.uniform() * ($0.upper - $0.lower) })
      for _ in 0..<300 {
        let before = rig.output
        // Once in a while a pause in which everything runs out.
        let passed =
          random.index(below: 40) == 0 ? 40 * Rig.period : UInt64(random.index(below: Int(Rig.decision)))
        rig.now += passed
        if random.index(below: 6) == 0 {
          let values = (0..<3).flatMap { _ in channels.map { value(in: $0, &random) } }
          let verdict = values.withUnsafeBufferPointer {
            rig.gate.offer(
              $0.baseAddress!, later: $0.baseAddress! + channels.count, count: 2, now: rig.now,
              observationTime: rig.now - UInt64(random.index(below: 30_000_000)), entry: random.index(below: 2))
          }
          if !verdicts.contains(verdict) { verdicts.append(verdict) }
        }
        if random.index(below: 10) == 0 {
          let velocities = channels.map { _ in 1000 * random.normal() }
          rig.gate.measure(velocities, now: rig.now)
        }
        if random.index(below: 60) == 0 { rig.gate.failsafe.goSafe(.stuckSensors) }
        if rig.gate.failsafe.isSafe, random.index(below: 20) == 0 { rig.gate.failsafe.rearm() }
        modes.insert(rig.gate.update(now: rig.now).mode)
        let seconds = Float(min(passed, Rig.decision)) * 1e-9
        for (index, channel) in channels.enumerated() {
          let (old, new) = (before[index], rig.output[index])
          #expect(new >= channel.lower && new <= channel.upper, "\(channel): \(new)")
          let rounding = 4 * max(abs(old), abs(new)).ulp
          #expect(abs(new - old) <= channel.slewPerSecond * seconds + rounding, "\(channel): \(old) to \(new)")
        }
      }
    }
    #expect(modes == Set(CommandMode.allCases))
    #expect(verdicts.count == 5)
  }

  /// Mostly allowed, sometimes at an end, sometimes what must be refused.
  private func value(in channel: CommandLimits, _ random: inout RandomSource) -> Float {
    switch random.index(below: 100) {
    case 0: .nan
    case 1: channel.upper + channel.reach
    case 2: channel.lower - 1.0005 * 0.001 * channel.reach - 0.001 * channel.reach
    case 3...10: channel.lower
    case 11...18: channel.upper
    default: channel.lower + random.uniform() * (channel.upper - channel.lower)
    }
  }

  @Test(arguments: [(0.2, 0.7, 0.2), (-3, -1, -1), (-1, 2, 0)] as [(Float, Float, Float)])
  func `where zero is not allowed its nearest neighbour is what a robot brakes to without a velocity`(
    lower: Float, upper: Float, neutral: Float
  ) {
    let channel = CommandLimits(lower: lower, upper: upper)
    #expect(channel.neutral == neutral)
    let rig = Rig([channel], .damping(gain: 0.1), rest: [lower])
    var value = upper
    #expect(
      rig.gate.offer(&value, later: &value, count: 0, now: rig.now, observationTime: rig.now, entry: 0) == .accepted)
    _ = rig.gate.update(now: rig.now)
    #expect(rig.output == [upper])
    for _ in 0..<200 {
      rig.now += Rig.decision
      _ = rig.gate.update(now: rig.now)
    }
    #expect(rig.gate.failsafe.isSafe)
    #expect(rig.output == [neutral])
  }

  @Test func `limits are asymmetric: what one channel may do another may not`() {
    let channels = [CommandLimits(lower: -1, upper: 0.2), CommandLimits(lower: -0.2, upper: 1)]
    let rig = Rig(channels, .rest, rest: [0, 0])
    for (command, verdict) in [
      ([-0.9, 0.9], .accepted), ([0.9, -0.9], .outOfRange), ([0.9, 0.9], .outOfRange), ([-0.9, -0.9], .outOfRange),
      ([0.2, -0.2], .accepted), ([0.2005, -0.2005], .accepted), ([0.2007, 0], .outOfRange),
    ] as [([Float], GateVerdict)] {
      rig.now += Rig.period
      let found = command.withUnsafeBufferPointer {
        rig.gate.offer(
          $0.baseAddress!, later: $0.baseAddress!, count: 0, now: rig.now, observationTime: rig.now, entry: 0)
      }
      #expect(found == verdict, "\(command)")
      _ = rig.gate.update(now: rig.now)
    }
    #expect(rig.output == [0.2, -0.2])
  }

  @Test func `two sides' limits make the tighter ones, and where they share nothing the first side's nearest end`() {
    let robot = CommandLimits(lower: -1, upper: 0.5, slewPerSecond: 30)
    let model = CommandLimits(lower: -0.2, upper: 2, slewPerSecond: .infinity)
    #expect(robot.tightened(by: model) == CommandLimits(lower: -0.2, upper: 0.5, slewPerSecond: 30))
    #expect(model.tightened(by: robot) == CommandLimits(lower: -0.2, upper: 0.5, slewPerSecond: 30))
    let apart = robot.tightened(by: CommandLimits(lower: 3, upper: 4))
    #expect(apart.lower == 0.5 && apart.upper == 0.5)
    #expect(apart.clamped(-7) == 0.5)
  }
}
