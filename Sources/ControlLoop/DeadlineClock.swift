// When an observation was sampled on our own clock, though it may have waited in the socket: from the robot's clock.

/// Maps the robot's sample times to local times.
///
/// The smallest difference between arrival and sample time seen lately is the clocks' offset plus the link's shortest
/// delay; the time an observation was under way beyond that, in the network or in the socket's queue, counts against its
/// deadline. Lately is one to two half windows of 200 periods, at most about 2 s each: long enough to see past a queue, and
/// short enough that clocks that drift apart (300 parts per million are an eighth of a period) or are set use no deadline
/// up for long. Real-time: yes.
public struct DeadlineClock: Equatable, Sendable {
  private let halfWindow: UInt64
  private var halfStart: UInt64 = 0
  /// Smallest differences in the present half window and in the one before; nil before the first observation.
  private var present: Int64? = nil
  private var before: Int64 = 0

  /// - Parameter periodNanoseconds: the robot's control period.
  @_noAllocation @_noLocks
  public init(periodNanoseconds: UInt64) {
    halfWindow = min(200 * periodNanoseconds, max(2_000_000_000, 2 * periodNanoseconds))
  }

  /// The local time at which an observation that arrived now was due, at most `arrival`.
  @_noAllocation @_noLocks
  public mutating func due(sampleTime: UInt64, arrival: UInt64) -> UInt64 {
    // Differences wrap around, so they are compared by their distance.
    let difference = Int64(bitPattern: arrival &- sampleTime)
    let known = present ?? difference
    if present == nil || difference &- known > 10_000_000_000 {
      // The first, or a robot's clock that started again: no datagram is that late.
      present = difference
      before = difference
      halfStart = arrival
    } else if arrival &- halfStart >= halfWindow {
      before = known
      present = difference
      halfStart = arrival
    } else if difference &- known < 0 {
      present = difference
    }
    let smallest = present ?? difference
    return sampleTime &+ UInt64(bitPattern: before &- smallest < 0 ? before : smallest)
  }
}
