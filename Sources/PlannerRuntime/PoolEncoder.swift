// The pool: what a few transitions say about the task, kept as a running mean so that one more costs O(1).

import CKernels

/// z = tanh(W · SiLU(mean over transitions of MLP(transition)) + b): permutation-invariant, over any number of them.
struct PoolEncoder {
  private let first: Product, second: Product, output: Product
  private let hidden: UnsafeMutablePointer<Float>  // [hidden]
  private let embedded: UnsafeMutablePointer<Float>  // [pooled]
  let window: EmbeddingWindow

  /// The context is of all transitions, or, with a `window`, of the newest so many.
  init(_ arena: inout Arena, shape: PlannerShape, window: Int) {
    let (width, pooled) = PlannerShape.encoderWidths
    first = Product(&arena, columns: width, depth: shape.transitionSize)
    second = Product(&arena, columns: pooled, depth: width)
    output = Product(&arena, columns: shape.contextSize, depth: pooled)
    hidden = arena.carve(Float.self, width)
    embedded = arena.carve(Float.self, pooled)
    self.window = EmbeddingWindow(&arena, width: pooled, capacity: window)
  }

  func load(_ weights: PlannerWeights) {
    first.load(weights, LayerName.encoderTransition(0))
    second.load(weights, LayerName.encoderTransition(1))
    output.load(weights, LayerName.encoderOutput)
  }

  @_noAllocation @_noLocks
  func add(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    first.run(kernels, transition, hidden)
    ck_silu(kernels, hidden, hidden, nil, first.columns)
    second.run(kernels, hidden, embedded)
    window.add(embedded)
  }

  @_noAllocation @_noLocks
  func infer(_ kernels: Kernels, _ context: UnsafeMutablePointer<Float>) {
    window.mean(embedded)
    ck_silu(kernels, embedded, embedded, nil, second.columns)
    output.run(kernels, embedded, context)
    for index in 0..<output.columns { context[index] = ck_tanh(context[index]) }
  }
}
