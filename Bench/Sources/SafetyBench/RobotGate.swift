// The gate that ships, with its memory, in front of a simulated robot.

import Failsafe
import Tasks

/// Commands and velocities as arrays around a `CommandGate`.
final class RobotGate {
  private var gate: CommandGate
  private let family: TaskFamily
  private let memory: UnsafeMutablePointer<Float>
  private let rest: UnsafeMutablePointer<Float>
  private let limits: UnsafeMutablePointer<CommandLimits>

  init(
    _ family: TaskFamily, times: FailsafeTimes, laterEntries: Int, slewPerSecond: Float = 1e9,
    reaction: SafeReaction = .rest
  ) {
    self.family = family
    let count = CommandGate.memoryCount(size: family.actionSize, laterEntries: laterEntries)
    memory = .allocate(capacity: count)
    memory.initialize(repeating: 0, count: count)
    rest = .allocate(capacity: family.actionSize)
    rest.initialize(repeating: 0, count: family.actionSize)
    limits = .allocate(capacity: family.actionSize)
    for (index, channel) in family.actionChannels.enumerated() {
      (limits + index).initialize(
        to: CommandLimits(lower: channel.lower, upper: channel.upper, slewPerSecond: min(slewPerSecond, channel.slew)))
    }
    gate = CommandGate(
      times: times, size: family.actionSize, laterEntries: laterEntries, limits: limits, reaction: reaction,
      rest: rest, memory: memory)
  }

  deinit {
    memory.deallocate()
    rest.deallocate()
    limits.deallocate()
  }

  /// Offers entry 0 of a plan made from an observation of `now`, and the entries after it.
  func offer(_ plan: [[Float]], later count: Int, now: UInt64) {
    let values = Array(plan.prefix(1 + count).joined())
    let verdict = values.withUnsafeBufferPointer {
      gate.offer(
        $0.baseAddress!, later: $0.baseAddress! + family.actionSize, count: count, now: now, observationTime: now,
        entry: 0)
    }
    precondition(verdict == .accepted, "the gate does not accept a plan: \(verdict)")
  }

  func measure(_ observation: [Float], now: UInt64) {
    gate.measure(family.drivenVelocities.map { observation[$0] }, now: now)
  }

  func command(now: UInt64) -> [Float] {
    _ = gate.update(now: now)
    return (0..<family.actionSize).map { gate.output[$0] }
  }
}
