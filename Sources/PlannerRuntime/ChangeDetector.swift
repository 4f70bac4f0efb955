// Notices that a prediction error is no longer what it was: a cumulative sum against the error's own running mean and spread.

import CKernels

/// Page's one-sided CUSUM (1954) on log(error + 0.01), in spreads above its running mean.
///
/// Errors are shares of the training data's variance: what lies below 0.01 is a good prediction, and its logarithm says no more.
/// The first 25 values set mean and spread; later ones move them with a memory of 64 values. A value counts for at most 4 spreads, so
/// that no single outlier, and no two, are a change.
///
/// False alarms: with a reference of 1 spread and a threshold of 8, values that are independent and normal give one in
/// (e^(2·9.17) − 2·9.17 − 1) / 2 ≈ 4.6e7 (Siegmund's approximation; tested by simulation). Errors of a robot are neither: Docs/results.md has
/// what was measured. Real-time: yes.
public struct ChangeDetector: Equatable, Sendable {
  public static var threshold: Float { @_noAllocation @_noLocks get { 8 } }
  private static var reference: Float { @_noAllocation @_noLocks get { 1 } }
  private static var limit: Float { @_noAllocation @_noLocks get { 4 } }
  /// A spread of the logarithm below this is chance.
  private static var leastSpread: Float { @_noAllocation @_noLocks get { 0.4 } }
  /// Values before the first alarm can come.
  public static var settling: Int { @_noAllocation @_noLocks get { 25 } }
  private static var memory: Int { @_noAllocation @_noLocks get { 64 } }

  private var count = 0
  private var mean: Float = 0
  private var variance: Float = 0
  /// The cumulative sum; an alarm at `threshold`.
  public private(set) var sum: Float = 0
  /// Values since the sum was last zero: at an alarm, those since the change.
  public private(set) var suspects = 0

  @_noAllocation @_noLocks
  public init() {}

  /// Takes the next error, a share of the variance; true: there was a change, `suspects` values ago. Values that are not
  /// finite are passed over.
  @_noAllocation @_noLocks
  public mutating func observe(_ error: Float) -> Bool {
    let value = ck_log(error + 0.01)
    guard ck_is_finite(value) != 0 else { return false }
    let spread = max(ck_sqrt(variance), Self.leastSpread)
    let isSettled = count >= Self.settling
    var deviation = value - mean
    if isSettled { deviation = min(max(deviation, -Self.limit * spread), Self.limit * spread) }
    if isSettled {
      sum = max(0, sum + deviation / spread - Self.reference)
      suspects = sum > 0 ? suspects + 1 : 0
    }
    // Mean and variance with weight 1/n, later a fixed one (West, 1979).
    count = min(count + 1, Self.memory)
    let rate = 1 / Float(count)
    mean += rate * deviation
    variance = (1 - rate) * (variance + rate * deviation * deviation)
    return sum >= Self.threshold
  }
}
