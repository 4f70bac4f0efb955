// Which episodes are the warm start: an encoder's context is inferred at their end, and a belief is said to be formed.

/// Where the context comes from. Real-time: yes, a value.
public enum ContextSource: Sendable, Equatable {
  /// Given before the start (a warm-start file): an encoder's stays, a belief begins with it.
  case given
  /// Inferred from the robot's first `count` episodes, which an encoder is driven without; 0: an encoder never has one.
  case firstEpisodes(Int)
}

/// Counts the episodes of the warm start. Real-time: yes.
public struct ContextGathering: Equatable, Sendable {
  /// Where the context comes from.
  public let source: ContextSource
  private var remaining: Int

  /// Before the first episode. Real-time: yes.
  public init(_ source: ContextSource) {
    self.source = source
    remaining = 0
    restart()
  }

  /// Transitions are wanted: the present episode is part of the warm start. Real-time: yes.
  public var isGathering: Bool {
    @_noAllocation @_noLocks get { remaining > 0 }
  }

  /// Another start of a robot, which may be another robot: everything starts over. True if the old context is to be
  /// dropped. Real-time: yes.
  @discardableResult @_noAllocation @_noLocks
  public mutating func restart() -> Bool {
    switch source {
    case .given:
      remaining = 0
      return false
    case .firstEpisodes(let count):
      remaining = count
      return true
    }
  }

  /// An episode has ended by itself. True if the warm start is complete with it and the context is to be inferred.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func episodeEnded() -> Bool {
    guard remaining > 0 else { return false }
    remaining -= 1
    return remaining == 0
  }
}
