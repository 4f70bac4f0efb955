// The recurrent encoder at work: its state takes in one transition after the other, each in the same time.

import CKernels

/// z = tanh(W h + b) with h ← GRU(silu(V transition + c), h): gates in the order reset, update, new (Cho et al., 2014).
///
/// What the newest transitions said to the gates is kept, so that all before them can be forgotten.
struct RecurrentEncoder {
  private struct Past {
    /// Transitions in the state.
    var count: Int
    /// Slot of the next one.
    var next: Int
  }

  private let transition: Product, fromInput: Product, fromState: Product, output: Product
  private let size: Int
  private let embedded: UnsafeMutablePointer<Float>  // [hidden]
  private let state: UnsafeMutablePointer<Float>  // [size], memory
  private let sums: UnsafeMutablePointer<Float>  // [3][size]
  private let recent: UnsafeMutablePointer<Float>  // [recall][3][size], memory
  private let past: UnsafeMutablePointer<Past>

  /// Transitions that can be told apart from those before.
  private static var recall: Int { @_noAllocation @_noLocks get { 25 } }

  init(_ arena: inout Arena, shape: PlannerShape) {
    let (width, size) = PlannerShape.encoderWidths
    self.size = size
    transition = Product(&arena, columns: width, depth: shape.transitionSize)
    fromInput = Product(&arena, columns: 3 * size, depth: width)
    fromState = Product(&arena, columns: 3 * size, depth: size)
    output = Product(&arena, columns: shape.contextSize, depth: size)
    embedded = arena.carve(Float.self, width)
    state = arena.carve(Float.self, size)
    sums = arena.carve(Float.self, 3 * size)
    recent = arena.carve(Float.self, Self.recall * 3 * size)
    past = arena.carve(Past.self, 1)
  }

  func load(_ weights: PlannerWeights) {
    transition.load(weights, LayerName.encoderTransition(0))
    fromInput.load(weights, LayerName.encoderInputGates)
    fromState.load(weights, LayerName.encoderStateGates)
    output.load(weights, LayerName.encoderOutput)
  }

  var count: Int { @_noAllocation @_noLocks get { past.pointee.count } }

  @_noAllocation @_noLocks
  func clear() {
    past.pointee = Past(count: 0, next: 0)
    for index in 0..<size { state[index] = 0 }
  }

  @_noAllocation @_noLocks
  func add(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    self.transition.run(kernels, transition, embedded)
    ck_silu(kernels, embedded, embedded, nil, fromInput.depth)
    let slot = recent + past.pointee.next * 3 * size
    fromInput.run(kernels, embedded, slot)
    past.pointee.next = past.pointee.next + 1 == Self.recall ? 0 : past.pointee.next + 1
    past.pointee.count += 1
    advance(kernels, slot)
  }

  /// Forgets all but the newest `count` ≤ 25: the state is recomputed from them, O(count).
  @_noAllocation @_noLocks
  func keep(_ kernels: Kernels, newest count: Int) {
    precondition(count <= Self.recall && count <= past.pointee.count)
    past.pointee.count = count
    for index in 0..<size { state[index] = 0 }
    let first = past.pointee.next + Self.recall - count
    for order in 0..<count { advance(kernels, recent + (first + order) % Self.recall * 3 * size) }
  }

  @_noAllocation @_noLocks
  func infer(_ kernels: Kernels, _ context: UnsafeMutablePointer<Float>) {
    output.run(kernels, state, context)
    for index in 0..<output.columns { context[index] = ck_tanh(context[index]) }
  }

  /// One step of the unit, from what its gates take of the transition.
  @_noAllocation @_noLocks
  private func advance(_ kernels: Kernels, _ input: UnsafePointer<Float>) {
    fromState.run(kernels, state, sums)
    for index in 0..<size {
      let reset = 1 / (1 + ck_exp(-(input[index] + sums[index])))
      let update = 1 / (1 + ck_exp(-(input[size + index] + sums[size + index])))
      let new = ck_tanh(input[2 * size + index] + reset * sums[2 * size + index])
      state[index] = new + update * (state[index] - new)
    }
  }
}
