// What makes contexts: one face, whichever kind of encoder the model was trained with.

import CKernels

/// The context encoder of a model, `shape.contextKind`.
package struct ContextEncoder {
  private enum Kind {
    case pool(PoolEncoder)
    case recurrent(RecurrentEncoder)
    case oracle(OracleEncoder)
  }

  private let kind: Kind
  /// z, `[contextSize]`, recurrent.
  package let context: UnsafeMutablePointer<Float>

  /// The pool's context is of all transitions, or, with a `window`, of the newest so many; a recurrent one forgets by
  /// itself.
  package init(_ arena: inout Arena, shape: PlannerShape, window: Int = 0) {
    switch shape.contextKind {
    case .pool: kind = .pool(PoolEncoder(&arena, shape: shape, window: window))
    case .recurrent: kind = .recurrent(RecurrentEncoder(&arena, shape: shape))
    case .oracle: kind = .oracle(OracleEncoder(&arena, shape: shape))
    }
    context = arena.carve(Float.self, shape.contextSize)
  }

  package func load(_ weights: PlannerWeights) {
    switch kind {
    case .pool(let pool): pool.load(weights)
    case .recurrent(let recurrent): recurrent.load(weights)
    case .oracle(let oracle): oracle.load(weights)
    }
  }

  /// False: contexts come from the task's parameters alone, and transitions are of no use.
  package var takesTransitions: Bool {
    @_noAllocation @_noLocks
    get {
      switch kind {
      case .pool, .recurrent: true
      case .oracle: false
      }
    }
  }

  /// Transitions that the next context is inferred from.
  package var count: Int {
    @_noAllocation @_noLocks
    get {
      switch kind {
      case .pool(let pool): pool.window.count
      case .recurrent(let recurrent): recurrent.count
      case .oracle: 0
      }
    }
  }

  /// Forgets all transitions.
  @_noAllocation @_noLocks
  package func clear() {
    switch kind {
    case .pool(let pool): pool.window.clear()
    case .recurrent(let recurrent): recurrent.clear()
    case .oracle: break
    }
  }

  /// Forgets all transitions but the newest `count` ≤ 25; only with a window.
  @_noAllocation @_noLocks
  package func keep(_ kernels: Kernels, newest count: Int) {
    switch kind {
    case .pool(let pool): pool.window.keep(newest: count)
    case .recurrent(let recurrent): recurrent.keep(kernels, newest: count)
    case .oracle: break
    }
  }

  /// Adds one normalised transition, `[transitionSize]`: state, action, reward, change of state.
  @_noAllocation @_noLocks
  package func add(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    switch kind {
    case .pool(let pool): pool.add(kernels, transition)
    case .recurrent(let recurrent): recurrent.add(kernels, transition)
    case .oracle: break
    }
  }

  /// Computes `context` from the transitions; there must be one at least.
  @_noAllocation @_noLocks
  package func infer(_ kernels: Kernels) {
    switch kind {
    case .pool(let pool): pool.infer(kernels, context)
    case .recurrent(let recurrent): recurrent.infer(kernels, context)
    case .oracle: break
    }
  }

  /// Computes `context` from the task's parameters, `[parameterCount]`, physical units; only where transitions are of
  /// no use.
  @_noAllocation @_noLocks
  package func infer(_ kernels: Kernels, parameters: UnsafePointer<Float>) {
    switch kind {
    case .pool, .recurrent: break
    case .oracle(let oracle): oracle.infer(kernels, parameters, context)
    }
  }
}
