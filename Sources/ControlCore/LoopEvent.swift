// What a control cycle has to tell people, in the order in which it happens.

/// News from the cycle. Real-time: yes, a value.
public enum LoopEvent: UInt8, Sendable {
  case connected, robotRestarted, busy, silent, goodbye, refused, contextInferred, contextMissing, safe, changeNoticed
  /// The robot describes itself otherwise than before, or refuses while it is driven: it is not obeyed in that.
  case contradiction
  /// Nothing that the model knows explains the robot; something does again.
  case unexplained, explainedAgain
  /// The robot runs and has been given nothing but the safe command for a second.
  case idleWhileDriven
  /// The robot has latched itself at its safe command, for the reason that its observations give.
  case latchedInSilence, latchedOnStuckSensors, latchedByReset, latched
  /// A person has lifted that latch.
  case latchLifted
  /// Model and robot state other limits or slew limits for commands; the tighter ones hold.
  case limitsDiffer
}

/// The last eight news that nobody has taken yet, oldest first. Real-time: yes.
package struct NewsQueue: Equatable, Sendable {
  /// A byte each, the oldest lowest.
  private var bytes: UInt64 = 0
  private var count = 0

  @_noAllocation @_noLocks
  package init() {}

  /// Of more than eight the oldest is forgotten.
  @_noAllocation @_noLocks
  package mutating func add(_ news: LoopEvent) {
    if count == 8 {
      bytes >>= 8
      count = 7
    }
    bytes |= UInt64(news.rawValue) << (8 * UInt64(count))
    count += 1
  }

  @_noAllocation @_noLocks
  package mutating func next() -> LoopEvent? {
    guard count > 0 else { return nil }
    let news = LoopEvent(rawValue: UInt8(truncatingIfNeeded: bytes))
    bytes >>= 8
    count -= 1
    return news
  }
}
