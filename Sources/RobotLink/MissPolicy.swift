// What a robot does in an interval whose action did not come: it holds the last command for one period, then goes to zero.

/// Where the command of one interval comes from.
public enum CommandSource: Equatable, Sendable {
  /// The answer to the interval's observation.
  case controller
  /// The last command again.
  case held
  case zero
}

/// The robot's half of the failsafe, kept this simple because it must work when nothing else does. Real-time: yes.
public struct MissPolicy: Equatable, Sendable {
  /// Intervals in a row without an answer.
  public private(set) var misses = 0

  public init() {}

  /// The choice for the interval that ends or was answered now.
  @_noAllocation @_noLocks
  public mutating func step(isAnswered: Bool) -> CommandSource {
    misses = isAnswered ? 0 : misses + 1
    if isAnswered { return .controller }
    return misses == 1 ? .held : .zero
  }
}
