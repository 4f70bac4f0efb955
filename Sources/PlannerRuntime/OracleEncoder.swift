// The context of an oracle: from the parameters of the task, which no robot knows.

import CKernels

/// The oracle: z = tanh(W · parameters + b), parameters normalised.
struct OracleEncoder {
  private let output: Product
  private let scale: ChannelScale
  private let normalised: UnsafeMutablePointer<Float>  // [parameterCount]

  init(_ arena: inout Arena, shape: PlannerShape) {
    output = Product(&arena, columns: shape.contextSize, depth: shape.parameterCount)
    scale = ChannelScale(&arena, count: shape.parameterCount)
    normalised = arena.carve(Float.self, shape.parameterCount)
  }

  func load(_ weights: PlannerWeights) {
    output.load(weights, LayerName.encoderOutput)
    scale.load(mean: weights.statistics.parameterMean, std: weights.statistics.parameterStd)
  }

  @_noAllocation @_noLocks
  func infer(_ kernels: Kernels, _ parameters: UnsafePointer<Float>, _ context: UnsafeMutablePointer<Float>) {
    for index in 0..<output.depth { normalised[index] = scale.normalised(parameters[index], index) }
    output.run(kernels, normalised, context)
    for index in 0..<output.columns { context[index] = ck_tanh(context[index]) }
  }
}
