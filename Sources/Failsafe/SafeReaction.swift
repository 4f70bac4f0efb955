// What a robot does when nothing fresh tells it what to do: a property of the robot, chosen once.

/// The safe command of a robot, and what becomes of its last one. Real-time: yes.
public enum SafeReaction: Equatable, Sendable {
  /// Goes to the rest command: zero (the allowed value nearest to it), or a pose.
  case rest
  /// Stays at the last command of a plan; before the first one, at the rest command.
  case hold
  /// Brakes: −gain · velocity for each entry, within its limits. An entry whose velocity is not known gives no force,
  /// or the allowed one nearest to none.
  case damping(gain: Float)

  /// The safe command of one entry: from its rest command, its last one, and the velocity of what it drives, all
  /// finite. Real-time: yes.
  @_noAllocation @_noLocks
  public func command(rest: Float, last: Float, velocity: Float, limits: CommandLimits) -> Float {
    switch self {
    case .rest: rest
    case .hold: last
    case .damping(let gain): limits.clamped(-gain * velocity)
    }
  }

  /// Most that a gain may be: the reach of the limits within a thousandth of a unit of velocity. Real-time: yes.
  @_noAllocation @_noLocks
  public static func mostGain(within limits: CommandLimits) -> Float { 1000 * limits.reach }

  /// It can be done within `limits`. Real-time: yes.
  @_noAllocation @_noLocks
  public func isSound(within limits: CommandLimits) -> Bool {
    guard case .damping(let gain) = self else { return true }
    return gain >= 0 && gain <= Self.mostGain(within: limits)
  }
}
