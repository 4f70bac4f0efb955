// The denoiser: a U-Net over time whose residual blocks see the denoising step, the context and the current state.

import CLearningKernels
import PlannerRuntime

/// Predicts the clean sample from a noisy one, its step and the context; architecture of Diffuser (Janner et al., 2022)
/// with an embedding of context and current state beside the time embedding. Samples are `[horizon][rows][rowSize]`.
/// Real-time: no.
package struct Denoiser: Sendable {
  struct DownLevel {
    let first: ResidualBlock
    let second: ResidualBlock
    let downsample: Convolution?
  }
  struct UpLevel {
    let first: ResidualBlock
    let second: ResidualBlock
    let upsample: Convolution
  }

  package let shape: PlannerShape
  let embedding: ConditionEmbedding
  let down: [DownLevel]
  let middle: [ResidualBlock]
  let up: [UpLevel]
  let headConvolution: Convolution
  let headNorm: NormMish
  let headOutput: Convolution
  /// All residual blocks in order of execution.
  let blocks: [ResidualBlock]
  private let convolutions: [Convolution]
  /// Floats of the buffer that `pack` fills.
  package let panelCount: Int

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    let panels = PanelLayout()
    let channels = shape.channels
    let last = channels.count - 1
    precondition(shape.defect == nil, "sizes are checked where they come from")
    self.shape = shape
    let embedding = ConditionEmbedding(store, shape)
    func block(_ name: String, _ inputs: Int, _ outputs: Int, _ time: Int) -> ResidualBlock {
      ResidualBlock(store, name, inputs, outputs, embeddingSize: embedding.outputSize, time: time, panels)
    }
    self.embedding = embedding
    down = channels.indices.map { i in
      let time = shape.horizon >> i
      return DownLevel(
        first: block(LayerName.down(i, block: 0), i == 0 ? shape.rowSize : channels[i - 1], channels[i], time),
        second: block(LayerName.down(i, block: 1), channels[i], channels[i], time),
        downsample: i == last
          ? nil
          : Convolution(
            store, LayerName.downsample(i), channels[i], channels[i], .downsampling, inputTime: time, panels))
    }
    middle = (0..<2).map { block(LayerName.middle(block: $0), channels[last], channels[last], shape.horizon >> last) }
    up = (0..<last).map { j in
      let i = last - j
      let time = shape.horizon >> i
      return UpLevel(
        first: block(LayerName.up(j, block: 0), 2 * channels[i], channels[i - 1], time),
        second: block(LayerName.up(j, block: 1), channels[i - 1], channels[i - 1], time),
        upsample: Convolution(
          store, LayerName.upsample(j), channels[i - 1], channels[i - 1], .upsampling, inputTime: time, panels))
    }
    headConvolution = Convolution(
      store, LayerName.headConvolution, channels[0], channels[0], .same(taps: PlannerShape.kernelSize),
      inputTime: shape.horizon, panels)
    headNorm = NormMish(store, LayerName.headNorm, channels[0], time: shape.horizon)
    headOutput = Convolution(
      store, LayerName.headOutput, channels[0], shape.rowSize, .same(taps: 1), inputTime: shape.horizon, panels)
    blocks = down.flatMap { [$0.first, $0.second] } + middle + up.flatMap { [$0.first, $0.second] }
    convolutions =
      blocks.flatMap(\.convolutions) + down.compactMap(\.downsample) + up.map(\.upsample) + [
        headConvolution, headOutput,
      ]
    panelCount = panels.count
  }

  /// Packs the convolutions whose weights start within `range` of the parameters.
  package func pack(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafeMutablePointer<Float>, within range: Range<Int>
  ) {
    for convolution in convolutions where range.contains(convolution.weight.offset) {
      convolution.pack(parameters, panels)
    }
  }

  /// Reads `workspace.sample`, `.stepEmbedding`, `.context`, `.contextKept`; writes `workspace.estimate`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, _ workspace: DenoiserWorkspace
  ) {
    let w = workspace
    let rows = w.rows
    embedding.forward(parameters, w)
    var x = UnsafePointer(w.sample)
    var next = 0
    func run(_ block: ResidualBlock) {
      block.forward(
        parameters, panels, x, mishEmbedding: w.mishEmbedding, w.blocks[next], w.scratch, rows: rows)
      x = UnsafePointer(w.blocks[next].output)
      next += 1
    }
    for (i, level) in down.enumerated() {
      run(level.first)
      run(level.second)
      if let downsample = level.downsample {
        downsample.forward(parameters, panels, x, w.downsampled[i], rows: rows)
        x = UnsafePointer(w.downsampled[i])
      }
    }
    middle.forEach(run)
    for (j, level) in up.enumerated() {
      let width = level.first.inputs / 2
      let skip = w.blocks[2 * (up.count - j) + 1].output
      joinColumns(x, skip, w.joined[j], rows: level.first.time * rows, width: width)
      x = UnsafePointer(w.joined[j])
      run(level.first)
      run(level.second)
      level.upsample.forward(parameters, panels, x, w.upsampled[j], rows: rows)
      x = UnsafePointer(w.upsampled[j])
    }
    headConvolution.forward(parameters, panels, x, w.headConvolved, rows: rows)
    headNorm.forward(parameters, w.headConvolved, w.headHidden, statistics: w.headStatistics, rows: rows)
    headOutput.forward(parameters, panels, w.headHidden, w.estimate, rows: rows)
  }

  /// From `workspace.estimateGradient`, sets all parameters' gradients; `forward` came before with the same parameters.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    _ workspace: DenoiserWorkspace
  ) {
    let w = workspace
    let rows = w.rows
    // The gradient travels from one of two buffers to the other.
    var (here, there) = w.travelling
    func swapBuffers() { (here, there) = (there, here) }
    func run(_ block: ResidualBlock, _ index: Int, _ input: UnsafePointer<Float>, wantsInputGradient: Bool = true) {
      block.backward(
        parameters, panels, gradients, input: input, mishEmbedding: w.mishEmbedding, w.blocks[index], w.scratch,
        outputGradient: here, inputGradient: wantsInputGradient ? there : nil,
        mishEmbeddingGradient: w.mishEmbeddingGradient, rows: rows)
      swapBuffers()
    }
    w.mishEmbeddingGradient.update(repeating: 0, count: rows * embedding.outputSize)

    headOutput.backward(
      panels, gradients, input: w.headHidden, outputGradient: w.estimateGradient, inputGradient: here, rows: rows)
    headNorm.backward(
      parameters, gradients, input: w.headConvolved, statistics: w.headStatistics, outputGradient: here,
      inputGradient: here, rows: rows)
    headConvolution.backward(
      panels, gradients, input: w.upsampled.last ?? w.blocks[w.blocks.count - 1].output, outputGradient: here,
      inputGradient: there, rows: rows)
    swapBuffers()
    for (j, level) in up.enumerated().reversed() {
      let index = 2 * down.count + 2 + 2 * j
      level.upsample.backward(
        panels, gradients, input: w.blocks[index + 1].output, outputGradient: here, inputGradient: there,
        rows: rows)
      swapBuffers()
      run(level.second, index + 1, w.blocks[index].output)
      run(level.first, index, w.joined[j])
      splitColumns(
        here, there, w.skipGradients[j], rows: level.first.time * rows, width: level.first.inputs / 2)
      swapBuffers()
    }
    for (m, block) in middle.enumerated().reversed() {
      run(block, 2 * down.count + m, w.blocks[2 * down.count + m - 1].output)
    }
    for (i, level) in down.enumerated().reversed() {
      if let downsample = level.downsample {
        downsample.backward(
          panels, gradients, input: w.blocks[2 * i + 1].output, outputGradient: here, inputGradient: there,
          rows: rows)
        swapBuffers()
      }
      // Level i's output also went across to the way up, but for level 0.
      if i > 0 {
        lk_add(level.second.time * rows * level.second.outputs, w.skipGradients[down.count - 1 - i], here)
      }
      run(level.second, 2 * i + 1, w.blocks[2 * i].output)
      run(level.first, 2 * i, i == 0 ? w.sample : w.downsampled[i - 1], wantsInputGradient: i > 0)
    }
    embedding.backward(parameters, gradients, w)
  }
}

/// output[row] = left[row] then right[row], each of `width` floats.
private func joinColumns(
  _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, rows: Int,
  width: Int
) {
  for row in 0..<rows {
    (output + 2 * row * width).update(from: left + row * width, count: width)
    (output + (2 * row + 1) * width).update(from: right + row * width, count: width)
  }
}

/// The reverse of `joinColumns`.
private func splitColumns(
  _ input: UnsafePointer<Float>, _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, rows: Int,
  width: Int
) {
  for row in 0..<rows {
    (left + row * width).update(from: input + 2 * row * width, count: width)
    (right + row * width).update(from: input + (2 * row + 1) * width, count: width)
  }
}
