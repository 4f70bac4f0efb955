// A robot that runs its episodes and is given no command: people must hear of it, whatever the cause.

/// Measures for how long a driven robot has been given nothing but the safe command. Real-time: yes.
package struct IdleWatch: Equatable, Sendable {
  /// Worth telling after this long.
  package static var limitNanoseconds: UInt64 { @_noAllocation @_noLocks get { 1_000_000_000 } }

  private var idle: UInt64 = 0
  /// When the last idle answer's observation came; nil where that says nothing about the next.
  private var last: UInt64? = nil
  /// It has been as long as that.
  package private(set) var isLong = false

  @_noAllocation @_noLocks
  package init() {}

  /// Takes note of an answer to an observation that is not an episode's last; true once in each such time, when it has
  /// become long.
  @_noAllocation @_noLocks
  package mutating func note(isIdle: Bool, now: UInt64) -> Bool {
    guard isIdle else {
      self = IdleWatch()
      return false
    }
    if let last, now > last { idle = min(idle, Self.limitNanoseconds) &+ min(now - last, Self.limitNanoseconds) }
    last = now
    let wasLong = isLong
    isLong = idle >= Self.limitNanoseconds
    return isLong && !wasLong
  }

  /// Between episodes nothing is wanted, and no time passes.
  @_noAllocation @_noLocks
  package mutating func pause() { last = nil }
}
