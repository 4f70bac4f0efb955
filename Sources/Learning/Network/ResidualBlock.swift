// The denoiser's building block: two convolutions with normalisation, the embedding added between, a skip around both.

import CLearningKernels
import PlannerRuntime

/// y = mish(GN(conv5(h))) + skip(x) with h = mish(GN(conv5(x))) + W mish(embedding), as in Diffuser (Janner et al.,
/// 2022). Real-time: no.
package struct ResidualBlock: Sendable {
  let first: Convolution
  let firstNorm: NormMish
  let second: Convolution
  let secondNorm: NormMish
  let embedding: Linear
  /// Where the number of channels changes; otherwise the skip is the identity.
  let skip: Convolution?
  package let inputs: Int
  package let outputs: Int
  package let time: Int

  /// What the backward pass needs of one forward pass. `output` is `[time][rows][outputs]`.
  package struct Activations {
    let firstOutput: UnsafeMutablePointer<Float>
    let firstStatistics: UnsafeMutablePointer<Float>
    let hidden: UnsafeMutablePointer<Float>
    let secondOutput: UnsafeMutablePointer<Float>
    let secondStatistics: UnsafeMutablePointer<Float>
    package let output: UnsafeMutablePointer<Float>
  }

  /// Room that all blocks of a network share; nothing in it outlives a call.
  package struct Scratch {
    /// `[rows][outputs]`
    let embedding: UnsafeMutablePointer<Float>
    /// `[rows][embeddingSize]`
    let embeddingGradient: UnsafeMutablePointer<Float>
    /// `[time][rows][outputs]` each, and `[time][rows][max(inputs, outputs)]`
    let outer, inner, wide: UnsafeMutablePointer<Float>
  }

  package init(
    _ store: ParameterStore, _ name: String, _ inputs: Int, _ outputs: Int, embeddingSize: Int, time: Int,
    _ panels: PanelLayout
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.time = time
    first = Convolution(
      store, LayerName.convolution(0, of: name), inputs, outputs, .same(taps: PlannerShape.kernelSize), inputTime: time,
      panels)
    firstNorm = NormMish(store, LayerName.norm(0, of: name), outputs, time: time)
    second = Convolution(
      store, LayerName.convolution(1, of: name), outputs, outputs, .same(taps: PlannerShape.kernelSize),
      inputTime: time, panels)
    secondNorm = NormMish(store, LayerName.norm(1, of: name), outputs, time: time)
    embedding = Linear(store, LayerName.embedding(of: name), embeddingSize, outputs)
    skip =
      inputs == outputs
      ? nil : Convolution(store, LayerName.skip(of: name), inputs, outputs, .same(taps: 1), inputTime: time, panels)
  }

  var convolutions: [Convolution] { [first, second] + (skip.map { [$0] } ?? []) }

  package func makeActivations(_ arena: FloatArena, rows: Int) -> Activations {
    let count = time * rows * outputs
    let statistics = NormMish.statisticsCount(rows: rows)
    return Activations(
      firstOutput: arena.floats(count), firstStatistics: arena.floats(statistics), hidden: arena.floats(count),
      secondOutput: arena.floats(count), secondStatistics: arena.floats(statistics), output: arena.floats(count))
  }

  /// Room for any block of `blocks`.
  package static func makeScratch(for blocks: [ResidualBlock], _ arena: FloatArena, rows: Int) -> Scratch {
    let outputs = blocks.map(\.outputs).max() ?? 0
    let embeddingSize = blocks.map(\.embedding.inputSize).max() ?? 0
    let narrow = blocks.map { $0.time * $0.outputs }.max() ?? 0
    let wide = blocks.map { $0.time * max($0.inputs, $0.outputs) }.max() ?? 0
    return Scratch(
      embedding: arena.floats(rows * outputs), embeddingGradient: arena.floats(rows * embeddingSize),
      outer: arena.floats(narrow * rows), inner: arena.floats(narrow * rows), wide: arena.floats(wide * rows))
  }

  /// `input` is `[time][rows][inputs]`, `mishEmbedding` `[rows][embeddingSize]`; the result is `activations.output`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
    mishEmbedding: UnsafePointer<Float>, _ activations: Activations, _ scratch: Scratch, rows: Int
  ) {
    embedding.forward(parameters, mishEmbedding, scratch.embedding, rows: rows)
    first.forward(parameters, panels, input, activations.firstOutput, rows: rows)
    firstNorm.forward(
      parameters, activations.firstOutput, addend: scratch.embedding, activations.hidden,
      statistics: activations.firstStatistics, rows: rows)
    second.forward(parameters, panels, activations.hidden, activations.secondOutput, rows: rows)
    if let skip { skip.forward(parameters, panels, input, scratch.wide, rows: rows) }
    secondNorm.forward(
      parameters, activations.secondOutput, residual: skip == nil ? input : UnsafePointer(scratch.wide),
      activations.output, statistics: activations.secondStatistics, rows: rows)
  }

  /// Sets the gradients of the parameters and of the input (nil: not needed); adds to `mishEmbeddingGradient`.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    input: UnsafePointer<Float>, mishEmbedding: UnsafePointer<Float>, _ activations: Activations, _ scratch: Scratch,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?,
    mishEmbeddingGradient: UnsafeMutablePointer<Float>, rows: Int
  ) {
    secondNorm.backward(
      parameters, gradients, input: activations.secondOutput, statistics: activations.secondStatistics,
      outputGradient: outputGradient, inputGradient: scratch.outer, rows: rows)
    second.backward(
      panels, gradients, input: activations.hidden, outputGradient: scratch.outer, inputGradient: scratch.inner,
      rows: rows)

    lk_sum_over_time(time, rows * outputs, scratch.inner, scratch.embedding)
    embedding.clear(gradients)
    embedding.backward(
      parameters, gradients, input: mishEmbedding, outputGradient: scratch.embedding,
      inputGradient: scratch.embeddingGradient, rows: rows)
    lk_add(rows * embedding.inputSize, scratch.embeddingGradient, mishEmbeddingGradient)

    firstNorm.backward(
      parameters, gradients, input: activations.firstOutput, statistics: activations.firstStatistics,
      outputGradient: scratch.inner, inputGradient: scratch.inner, rows: rows)
    first.backward(
      panels, gradients, input: input, outputGradient: scratch.inner, inputGradient: inputGradient, rows: rows)

    if let skip {
      skip.backward(
        panels, gradients, input: input, outputGradient: outputGradient,
        inputGradient: inputGradient == nil ? nil : scratch.wide, rows: rows)
    }
    if let inputGradient {
      lk_add(time * rows * inputs, skip == nil ? outputGradient : UnsafePointer(scratch.wide), inputGradient)
    }
  }
}

extension Linear {
  /// Zeroes this layer's gradients, which `backward` adds to.
  func clear(_ gradients: UnsafeMutablePointer<Float>) {
    (gradients + weight.offset).update(repeating: 0, count: weight.count)
    (gradients + bias.offset).update(repeating: 0, count: bias.count)
  }
}
