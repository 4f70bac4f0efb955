// What every residual block is told besides its input: the denoising step and, unless dropped, the context.

import CLearningKernels

/// [MLP(sinusoids of the step), MLP(context) · kept], each `[rows][stepSize]`, and Mish of both. Real-time: no.
struct ConditionEmbedding: Sendable {
  let time: (Linear, Linear)
  let context: (Linear, Linear)
  let stepSize: Int
  var outputSize: Int { 2 * stepSize }

  /// What the backward pass needs; `wide` buffers are `[rows][4 · stepSize]`, `part` `[rows][stepSize]`.
  struct Activations {
    let timeWide, timeHidden, contextWide, contextHidden, wideGradient: UnsafeMutablePointer<Float>
    let part: UnsafeMutablePointer<Float>
    let joined: UnsafeMutablePointer<Float>
  }

  init(_ store: ParameterStore, stepSize: Int, contextSize: Int) {
    self.stepSize = stepSize
    time = (
      Linear(store, "denoiser.time.0", stepSize, 4 * stepSize), Linear(store, "denoiser.time.1", 4 * stepSize, stepSize)
    )
    context = (
      Linear(store, "denoiser.context.0", contextSize, 4 * stepSize),
      Linear(store, "denoiser.context.1", 4 * stepSize, stepSize)
    )
  }

  func makeActivations(_ arena: FloatArena, rows: Int) -> Activations {
    let wide = rows * 4 * stepSize
    return Activations(
      timeWide: arena.floats(wide), timeHidden: arena.floats(wide), contextWide: arena.floats(wide),
      contextHidden: arena.floats(wide), wideGradient: arena.floats(wide), part: arena.floats(rows * stepSize),
      joined: arena.floats(rows * outputSize))
  }

  /// Fills `mishEmbedding`.
  func forward(_ parameters: UnsafePointer<Float>, _ w: TemporalUNetWorkspace) {
    let a = w.condition
    let rows = w.rows
    let wide = rows * 4 * stepSize
    time.0.forward(parameters, w.stepEmbedding, a.timeWide, rows: rows)
    lk_mish_forward(wide, a.timeWide, a.timeHidden)
    time.1.forward(parameters, a.timeHidden, a.part, rows: rows)
    for row in 0..<rows {
      (a.joined + row * outputSize).update(from: a.part + row * stepSize, count: stepSize)
    }
    context.0.forward(parameters, w.context, a.contextWide, rows: rows)
    lk_mish_forward(wide, a.contextWide, a.contextHidden)
    context.1.forward(parameters, a.contextHidden, a.part, rows: rows)
    for row in 0..<rows {
      let target = a.joined + row * outputSize + stepSize
      for i in 0..<stepSize { target[i] = a.part[row * stepSize + i] * w.contextKept[row] }
    }
    lk_mish_forward(rows * outputSize, a.joined, w.mishEmbedding)
  }

  /// From `mishEmbeddingGradient` (used up), sets the gradients of all four layers.
  func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ w: TemporalUNetWorkspace
  ) {
    let a = w.condition
    let rows = w.rows
    let wide = rows * 4 * stepSize
    let joinedGradient = w.mishEmbeddingGradient
    for layer in [time.0, time.1, context.0, context.1] { layer.clear(gradients) }
    lk_mish_backward(rows * outputSize, a.joined, joinedGradient, joinedGradient)

    for row in 0..<rows {
      (a.part + row * stepSize).update(from: joinedGradient + row * outputSize, count: stepSize)
    }
    time.1.backward(
      parameters, gradients, input: a.timeHidden, outputGradient: a.part, inputGradient: a.wideGradient, rows: rows)
    lk_mish_backward(wide, a.timeWide, a.wideGradient, a.wideGradient)
    time.0.backward(
      parameters, gradients, input: w.stepEmbedding, outputGradient: a.wideGradient, inputGradient: nil, rows: rows)

    for row in 0..<rows {
      let source = joinedGradient + row * outputSize + stepSize
      for i in 0..<stepSize { a.part[row * stepSize + i] = source[i] * w.contextKept[row] }
    }
    context.1.backward(
      parameters, gradients, input: a.contextHidden, outputGradient: a.part, inputGradient: a.wideGradient, rows: rows)
    lk_mish_backward(wide, a.contextWide, a.wideGradient, a.wideGradient)
    context.0.backward(
      parameters, gradients, input: w.context, outputGradient: a.wideGradient, inputGradient: nil, rows: rows)
  }
}
