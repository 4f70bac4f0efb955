// The denoiser's building block: two convolutions, each with group norm and Mish, the embedding in between, a skip
// around.

import CKernels

/// y = Mish(GN(conv(Mish(GN(conv(x))) + e))) + skip(x), with e the embedding of noise level, context and state.
///
/// The residual temporal block of Diffuser (Janner et al., 2022).
struct ResidualBlock {
  private let first: Product, second: Product
  private let firstNorm: Norm, secondNorm: Norm
  private let skip: Product?
  /// Where the numbers added between this block's convolutions lie in a row of the embedding table.
  private let embeddingOffset: Int

  init(_ arena: inout Arena, from input: Int, to output: Int, embeddingOffset: Int) {
    first = Product(&arena, columns: output, depth: PlannerShape.kernelSize * input)
    firstNorm = Norm(&arena, channels: output)
    second = Product(&arena, columns: output, depth: PlannerShape.kernelSize * output)
    secondNorm = Norm(&arena, channels: output)
    skip = input == output ? nil : Product(&arena, columns: output, depth: input)
    self.embeddingOffset = embeddingOffset
  }

  func load(_ weights: PlannerWeights, _ name: String) {
    first.load(weights, LayerName.convolution(0, of: name))
    firstNorm.load(weights, LayerName.norm(0, of: name))
    second.load(weights, LayerName.convolution(1, of: name))
    secondNorm.load(weights, LayerName.norm(1, of: name))
    skip?.load(weights, LayerName.skip(of: name))
  }

  /// `input`, `hidden` and `output` are three different features of equal length.
  @_noAllocation @_noLocks
  func run(
    _ kernels: Kernels, _ input: Feature, hidden: Feature, output: Feature, embeddingRow: UnsafePointer<Float>,
    batch: Int
  ) {
    let times = input.times
    first.convolve(kernels, input, from: -Feature.padding, hidden.rows(), batch: batch, times: times)
    firstNorm.run(kernels, hidden, add: embeddingRow + embeddingOffset, residual: nil, batch: batch)
    second.convolve(kernels, hidden, from: -Feature.padding, output.rows(), batch: batch, times: times)
    if let skip {
      skip.run(kernels, input.rows(), hidden.rows(), batch: batch, times: times)
      secondNorm.run(kernels, output, add: nil, residual: hidden, batch: batch)
    } else {
      secondNorm.run(kernels, output, add: nil, residual: input, batch: batch)
    }
  }
}

/// Group norm followed by Mish, in place.
struct Norm {
  private let channels: Int
  private let scale: UnsafeMutablePointer<Float>  // [channels]
  private let shift: UnsafeMutablePointer<Float>  // [channels]

  init(_ arena: inout Arena, channels: Int) {
    self.channels = channels
    scale = arena.carve(Float.self, channels)
    shift = arena.carve(Float.self, channels)
  }

  func load(_ weights: PlannerWeights, _ name: String) {
    for (index, value) in weights.weight(name).enumerated() { scale[index] = Float(value) }
    for (index, value) in weights.bias(name).enumerated() { shift[index] = Float(value) }
  }

  @_noAllocation @_noLocks
  func run(_ kernels: Kernels, _ x: Feature, add: UnsafePointer<Float>?, residual: Feature?, batch: Int) {
    let residualRows = residual?.rows() ?? ck_rows(base: nil, time_stride: 0, batch_stride: 0)
    ck_group_norm_mish(
      kernels, x.rows(), batch, x.times, channels, PlannerShape.normGroups, scale, shift, add, residualRows)
  }
}
