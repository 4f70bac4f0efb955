// How long a denoising step takes here and lately: what a plan that starts late must still have time for.

/// Longest time of a denoising step lately, single outliers left out: one slow plan says that the process was stopped or the
/// machine stood still, two in a row that it is slow. Real-time: yes.
package struct StepEstimate: Equatable, Sendable {
  /// 0 before the second plan.
  package private(set) var nanoseconds: UInt64 = 0
  private var last: UInt64 = 0

  @_noAllocation @_noLocks
  package init() {}

  /// Takes note of a plan.
  @_noAllocation @_noLocks
  package mutating func note(planNanoseconds: UInt64, steps: Int) {
    let latest = planNanoseconds / UInt64(max(1, steps))
    nanoseconds = max(min(latest, last), nanoseconds - nanoseconds / 32)
    last = latest
  }

  /// A plan was not tried for want of time: or two slow ones, at the start say, would keep all others from being tried.
  @_noAllocation @_noLocks
  package mutating func noteSkip() { nanoseconds -= nanoseconds / 32 }
}
