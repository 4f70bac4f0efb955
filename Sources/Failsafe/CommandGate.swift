// The last thing before the actuators: what is finite, within limits and fresh passes, clamped in magnitude and slew.

/// Why an action was not followed.
public enum GateVerdict: Equatable, Sendable {
  case accepted
  /// A NaN or an infinity.
  case notFinite
  /// Beyond the limit by more than a thousandth.
  case outOfRange
  /// Not computed from a newer observation than the last, or from one too old.
  case stale
  /// SAFE is latched.
  case latched
}

/// A failsafe with the commands it chooses from. Memory is the caller's. Real-time: yes.
///
/// Whatever is offered, every entry of `output` is finite, within the limit, and moves no faster than the slew limit; in SAFE it
/// only moves to the safe command.
public struct CommandGate {
  public var failsafe: Failsafe
  /// Entries of a command.
  public let size: Int
  /// Every entry lies in `-limit ... limit`.
  public let limit: Float
  /// An entry changes by at most this much a second.
  public let slewPerSecond: Float
  /// The safe command, `[size]`.
  public let safeCommand: UnsafePointer<Float>
  /// The command for the actuators as of the last `update`, `[size]`.
  public let output: UnsafeMutablePointer<Float>

  /// Entries that may come along with an action; of more, the first count.
  public let laterEntries: Int

  /// Where `output` goes, `[size]`.
  private let target: UnsafeMutablePointer<Float>
  /// The accepted action and what came along with it, `[1 + laterEntries, size]`, and which entry of its plan the first is.
  private let entries: UnsafeMutablePointer<Float>
  private var firstEntry = 0
  private var updated: UInt64? = nil

  /// Floats of memory that a gate needs.
  @_noAllocation @_noLocks
  public static func memoryCount(size: Int, laterEntries: Int) -> Int { (3 + laterEntries) * size }

  /// - Parameters:
  ///   - laterEntries: how many entries that come along with an action are used.
  ///   - memory: `memoryCount` floats, which live as long as this does; `output` is the first `size` of them.
  @_noAllocation @_noLocks
  public init(
    times: FailsafeTimes, size: Int, laterEntries: Int, limit: Float, slewPerSecond: Float,
    safeCommand: UnsafePointer<Float>, memory: UnsafeMutablePointer<Float>
  ) {
    failsafe = Failsafe(times: times)
    self.size = size
    self.laterEntries = laterEntries
    self.limit = limit
    self.slewPerSecond = slewPerSecond
    self.safeCommand = safeCommand
    output = memory
    target = memory + size
    entries = memory + 2 * size
    for index in 0..<size {
      output[index] = safeCommand[index]
      target[index] = safeCommand[index]
    }
  }

  /// Takes over `command`, `[size]`, and the `count` entries after it, `[count, size]`, if all are sound and the command is
  /// fresh; else nothing changes. See `Failsafe.accept`.
  @_noAllocation @_noLocks
  public mutating func offer(
    _ command: UnsafePointer<Float>, later: UnsafePointer<Float>, count: Int, now: UInt64, observationTime: UInt64,
    entry: Int
  ) -> GateVerdict {
    if failsafe.isSafe { return .latched }
    if let objection = objection(to: command, size) ?? objection(to: later, count * size) { return objection }
    let ahead = min(count, laterEntries)
    guard failsafe.accept(now: now, observationTime: observationTime, entry: entry, ahead: ahead) else { return .stale }
    firstEntry = entry
    for index in 0..<size { entries[index] = min(max(command[index], -limit), limit) }
    for index in 0..<ahead * size { entries[size + index] = min(max(later[index], -limit), limit) }
    return .accepted
  }

  @_noAllocation @_noLocks
  private func objection(to values: UnsafePointer<Float>, _ count: Int) -> GateVerdict? {
    for index in 0..<count where !values[index].isFinite { return .notFinite }
    for index in 0..<count where abs(values[index]) > limit * 1.001 { return .outOfRange }
    return nil
  }

  /// Moves `output` on to the time `now`. Call it at least once in `decisionNanoseconds`.
  @_noAllocation @_noLocks
  public mutating func update(now: UInt64) -> CommandChoice {
    let choice = failsafe.decide(now: now)
    switch choice {
    case .plan: aim(at: 0)
    case .earlierPlan(let entry): aim(at: entry - firstEntry)
    case .hold: break
    case .ramp(let factor):
      for index in 0..<size { target[index] = safeCommand[index] + factor * (target[index] - safeCommand[index]) }
    case .safe, .idle:
      for index in 0..<size { target[index] = safeCommand[index] }
    }
    let step = slew(over: now)
    for index in 0..<size {
      let distance = target[index] - output[index]
      output[index] = abs(distance) <= step ? target[index] : output[index] + (distance > 0 ? step : -step)
    }
    return choice
  }

  /// Makes the accepted action, or an entry that came along with it, the target.
  @_noAllocation @_noLocks
  private func aim(at entry: Int) {
    for index in 0..<size { target[index] = entries[entry * size + index] }
  }

  /// How far an entry may move now. A pause buys no jump: it counts as one decision.
  @_noAllocation @_noLocks
  private mutating func slew(over now: UInt64) -> Float {
    let most = failsafe.times.decisionNanoseconds
    let passed = updated.map { now >= $0 ? min(now - $0, most) : 0 } ?? 0
    updated = now
    return slewPerSecond * Float(Int(truncatingIfNeeded: passed / 1000)) * 1e-6
  }
}
