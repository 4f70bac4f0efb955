// News that a peer can cause ten times per second: told at once, then at long intervals.

/// Lets an event through at once, then once in ten seconds. Real-time: yes.
package struct SparseNews: Equatable, Sendable {
  package static var intervalNanoseconds: UInt64 { @_noAllocation @_noLocks get { 10_000_000_000 } }

  private var told: UInt64? = nil

  @_noAllocation @_noLocks
  package init() {}

  /// Whether an event at the time `now` is to be told.
  @_noAllocation @_noLocks
  package mutating func isDue(now: UInt64) -> Bool {
    if let told, now &- told < Self.intervalNanoseconds { return false }
    told = now
    return true
  }
}
