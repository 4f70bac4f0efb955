// Group normalisation followed by Mish, one layer because the denoiser never uses one without the other.

import CLearningKernels
import PlannerRuntime

/// y = mish(GN(x)) over `[time][rows][channels]`, 8 groups, ε 1e-5 (Wu and He, 2018; Misra, 2019). Real-time: no.
package struct NormMish: Sendable {
  static var groups: Int { PlannerShape.normGroups }
  let gamma: Slot
  let beta: Slot
  package let channels: Int
  package let time: Int

  /// Floats of statistics that the backward pass needs from the forward pass.
  package static func statisticsCount(rows: Int) -> Int { rows * groups * 2 }

  package init(_ store: ParameterStore, _ name: String, _ channels: Int, time: Int) {
    gamma = store.add(LayerName.weight(name), shape: [channels], initial: .constant(1))
    beta = store.add(LayerName.bias(name), shape: [channels], initial: .constant(0))
    self.channels = channels
    self.time = time
  }

  /// output = mish(GN(input)) + addend (per row and channel) + residual (like the output).
  package func forward(
    _ parameters: UnsafePointer<Float>, _ input: UnsafePointer<Float>, addend: UnsafePointer<Float>? = nil,
    residual: UnsafePointer<Float>? = nil, _ output: UnsafeMutablePointer<Float>,
    statistics: UnsafeMutablePointer<Float>, rows: Int
  ) {
    lk_norm_mish_forward(
      time, rows, channels, Self.groups, input, parameters + gamma.offset, parameters + beta.offset, addend, residual,
      output, statistics)
  }

  /// Sets the gradients of gamma and beta and that of the input, which may be `outputGradient` itself.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>,
    statistics: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>, rows: Int
  ) {
    lk_norm_mish_backward(
      time, rows, channels, Self.groups, input, parameters + gamma.offset, parameters + beta.offset, statistics,
      outputGradient, inputGradient, gradients + gamma.offset, gradients + beta.offset)
  }
}
