// When an observation was sampled on our own clock, though it may have waited in the socket: from the robot's clock.

/// Maps the robot's sample times to local times.
///
/// The smallest difference seen between arrival and sample time is the clocks' offset plus the link's shortest delay; the
/// time an observation was under way beyond that, in the network or in the socket's queue, counts against its deadline.
/// Real-time: yes.
public struct DeadlineClock: Equatable, Sendable {
  private var offset: Int64 = 0
  private var isSet = false

  /// What the offset may grow a second, so that clocks that drift apart do not use deadlines up: 100 parts per million.
  private static var driftPerSecond: Int64 { @_noAllocation @_noLocks get { 100_000 } }
  private var lastArrival: UInt64 = 0

  public init() {}

  /// The local time at which an observation that arrived now was due, at most `arrival`.
  @_noAllocation @_noLocks
  public mutating func due(sampleTime: UInt64, arrival: UInt64) -> UInt64 {
    let difference = Int64(bitPattern: arrival &- sampleTime)
    if isSet {
      let elapsed = Int64(clamping: arrival &- lastArrival)
      offset &+= min(elapsed, 1_000_000_000) / 1_000_000 * (Self.driftPerSecond / 1_000)
    }
    // A robot that set its clock back, or started again, shows a jump; a late datagram never is that late.
    let jump = difference &- offset
    if !isSet || jump < 0 || jump > 10_000_000_000 { offset = difference }
    isSet = true
    lastArrival = arrival
    return sampleTime &+ UInt64(bitPattern: offset)
  }
}
