// Which counters of a sealed session have been seen: each passes once, and none that is much older than the newest.

/// The sliding window of IPsec and DTLS (RFC 4303, 3.4.3): 64 counters wide. Real-time: yes.
package struct ReplayWindow: Equatable, Sendable {
  /// Counters start at 1.
  private var newest: UInt64 = 0
  /// Bit k: the counter `newest − k` has been seen.
  private var seen: UInt64 = 0

  package static var width: UInt64 { @_noAllocation @_noLocks get { 64 } }

  @_noAllocation @_noLocks
  package init() {}

  /// Whether `counter` may still pass.
  @_noAllocation @_noLocks
  package func admits(_ counter: UInt64) -> Bool {
    if counter == 0 { return false }
    if counter > newest { return true }
    let age = newest - counter
    return age < Self.width && seen & (1 &<< age) == 0
  }

  /// Notes `counter`, which `admits` has let through and whose tag was right.
  @_noAllocation @_noLocks
  package mutating func note(_ counter: UInt64) {
    if counter > newest {
      let step = counter - newest
      seen = step < Self.width ? seen &<< step : 0
      newest = counter
    }
    seen |= 1 &<< (newest - counter)
  }
}
