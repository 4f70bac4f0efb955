// The oracle's encoder: the true parameters of the task made into a context. What a perfect encoder could know at most.

import CLearningKernels
import PlannerRuntime

/// z = tanh(W p + b), one row of parameters p a context. Real-time: no.
package struct OracleEncoder: ContextEncoder {
  let head: Linear

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    head = Linear(store, LayerName.encoderOutput, shape.parameterCount, shape.contextSize)
  }

  package func makePass(contexts: Int, rows: Int) -> any EncoderPass { Pass(self, contexts: contexts) }

  final class Pass: EncoderPass {
    let context, contextGradient: UnsafeMutablePointer<Float>
    private let encoder: OracleEncoder
    private let arena = FloatArena()

    init(_ encoder: OracleEncoder, contexts: Int) {
      self.encoder = encoder
      context = arena.floats(contexts * encoder.head.outputSize)
      contextGradient = arena.floats(contexts * encoder.head.outputSize)
    }

    func forward(_ parameters: UnsafePointer<Float>, _ evidence: UnsafePointer<Float>, counts: [Int]) {
      encoder.head.forward(parameters, evidence, context, rows: counts.count)
      lk_tanh_forward(counts.count * encoder.head.outputSize, context, context)
    }

    func backward(
      _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ evidence: UnsafePointer<Float>,
      counts: [Int]
    ) {
      lk_tanh_backward(counts.count * encoder.head.outputSize, context, contextGradient, contextGradient)
      encoder.head.backward(
        parameters, gradients, input: evidence, outputGradient: contextGradient, inputGradient: nil, rows: counts.count)
    }
  }
}
