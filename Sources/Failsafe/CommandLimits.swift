// What one entry of a command may be, and how fast it may change: each channel has its own, and they need not be
// symmetric.

/// Limits of one entry of a command. Real-time: yes, a value.
public struct CommandLimits: Equatable, Sendable {
  /// The least that the entry may be, in its unit; finite.
  public var lower: Float
  /// The most that the entry may be; finite, above `lower`.
  public var upper: Float
  /// The most that the entry may change by per second; positive, infinite where nothing bounds it.
  public var slewPerSecond: Float

  /// Limits of these parts, unchecked. Real-time: yes.
  @_noAllocation @_noLocks
  public init(lower: Float, upper: Float, slewPerSecond: Float = .infinity) {
    self.lower = lower
    self.upper = upper
    self.slewPerSecond = slewPerSecond
  }

  /// `-limit ... limit`. Real-time: yes.
  @_noAllocation @_noLocks
  public init(within limit: Float, slewPerSecond: Float = .infinity) {
    self.init(lower: -limit, upper: limit, slewPerSecond: slewPerSecond)
  }

  /// They can be kept: finite, `lower` below `upper`, and the entry may move. Real-time: yes.
  public var isSound: Bool {
    @_noAllocation @_noLocks get { lower < upper && lower.isFinite && upper.isFinite && slewPerSecond > 0 }
  }

  /// Half of the range: what shares of the limits are shares of. Real-time: yes.
  public var reach: Float { @_noAllocation @_noLocks get { upper / 2 - lower / 2 } }

  /// What stands for zero: zero itself, or the allowed value nearest to it. Real-time: yes.
  public var neutral: Float { @_noAllocation @_noLocks get { clamped(0) } }

  /// The allowed value nearest to `value`, which is no NaN. Real-time: yes.
  @_noAllocation @_noLocks
  public func clamped(_ value: Float) -> Float { min(max(value, lower), upper) }

  /// Whether `value` is allowed; a thousandth of the reach more is let through, for rounding on the other side is no
  /// fault. False for a NaN. Real-time: yes.
  @_noAllocation @_noLocks
  public func admits(_ value: Float) -> Bool {
    let tolerance = 0.001 * reach
    return value >= lower - tolerance && value <= upper + tolerance
  }

  /// `value`, or as far from `last`, which is allowed, towards it as the entry may go in `seconds`. Real-time: yes.
  @_noAllocation @_noLocks
  public func approached(_ value: Float, from last: Float, seconds: Float) -> Float {
    // Without a limit no time is too short: infinity times 0 is no number.
    guard slewPerSecond.isFinite else { return clamped(value) }
    let (step, distance) = (slewPerSecond * seconds, value - last)
    return clamped(abs(distance) <= step ? value : last + (distance > 0 ? step : -step))
  }

  /// What both allow; where they have nothing in common, the end of this one that is nearest to `other`. Real-time:
  /// yes.
  @_noAllocation @_noLocks
  public func tightened(by other: CommandLimits) -> CommandLimits {
    CommandLimits(
      lower: min(max(lower, other.lower), upper), upper: max(min(upper, other.upper), lower),
      slewPerSecond: min(slewPerSecond, other.slewPerSecond))
  }
}
