// The mean of the newest transitions' embeddings, up to date in O(1): the newest is added, the one that leaves is taken
// off.

import CKernels

/// A running mean over all embeddings since `clear()`, or over the newest `capacity` of them.
///
/// Rounding does not pile up: beside the sum, those embeddings are summed that came since the ring's first slot was
/// last filled. When the ring is full once round they are its whole content, and their sum replaces the one that was
/// updated.
package struct EmbeddingWindow {
  private struct State {
    var count: Int
    /// Slot of the next embedding.
    var next: Int
  }

  /// Embeddings that are kept; 0: all count, none is kept.
  package let capacity: Int
  private let width: Int
  private let state: UnsafeMutablePointer<State>
  private let sum: UnsafeMutablePointer<Float>  // [width]
  private let recent: UnsafeMutablePointer<Float>  // [width], of slots 0 ..< next
  private let ring: UnsafeMutablePointer<Float>  // [capacity][width]

  package init(_ arena: inout Arena, width: Int, capacity: Int) {
    self.width = width
    self.capacity = capacity
    state = arena.carve(State.self, 1)
    sum = arena.carve(Float.self, width)
    recent = arena.carve(Float.self, width)
    ring = arena.carve(Float.self, capacity * width)
  }

  /// Embeddings that the mean is over.
  package var count: Int { @_noAllocation @_noLocks get { state.pointee.count } }

  @_noAllocation @_noLocks
  package func clear() {
    state.pointee = State(count: 0, next: 0)
    for index in 0..<width {
      sum[index] = 0
      recent[index] = 0
    }
  }

  /// Adds one, `[width]`.
  @_noAllocation @_noLocks
  package func add(_ embedding: UnsafePointer<Float>) {
    if capacity == 0 {
      state.pointee.count += 1
      for index in 0..<width { sum[index] += embedding[index] }
      return
    }
    let slot = ring + state.pointee.next * width
    if state.pointee.count == capacity {
      for index in 0..<width { sum[index] -= slot[index] }
    } else {
      state.pointee.count += 1
    }
    for index in 0..<width {
      slot[index] = embedding[index]
      sum[index] += embedding[index]
      recent[index] += embedding[index]
    }
    state.pointee.next += 1
    guard state.pointee.next == capacity else { return }
    state.pointee.next = 0
    for index in 0..<width {
      sum[index] = recent[index]
      recent[index] = 0
    }
  }

  /// Forgets all but the newest `count`, which must be kept: O(count).
  @_noAllocation @_noLocks
  package func keep(newest count: Int) {
    precondition(count <= capacity && count <= state.pointee.count)
    state.pointee.count = count
    for index in 0..<width {
      sum[index] = 0
      recent[index] = 0
    }
    let next = state.pointee.next
    // Oldest first, as they were added.
    for order in 0..<count {
      let age = count - 1 - order
      let slot = ring + (next - 1 - age + (age < next ? 0 : capacity)) * width
      for index in 0..<width {
        sum[index] += slot[index]
        if age < next { recent[index] += slot[index] }
      }
    }
  }

  /// The mean, `[width]`; there must be one at least.
  @_noAllocation @_noLocks
  package func mean(_ target: UnsafeMutablePointer<Float>) {
    for index in 0..<width { target[index] = sum[index] / Float(state.pointee.count) }
  }
}
