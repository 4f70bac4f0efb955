// What makes contexts: one face, whichever kind of encoder the model was trained with.

import CKernels

/// The context encoder of a model, `shape.contextKind`.
package struct ContextEncoder {
  private enum Evidence {
    case transitions(TransitionPool)
    case sequence(TransitionMemory)
    case parameters(TaskParameters)
  }

  private let evidence: Evidence
  /// z, `[contextSize]`, memory.
  package let context: UnsafeMutablePointer<Float>

  /// The pool's context is of all transitions, or, with a `window`, of the newest so many; a recurrent one forgets by itself.
  package init(_ arena: inout Arena, shape: PlannerShape, window: Int = 0) {
    switch shape.contextKind {
    case .pool, .contrastive: evidence = .transitions(TransitionPool(&arena, shape: shape, window: window))
    case .recurrent: evidence = .sequence(TransitionMemory(&arena, shape: shape))
    case .oracle: evidence = .parameters(TaskParameters(&arena, shape: shape))
    }
    context = arena.carve(Float.self, shape.contextSize)
  }

  package func load(_ weights: PlannerWeights) {
    switch evidence {
    case .transitions(let pool): pool.load(weights)
    case .sequence(let memory): memory.load(weights)
    case .parameters(let oracle): oracle.load(weights)
    }
  }

  /// False: contexts come from the task's parameters alone, and transitions are of no use.
  package var takesTransitions: Bool {
    @_noAllocation @_noLocks
    get {
      switch evidence {
      case .transitions, .sequence: true
      case .parameters: false
      }
    }
  }

  /// Transitions that the next context is inferred from.
  package var count: Int {
    @_noAllocation @_noLocks
    get {
      switch evidence {
      case .transitions(let pool): pool.window.count
      case .sequence(let memory): memory.count
      case .parameters: 0
      }
    }
  }

  /// Forgets all transitions.
  @_noAllocation @_noLocks
  package func clear() {
    switch evidence {
    case .transitions(let pool): pool.window.clear()
    case .sequence(let memory): memory.clear()
    case .parameters: break
    }
  }

  /// Forgets all transitions but the newest `count` ≤ 25; only with a window.
  @_noAllocation @_noLocks
  package func keep(_ kernels: Kernels, newest count: Int) {
    switch evidence {
    case .transitions(let pool): pool.window.keep(newest: count)
    case .sequence(let memory): memory.keep(kernels, newest: count)
    case .parameters: break
    }
  }

  /// Adds one normalised transition, `[transitionSize]`: state, action, reward, change of state.
  @_noAllocation @_noLocks
  package func add(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    switch evidence {
    case .transitions(let pool): pool.add(kernels, transition)
    case .sequence(let memory): memory.add(kernels, transition)
    case .parameters: break
    }
  }

  /// Computes `context` from the transitions; there must be one at least.
  @_noAllocation @_noLocks
  package func infer(_ kernels: Kernels) {
    switch evidence {
    case .transitions(let pool): pool.infer(kernels, context)
    case .sequence(let memory): memory.infer(kernels, context)
    case .parameters: break
    }
  }

  /// Computes `context` from the task's parameters, `[parameterCount]`, physical units; only where transitions are of no use.
  @_noAllocation @_noLocks
  package func infer(_ kernels: Kernels, parameters: UnsafePointer<Float>) {
    switch evidence {
    case .transitions, .sequence: break
    case .parameters(let oracle): oracle.infer(kernels, parameters, context)
    }
  }
}

/// The oracle: z = tanh(W · parameters + b), parameters normalised.
struct TaskParameters {
  private let output: Product
  private let scale: ChannelScale
  private let normalised: UnsafeMutablePointer<Float>  // [parameterCount]

  init(_ arena: inout Arena, shape: PlannerShape) {
    output = Product(&arena, columns: shape.contextSize, depth: shape.parameterCount)
    scale = ChannelScale(&arena, count: shape.parameterCount)
    normalised = arena.carve(Float.self, shape.parameterCount)
  }

  func load(_ weights: PlannerWeights) {
    output.load(weights("encoder.output.weight"), bias: weights("encoder.output.bias"))
    scale.load(mean: weights.statistics.parameterMean, std: weights.statistics.parameterStd)
  }

  @_noAllocation @_noLocks
  func infer(_ kernels: Kernels, _ parameters: UnsafePointer<Float>, _ context: UnsafeMutablePointer<Float>) {
    for index in 0..<output.depth { normalised[index] = scale.normalised(parameters[index], index) }
    output.run(kernels, normalised, context)
    for index in 0..<output.columns { context[index] = ck_tanh(context[index]) }
  }
}
