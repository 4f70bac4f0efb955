// All memory of a planner: measured first, taken once, carved in a fixed order, then sealed.

/// One page-aligned block of zeroed memory from which a planner's parts carve their buffers.
///
/// An arena without memory only measures: carving gives addresses that nobody may touch, and `used` says how much a
/// real one needs. Real-time: no; after `seal()` nothing can be carved any more.
package struct Arena: ~Copyable {
  /// Every buffer begins on a cache line of its own.
  static let alignment = 64
  static let pageSize = 4096

  private let base: UnsafeMutableRawPointer?
  let capacity: Int
  package private(set) var used = 0
  private(set) var isSealed = false

  /// An arena that measures.
  package init() {
    base = nil
    capacity = .max
  }

  /// Takes `capacity` bytes and writes to every page of them, so that none faults later.
  package init(capacity: Int) {
    let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: Self.pageSize)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    self.base = base
    self.capacity = capacity
  }

  deinit { base?.deallocate() }

  var isMeasuring: Bool { base == nil }

  /// Room for `count` values, zeroed. Traps when the arena is sealed or too small: parts carve what they measured.
  mutating func carve<Value>(_ type: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
    precondition(!isSealed, "carving from a sealed arena")
    let bytes = count * MemoryLayout<Value>.stride
    let offset = used
    used += (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
    precondition(used <= capacity, "the arena is smaller than what was measured")
    let raw = base ?? UnsafeMutableRawPointer(bitPattern: Self.pageSize)!
    return (raw + offset).bindMemory(to: type, capacity: count)
  }

  mutating func seal() { isSealed = true }
}
