// The context encoder: what a few transitions say about the task, kept as a running mean so that one more costs O(1).

import CKernels

/// z = tanh(W · SiLU(mean over transitions of MLP(transition)) + b): a permutation-invariant pool over any number of them.
package struct ContextEncoder {
  private let first: Product, second: Product, output: Product
  private let hidden: UnsafeMutablePointer<Float>  // [hidden]
  private let embedded: UnsafeMutablePointer<Float>  // [pooled]
  private let sum: UnsafeMutablePointer<Float>  // [pooled], memory
  /// z, `[contextSize]`, memory.
  package let context: UnsafeMutablePointer<Float>

  package init(_ arena: inout Arena, shape: PlannerShape) {
    let (width, pooled) = PlannerShape.encoderWidths
    first = Product(&arena, columns: width, depth: shape.transitionSize)
    second = Product(&arena, columns: pooled, depth: width)
    output = Product(&arena, columns: shape.contextSize, depth: pooled)
    hidden = arena.carve(Float.self, width)
    embedded = arena.carve(Float.self, pooled)
    sum = arena.carve(Float.self, pooled)
    context = arena.carve(Float.self, shape.contextSize)
  }

  package func load(_ weights: PlannerWeights) {
    first.load(weights("encoder.transition.0.weight"), bias: weights("encoder.transition.0.bias"))
    second.load(weights("encoder.transition.1.weight"), bias: weights("encoder.transition.1.bias"))
    output.load(weights("encoder.output.weight"), bias: weights("encoder.output.bias"))
  }

  /// Forgets all transitions.
  @_noAllocation @_noLocks
  package func clear() {
    for index in 0..<second.columns { sum[index] = 0 }
  }

  /// Adds one normalised transition, `[transitionSize]`: state, action, reward, change of state.
  @_noAllocation @_noLocks
  package func add(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    first.run(kernels, transition, hidden)
    ck_silu(kernels, hidden, hidden, nil, first.columns)
    second.run(kernels, hidden, embedded)
    for index in 0..<second.columns { sum[index] += embedded[index] }
  }

  /// Computes `context` from the `count` transitions added since the last `clear()`; `count` must be positive.
  @_noAllocation @_noLocks
  package func infer(_ kernels: Kernels, count: Int) {
    for index in 0..<second.columns { embedded[index] = sum[index] / Float(count) }
    ck_silu(kernels, embedded, embedded, nil, second.columns)
    output.run(kernels, embedded, context)
    for index in 0..<output.columns { context[index] = ck_tanh(context[index]) }
  }
}
