// When an observation was sampled on our own clock, though it may have waited on the way: from the robot's clock.
//
// The rule. Arrival minus sample time is the clocks' offset plus the delay. Its usual value is kept: it follows an
// earlier observation at once and a later one slowly, so that what an observation is late by, against the robot's own
// steady clock, counts against its deadline. But the robot's clock is a foreign one and never rules alone:
// - An observation is never due after its arrival, and never more than a period before: beyond that it is late, however
//   much.
// - The usual value stays within half a budget of the median of the last three differences. One stamp, however wrong,
//   cannot move a median, and two that are sane do: a clock that was set, a delay that lasts or a past full of nonsense
//   costs one plan, and an observation that is in time for the usual value leaves half of its budget.

/// Maps the robot's sample times to local times. Real-time: yes.
public struct DeadlineClock: Equatable, Sendable {
  private let period: Int64
  /// Half of what a plan may take: lateness within it shortens plans and prevents none.
  private let band: Int64
  /// The usual difference of arrival and sample time, and the last two. All wrap around: they are compared by distance.
  private var usual: UInt64 = 0
  private var last: UInt64 = 0
  private var secondLast: UInt64 = 0
  private var isFirst = true

  /// A clock that has seen no observation yet. Real-time: yes.
  ///
  /// - Parameters:
  ///   - periodNanoseconds: the robot's control period.
  ///   - budgetNanoseconds: what a plan may take from the time its observation was due; nil: half the period.
  @_noAllocation @_noLocks
  public init(periodNanoseconds: UInt64, budgetNanoseconds: UInt64? = nil) {
    period = Int64(clamping: periodNanoseconds)
    band = Int64(clamping: min(budgetNanoseconds ?? .max, periodNanoseconds / 2) / 2)
  }

  /// The local time at which an observation that arrived now was due, at most `arrival` and at least a period before.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func due(sampleTime: UInt64, arrival: UInt64) -> UInt64 {
    let difference = arrival &- sampleTime
    if isFirst { (usual, last, secondLast, isFirst) = (difference, difference, difference, false) }
    let typical = difference &+ Self.median(Self.distance(last, difference), Self.distance(secondLast, difference))
    let astray = Self.distance(usual, typical)
    if astray > band || astray < -band { usual = typical }
    (secondLast, last) = (last, difference)

    let late = Self.distance(difference, usual)
    if late < -band || late > band {
      // An outlier: the median judges it, when more is known.
    } else if late < 0 {
      usual = difference
    } else {
      // Slowly, but faster than clocks drift apart: 300 parts per million keep it a fiftieth of a period away.
      usual &+= UInt64(late / 64)
    }
    return arrival &- UInt64(min(max(late, 0), period))
  }

  /// How far `value` lies after `origin`.
  @_noAllocation @_noLocks
  private static func distance(_ value: UInt64, _ origin: UInt64) -> Int64 { Int64(bitPattern: value &- origin) }

  /// The median of `first`, `second` and 0, for adding.
  @_noAllocation @_noLocks
  private static func median(_ first: Int64, _ second: Int64) -> UInt64 {
    UInt64(bitPattern: max(min(first, second), min(max(first, second), 0)))
  }
}
