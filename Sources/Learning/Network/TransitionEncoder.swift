// The context encoder: each transition embedded by itself, the mean of them all made into a context.

import CLearningKernels
import PlannerRuntime

/// z = tanh(W silu(mean over transitions of MLP(transition))): any number of transitions in any order. Real-time: no.
package struct TransitionEncoder: Sendable {
  let transition: MultilayerPerceptron
  let head: Linear
  var pooledSize: Int { head.inputSize }
  package var contextSize: Int { head.outputSize }

  /// Activations for up to `contexts` contexts of up to `transitions` transitions together. One thread at a time.
  package final class Workspace {
    let transition: MultilayerPerceptron.Workspace
    /// `[contexts][pooledSize]` each
    let pooled, active, pooledGradient: UnsafeMutablePointer<Float>
    /// `[contexts][contextSize]`: the result, and what `backward` starts from.
    package let context, contextGradient: UnsafeMutablePointer<Float>
    /// `[transitions][pooledSize]`
    let transitionGradient: UnsafeMutablePointer<Float>
    private let arena: FloatArena

    package init(_ encoder: TransitionEncoder, contexts: Int, transitions: Int) {
      let arena = FloatArena()
      self.arena = arena
      transition = MultilayerPerceptron.Workspace(encoder.transition, rows: transitions)
      pooled = arena.floats(contexts * encoder.pooledSize)
      active = arena.floats(contexts * encoder.pooledSize)
      pooledGradient = arena.floats(contexts * encoder.pooledSize)
      context = arena.floats(contexts * encoder.contextSize)
      contextGradient = arena.floats(contexts * encoder.contextSize)
      transitionGradient = arena.floats(transitions * encoder.pooledSize)
    }
  }

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    let (hidden, pooled) = PlannerShape.encoderWidths
    transition = MultilayerPerceptron(
      store, "encoder.transition", sizes: [shape.transitionSize, hidden, pooled], activation: .silu)
    head = Linear(store, "encoder.output", pooled, shape.contextSize)
  }

  /// Encodes contexts that lie one after the other in `transitions`, `[sum of counts][transitionSize]`, each of
  /// `counts[i]` ≥ 1 transitions, into `workspace.context`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ transitions: UnsafePointer<Float>, counts: [Int], _ workspace: Workspace
  ) {
    let w = workspace
    transition.forward(parameters, transitions, w.transition, rows: counts.reduce(0, +))
    var embedded = UnsafePointer(w.transition.output)
    for (index, count) in counts.enumerated() {
      let mean = w.pooled + index * pooledSize
      lk_sum_over_time(count, pooledSize, embedded, mean)
      lk_scale(pooledSize, 1 / Float(count), mean)
      embedded += count * pooledSize
    }
    lk_silu_forward(counts.count * pooledSize, w.pooled, w.active)
    head.forward(parameters, w.active, w.context, rows: counts.count)
    lk_tanh_forward(counts.count * contextSize, w.context, w.context)
  }

  /// From `workspace.contextGradient` (used up), adds to `gradients`; arguments as in the `forward` before.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    _ transitions: UnsafePointer<Float>, counts: [Int], _ workspace: Workspace
  ) {
    let w = workspace
    lk_tanh_backward(counts.count * contextSize, w.context, w.contextGradient, w.contextGradient)
    head.backward(
      parameters, gradients, input: w.active, outputGradient: w.contextGradient, inputGradient: w.pooledGradient,
      rows: counts.count)
    lk_silu_backward(counts.count * pooledSize, w.pooled, w.pooledGradient, w.pooledGradient)
    var spread = w.transitionGradient
    for (index, count) in counts.enumerated() {
      let gradient = w.pooledGradient + index * pooledSize
      lk_scale(pooledSize, 1 / Float(count), gradient)
      lk_fill_rows(count, pooledSize, gradient, spread)
      spread += count * pooledSize
    }
    transition.backward(
      parameters, gradients, input: transitions, outputGradient: w.transitionGradient, inputGradient: nil,
      w.transition, rows: counts.reduce(0, +))
  }
}
