// What a cycle leaves for the next: the observations that may still be answered, and what was applied since the last sample.

#if !hasFeature(Embedded)  // There everything is one module.
  import RobotLink
#endif

/// An observation on its way to the controller.
struct SentObservation: Equatable {
  var sequence: UInt32 = 0
  /// When it was sampled, on the firmware's own clock.
  var time: UInt64 = 0
  var isLast = false
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

/// The command over an interval, averaged over time: what the robot really did. Real-time: yes, `init` excepted.
struct AppliedCommand {
  /// Of the interval closed last, `[size]`.
  let mean: UnsafeMutablePointer<Float>
  private let sums: UnsafeMutablePointer<Float>
  private let size: Int
  private var microseconds: Float = 0
  private var since: UInt64? = nil

  init(size: Int) {
    self.size = size
    mean = takeStorage(repeating: 0, count: size)
    sums = takeStorage(repeating: 0, count: size)
  }

  /// `command`, `[size]`, was applied until `now`.
  @_noAllocation @_noLocks
  mutating func note(_ command: UnsafePointer<Float>, until now: UInt64) {
    let passed = Float(Int(truncatingIfNeeded: (now - (since ?? now)) / 1000))
    since = now
    microseconds += passed
    for index in 0..<size { sums[index] += command[index] * passed }
  }

  /// The interval has ended.
  @_noAllocation @_noLocks
  mutating func close() {
    for index in 0..<size {
      mean[index] = microseconds > 0 ? sums[index] / microseconds : 0
      sums[index] = 0
    }
    microseconds = 0
  }
}
