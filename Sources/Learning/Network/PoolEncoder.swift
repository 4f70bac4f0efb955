// The pool: each transition embedded by itself, the mean of them all made into a context.

import CLearningKernels
import PlannerRuntime

/// z = tanh(W silu(mean over transitions of MLP(transition))): any number of transitions in any order. Real-time: no.
package struct PoolEncoder: ContextEncoder {
  let transition: MultilayerPerceptron
  let head: Linear
  var pooledSize: Int { head.inputSize }
  var contextSize: Int { head.outputSize }

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    let (hidden, pooled) = PlannerShape.encoderWidths
    transition = MultilayerPerceptron(
      store, LayerName.encoderTransitions, sizes: [shape.transitionSize, hidden, pooled], activation: .silu)
    head = Linear(store, LayerName.encoderOutput, pooled, shape.contextSize)
  }

  package func makePass(contexts: Int, rows: Int) -> any EncoderPass { Pass(self, contexts: contexts, rows: rows) }

  final class Pass: EncoderPass {
    private let encoder: PoolEncoder
    private let transition: MultilayerPerceptron.Workspace
    /// `[contexts][pooledSize]` each
    private let pooled, active, pooledGradient: UnsafeMutablePointer<Float>
    let context, contextGradient: UnsafeMutablePointer<Float>
    /// `[rows][pooledSize]`
    private let transitionGradient: UnsafeMutablePointer<Float>
    private let arena: FloatArena

    init(_ encoder: PoolEncoder, contexts: Int, rows: Int) {
      let arena = FloatArena()
      self.arena = arena
      self.encoder = encoder
      transition = MultilayerPerceptron.Workspace(encoder.transition, rows: rows)
      pooled = arena.floats(contexts * encoder.pooledSize)
      active = arena.floats(contexts * encoder.pooledSize)
      pooledGradient = arena.floats(contexts * encoder.pooledSize)
      context = arena.floats(contexts * encoder.contextSize)
      contextGradient = arena.floats(contexts * encoder.contextSize)
      transitionGradient = arena.floats(rows * encoder.pooledSize)
    }

    func forward(_ parameters: UnsafePointer<Float>, _ evidence: UnsafePointer<Float>, counts: [Int]) {
      let size = encoder.pooledSize
      encoder.transition.forward(parameters, evidence, transition, rows: counts.reduce(0, +))
      var embedded = UnsafePointer(transition.output)
      for (index, count) in counts.enumerated() {
        let mean = pooled + index * size
        lk_sum_over_time(count, size, embedded, mean)
        lk_scale(size, 1 / Float(count), mean)
        embedded += count * size
      }
      lk_silu_forward(counts.count * size, pooled, active)
      encoder.head.forward(parameters, active, context, rows: counts.count)
      lk_tanh_forward(counts.count * encoder.contextSize, context, context)
    }

    func backward(
      _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ evidence: UnsafePointer<Float>,
      counts: [Int]
    ) {
      let size = encoder.pooledSize
      lk_tanh_backward(counts.count * encoder.contextSize, context, contextGradient, contextGradient)
      encoder.head.backward(
        parameters, gradients, input: active, outputGradient: contextGradient, inputGradient: pooledGradient,
        rows: counts.count)
      lk_silu_backward(counts.count * size, pooled, pooledGradient, pooledGradient)
      var spread = transitionGradient
      for (index, count) in counts.enumerated() {
        let gradient = pooledGradient + index * size
        lk_scale(size, 1 / Float(count), gradient)
        lk_fill_rows(count, size, gradient, spread)
        spread += count * size
      }
      encoder.transition.backward(
        parameters, gradients, input: evidence, outputGradient: transitionGradient, inputGradient: nil, transition,
        rows: counts.reduce(0, +))
    }
  }
}
