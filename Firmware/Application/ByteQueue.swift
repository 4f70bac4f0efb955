// Bytes on their way out, in fixed memory: a frame goes in whole or not at all.

#if !hasFeature(Embedded)  // There everything is one module.
  import RobotLink
#endif

/// A queue of at most `capacity` bytes. Real-time: yes, `init` excepted.
struct ByteQueue {
  /// Frames for which there was no room.
  private(set) var dropped: UInt32 = 0
  private let bytes: UnsafeMutablePointer<UInt8>
  private let capacity: Int
  private var start = 0
  private var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    bytes = takeStorage(repeating: 0, count: capacity)
  }

  /// The bytes that wait, up to the end of the memory: send these, then `drop` as many as were sent.
  var waiting: UnsafeRawBufferPointer {
    @_noAllocation @_noLocks get {
      UnsafeRawBufferPointer(start: bytes + start, count: min(count, capacity - start))
    }
  }

  @_noAllocation @_noLocks
  mutating func drop(_ sent: Int) {
    start = (start + sent) % capacity
    count -= sent
  }

  @_noAllocation @_noLocks
  mutating func append(_ frame: UnsafeRawBufferPointer) {
    guard frame.count <= capacity - count else {
      dropped &+= 1
      return
    }
    for index in 0..<frame.count { bytes[(start + count + index) % capacity] = frame[index] }
    count += frame.count
  }
}
