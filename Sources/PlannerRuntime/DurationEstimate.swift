// How long something takes here and lately: what a denoising step, or a plan that starts late, must still have time
// for.

/// Longest duration lately, single outliers left out: one says that the process was stopped or the machine stood still,
/// two in a row that it is slow. Forgotten by half with each further one, so that even a stall that two durations share
/// does not cut more than a few plans, while a machine that stays slow keeps saying so. Real-time: yes.
package struct DurationEstimate: Equatable, Sendable {
  /// 0 before the second duration.
  package private(set) var nanoseconds: UInt64 = 0
  private var last: UInt64 = 0

  @_noAllocation @_noLocks
  package init() {}

  /// Takes note of a duration.
  @_noAllocation @_noLocks
  package mutating func record(_ duration: UInt64) {
    nanoseconds = max(min(duration, last), nanoseconds / 2)
    last = duration
  }

  /// Nothing was tried for want of time: or two slow ones, at the start say, would keep all others from being tried.
  @_noAllocation @_noLocks
  package mutating func recordSkip() { nanoseconds -= nanoseconds / 32 }
}
