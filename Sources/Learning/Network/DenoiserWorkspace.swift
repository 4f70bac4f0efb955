// Everything a forward and backward pass of the denoiser needs beside the parameters, allocated once for a batch size.

/// Inputs, activations and scratch of `Denoiser` for a fixed number of rows. One thread at a time. Real-time: no.
package final class DenoiserWorkspace {
  package let rows: Int
  /// `[horizon][rows][rowSize]`: the noisy sample; the first state is the current one, without noise.
  package let sample: UnsafeMutablePointer<Float>
  /// `[rows][embeddingSize]`: rows of `stepEmbeddings`.
  package let stepEmbedding: UnsafeMutablePointer<Float>
  /// `[rows][contextSize]`
  package let context: UnsafeMutablePointer<Float>
  /// `[rows]`: 1, or 0 where the context is dropped.
  package let contextKept: UnsafeMutablePointer<Float>
  /// `[horizon][rows][rowSize]`: the clean sample as predicted.
  package let estimate: UnsafeMutablePointer<Float>
  /// `[horizon][rows][rowSize]`: set by the caller before `backward`.
  package let estimateGradient: UnsafeMutablePointer<Float>

  let condition: ConditionEmbedding.Workspace
  /// `[rows][embedding.outputSize]`
  let mishEmbedding: UnsafeMutablePointer<Float>
  let mishEmbeddingGradient: UnsafeMutablePointer<Float>
  let blocks: [ResidualBlock.Activations]
  let downsampled: [UnsafeMutablePointer<Float>]
  let joined: [UnsafeMutablePointer<Float>]
  let upsampled: [UnsafeMutablePointer<Float>]
  let headConvolved: UnsafeMutablePointer<Float>
  let headHidden: UnsafeMutablePointer<Float>
  let headStatistics: UnsafeMutablePointer<Float>
  let scratch: ResidualBlock.Scratch
  let skipGradients: [UnsafeMutablePointer<Float>]
  let travelling: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  private let arena: FloatArena

  package init(_ network: Denoiser, rows: Int) {
    let arena = FloatArena()
    let shape = network.shape
    let sampleCount = shape.horizon * rows * shape.rowSize
    let headCount = shape.horizon * rows * shape.channels[0]
    self.rows = rows
    self.arena = arena
    sample = arena.floats(sampleCount)
    stepEmbedding = arena.floats(rows * shape.embeddingSize)
    context = arena.floats(rows * shape.contextSize)
    contextKept = arena.floats(rows)
    estimate = arena.floats(sampleCount)
    estimateGradient = arena.floats(sampleCount)
    condition = network.embedding.makeWorkspace(arena, rows: rows)
    mishEmbedding = arena.floats(rows * network.embedding.outputSize)
    mishEmbeddingGradient = arena.floats(rows * network.embedding.outputSize)
    blocks = network.blocks.map { $0.makeActivations(arena, rows: rows) }
    downsampled = network.down.compactMap(\.downsample).map { arena.floats($0.outputTime * rows * $0.outputs) }
    joined = network.up.map { arena.floats($0.first.time * rows * $0.first.inputs) }
    upsampled = network.up.map { arena.floats($0.upsample.outputTime * rows * $0.upsample.outputs) }
    headConvolved = arena.floats(headCount)
    headHidden = arena.floats(headCount)
    headStatistics = arena.floats(NormMish.statisticsCount(rows: rows))
    scratch = ResidualBlock.makeScratch(for: network.blocks, arena, rows: rows)
    skipGradients = network.up.map { arena.floats($0.first.time * rows * $0.first.inputs / 2) }
    let widest = network.blocks.map { $0.time * max($0.inputs, $0.outputs) }.max()! * rows
    travelling = (arena.floats(widest), arena.floats(widest))
  }
}
