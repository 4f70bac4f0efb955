// What a cycle leaves for the next: the observations that may still be answered.

/// An observation on its way to the controller.
struct SentObservation: Equatable {
  var sequence: UInt32 = 0
  /// When it was sampled, on the firmware's own clock.
  var time: UInt64 = 0
  var isLast = false
  /// Which latch of SAFE it told of, counted from 1; 0: none.
  var latch: UInt32 = 0
}

/// The last eight observations sent. Times come from here and never from the wire. Real-time: yes.
struct SentObservations {
  private var entries = InlineArray<8, SentObservation>(repeating: SentObservation())
  private var next = 0
  private var newest: UInt32 = 0

  @_noAllocation @_noLocks
  mutating func append(_ observation: SentObservation) {
    entries[next] = observation
    next = (next + 1) % 8
    newest = observation.sequence
  }

  @_noAllocation @_noLocks
  func find(_ sequence: UInt32) -> SentObservation? {
    if sequence == 0 { return nil }
    for index in 0..<8 where entries[index].sequence == sequence { return entries[index] }
    return nil
  }

  @_noAllocation @_noLocks
  func isNewest(_ observation: SentObservation) -> Bool { observation.sequence == newest }
}
