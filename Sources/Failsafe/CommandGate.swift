// The last thing before the actuators: what is finite, within limits and fresh passes, each entry held to its own range
// and slew.

/// Why an action was not followed. Real-time: yes, a value.
public enum GateVerdict: Equatable, Sendable {
  case accepted
  /// A NaN or an infinity.
  case notFinite
  /// Beyond the limits of its channel by more than a thousandth of their reach.
  case outOfRange
  /// Not computed from a newer observation than the last, or from one too old.
  case stale
  /// SAFE is latched.
  case latched
}

/// A failsafe with the commands it chooses from. Memory is the caller's. Real-time: yes.
///
/// Whatever is offered and measured, every entry of `output` is finite, within its own limits, and moves no faster than
/// its own slew limit; in SAFE it only moves to the safe command.
public struct CommandGate {
  /// What decides on which command is given.
  public var failsafe: TimedFailsafe
  /// Entries of a command.
  public let size: Int
  /// What each entry may be, and how fast it may change, `[size]`.
  public let limits: UnsafePointer<CommandLimits>
  /// What the robot does when nothing fresh is there.
  public let reaction: SafeReaction
  /// The safe command as of the last `update`, `[size]`. Real-time: yes.
  public var safeCommand: UnsafePointer<Float> { @_noAllocation @_noLocks get { UnsafePointer(safe) } }
  /// The command for the actuators as of the last `update`, `[size]`.
  public let output: UnsafeMutablePointer<Float>

  /// Entries that may come along with an action; of more, the first count.
  public let laterEntries: Int

  /// Where `output` goes, `[size]`.
  private let target: UnsafeMutablePointer<Float>
  private let safe: UnsafeMutablePointer<Float>
  /// What damping answers, `[size]`: finite; and when it was measured.
  private let velocities: UnsafeMutablePointer<Float>
  private var measured: UInt64? = nil
  /// The accepted action and what came along with it, `[1 + laterEntries, size]`, and which entry of its plan the first
  /// is.
  private let entries: UnsafeMutablePointer<Float>
  private var firstEntry = 0
  private var updated: UInt64? = nil

  /// Floats of memory that a gate needs. Real-time: yes.
  @_noAllocation @_noLocks
  public static func memoryCount(size: Int, laterEntries: Int) -> Int { (5 + laterEntries) * size }

  /// A gate at the command `rest`. Real-time: yes.
  ///
  /// - Parameters:
  ///   - times: when the failsafe acts.
  ///   - size: entries of a command.
  ///   - laterEntries: how many entries that come along with an action are used.
  ///   - limits: of each entry, `[size]`, sound; they live as long as this does.
  ///   - reaction: what the robot does when nothing fresh is there; sound within the limits of each entry.
  ///   - rest: the command to begin with, `[size]`, and the safe one where the reaction says so; within the limits.
  ///   - memory: `memoryCount` floats, which live as long as this does; `output` is the first `size` of them.
  @_noAllocation @_noLocks
  public init(
    times: FailsafeTimes, size: Int, laterEntries: Int, limits: UnsafePointer<CommandLimits>,
    reaction: SafeReaction, rest: UnsafePointer<Float>, memory: UnsafeMutablePointer<Float>
  ) {
    failsafe = TimedFailsafe(times: times)
    self.size = size
    self.laterEntries = laterEntries
    self.limits = limits
    self.reaction = reaction
    output = memory
    target = memory + size
    safe = memory + 2 * size
    velocities = memory + 3 * size
    entries = memory + 4 * size
    for index in 0..<size {
      precondition(limits[index].isSound && reaction.isSound(within: limits[index]))
      precondition(limits[index].lower <= rest[index] && rest[index] <= limits[index].upper)  // False for a NaN too.
      output[index] = rest[index]
      target[index] = rest[index]
      safe[index] = reaction == .rest || reaction == .hold ? rest[index] : limits[index].neutral
      velocities[index] = 0
    }
  }

  /// Takes note of how fast what each entry drives is moving, `[size]`, sampled now. What is not finite is not known.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func measure(_ values: UnsafePointer<Float>, now: UInt64) {
    for index in 0..<size { velocities[index] = values[index].isFinite ? values[index] : 0 }
    measured = now
  }

  /// Takes over `command`, `[size]`, and the `count` entries after it, `[count, size]`, if all are sound and the
  /// command is fresh; else nothing changes. See `TimedFailsafe.accept`. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func offer(
    _ command: UnsafePointer<Float>, later: UnsafePointer<Float>, count: Int, now: UInt64, observationTime: UInt64,
    entry: Int
  ) -> GateVerdict {
    if failsafe.isSafe { return .latched }
    if let objection = objection(to: command, rows: 1) ?? objection(to: later, rows: count) { return objection }
    let ahead = min(count, laterEntries)
    guard failsafe.accept(now: now, observationTime: observationTime, entry: entry, ahead: ahead) else { return .stale }
    firstEntry = entry
    for index in 0..<size { entries[index] = limits[index].clamped(command[index]) }
    for entry in 0..<ahead {
      for index in 0..<size {
        entries[(1 + entry) * size + index] = limits[index].clamped(later[entry * size + index])
      }
    }
    return .accepted
  }

  /// To `rows` commands, `[rows, size]`.
  @_noAllocation @_noLocks
  private func objection(to values: UnsafePointer<Float>, rows: Int) -> GateVerdict? {
    for index in 0..<rows * size where !values[index].isFinite { return .notFinite }
    for row in 0..<rows {
      for index in 0..<size where !limits[index].admits(values[row * size + index]) { return .outOfRange }
    }
    return nil
  }

  /// Moves `output` on to the time `now`. Call it at least once in `decisionNanoseconds`. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func update(now: UInt64) -> CommandChoice {
    let choice = failsafe.decide(now: now)
    switch choice {
    case .plan: aim(at: 0)
    case .earlierPlan(let entry): aim(at: entry - firstEntry)
    case .hold: break
    case .ramp(let factor):
      brake(now: now)
      for index in 0..<size { target[index] = safe[index] + factor * (target[index] - safe[index]) }
    case .safe, .idle:
      brake(now: now)
      for index in 0..<size { target[index] = safe[index] }
    }
    let seconds = secondsPassed(at: now)
    for index in 0..<size {
      output[index] = limits[index].approached(target[index], from: output[index], seconds: seconds)
    }
    return choice
  }

  /// Makes the accepted action, or an entry that came along with it, the target.
  @_noAllocation @_noLocks
  private func aim(at entry: Int) {
    for index in 0..<size { target[index] = entries[entry * size + index] }
    if reaction == .hold { for index in 0..<size { safe[index] = target[index] } }
  }

  /// Finds the safe command of damping, the only one that changes by itself; a velocity that is two periods old is not
  /// known any more.
  @_noAllocation @_noLocks
  private mutating func brake(now: UInt64) {
    guard case .damping = reaction else { return }
    let isKnown = measured.map { now >= $0 && now - $0 < failsafe.times.periods(2) } ?? false
    for index in 0..<size {
      let velocity = isKnown ? velocities[index] : 0
      safe[index] = reaction.command(rest: 0, last: 0, velocity: velocity, limits: limits[index])
    }
  }

  /// The time that entries may move for now. A pause buys no jump: it counts as one decision.
  @_noAllocation @_noLocks
  private mutating func secondsPassed(at now: UInt64) -> Float {
    let most = failsafe.times.decisionNanoseconds
    let passed = updated.map { now >= $0 ? min(now - $0, most) : 0 } ?? 0
    updated = now
    return Float(Int(truncatingIfNeeded: passed / 1000)) * 1e-6
  }
}
