// All parameters of a network in one flat buffer, so that optimiser, averages and checkpoints are loops over one array.

import PlannerRuntime

/// Where the parameters of one tensor lie in the flat buffer of a `ParameterStore`.
public struct Slot: Equatable, Sendable {
  public let offset: Int
  public let count: Int
}

/// How a tensor starts.
public enum Initial: Sendable {
  /// Uniform in ±1/√fanIn: the usual start of weights and biases.
  case uniform(fanIn: Int)
  case constant(Float)
}

/// Names, shapes and values of all parameters of a network.
///
/// Layers are built by adding tensors; `values` is valid once `seal(seed:)` has drawn the initial values, and its
/// address does not change from then on. Not thread-safe while being built. Real-time: no.
public final class ParameterStore {
  /// One tensor of the network.
  public struct Entry: Sendable {
    public let name: String
    public let shape: [Int]
    public let slot: Slot
    let initial: Initial
  }

  public private(set) var entries: [Entry] = []
  /// Number of floats of all tensors together.
  public private(set) var count = 0
  private var buffer: FloatBuffer?

  public init() {}

  /// Reserves a tensor; its values come with `seal(seed:)`.
  public func add(_ name: String, shape: [Int], initial: Initial) -> Slot {
    precondition(buffer == nil, "tensors are added before seal(seed:)")
    let slot = Slot(offset: count, count: shape.reduce(1, *))
    entries.append(Entry(name: name, shape: shape, slot: slot, initial: initial))
    count += slot.count
    return slot
  }

  /// Allocates the buffer and draws the initial values: each tensor from a random stream of its own.
  public func seal(seed: UInt64) {
    precondition(buffer == nil, "a store is sealed once")
    let buffer = FloatBuffer(count: count)
    for (index, entry) in entries.enumerated() {
      let start = buffer.pointer + entry.slot.offset
      switch entry.initial {
      case .constant(let value):
        start.update(repeating: value, count: entry.slot.count)
      case .uniform(let fanIn):
        var random = RandomSource(seed: seed, stream: UInt64(index))
        let bound = 1 / Float(fanIn).squareRoot()
        for i in 0..<entry.slot.count { start[i] = (2 * random.uniform() - 1) * bound }
      }
    }
    self.buffer = buffer
  }

  /// The flat buffer, `[count]`.
  public var values: UnsafeMutablePointer<Float> { valueBuffer.pointer }

  /// The flat buffer with its owner, for those who outlive the store or save it.
  public var valueBuffer: FloatBuffer {
    guard let buffer else { preconditionFailure("seal(seed:) comes first") }
    return buffer
  }

  /// A copy of one tensor's values, taken from `source` (the weight average, say) or from the store itself.
  public func tensor(_ entry: Entry, from source: UnsafePointer<Float>? = nil) -> [Float] {
    let start = (source ?? UnsafePointer(values)) + entry.slot.offset
    return Array(UnsafeBufferPointer(start: start, count: entry.slot.count))
  }

  /// A new flat buffer of the same size, all zero: gradients, moments, averages.
  public func makeBuffer() -> FloatBuffer { FloatBuffer(count: count) }
}

/// A zeroed, 64-byte aligned array of floats with a fixed address, freed with its owner.
///
/// Keep the buffer itself for as long as its `pointer` is in use: `FloatBuffer(count: 2).pointer` dangles at once.
public final class FloatBuffer: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int

  public init(count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: count)
    pointer.update(repeating: 0, count: count)
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// Sets every value to zero.
  public func clear() { pointer.update(repeating: 0, count: count) }
  /// The values as an array, for checkpoints and tests.
  public var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  /// Overwrites the values; `values.count` must be `count`.
  public func assign(_ values: [Float]) {
    precondition(values.count == count)
    values.withUnsafeBufferPointer { pointer.update(from: $0.baseAddress!, count: count) }
  }
}
