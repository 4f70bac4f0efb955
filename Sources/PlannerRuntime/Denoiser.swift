// The denoiser: a temporal U-Net that predicts a clean plan from a noisy one, its noise level and the context.

import CKernels

/// Temporal U-Net of Diffuser (Janner et al., 2022), conditioned on the context in every residual block.
package struct Denoiser {
  /// One resolution on the way down. The skip to the way up is `output`.
  private struct DownLevel {
    let hidden: Feature, middle: Feature, output: Feature
    let first: ResidualBlock, second: ResidualBlock
    /// To the next level's input, and that; nil at the coarsest.
    let downsample: Product?
    let next: Feature?

    @_noAllocation @_noLocks
    func dropping(_ plans: Int) -> DownLevel {
      DownLevel(
        hidden: hidden.dropping(plans), middle: middle.dropping(plans), output: output.dropping(plans), first: first,
        second: second, downsample: downsample, next: next?.dropping(plans))
    }
  }

  /// One resolution on the way up.
  private struct UpLevel {
    /// What comes from below, then the skip: `[times][2 · channels]`.
    let joined: Feature
    let hidden: Feature, middle: Feature, output: Feature
    let first: ResidualBlock, second: ResidualBlock
    /// The transposed convolution, as one product for the even and one for the odd times of its output.
    let even: Product, odd: Product

    @_noAllocation @_noLocks
    func dropping(_ plans: Int) -> UpLevel {
      UpLevel(
        joined: joined.dropping(plans), hidden: hidden.dropping(plans), middle: middle.dropping(plans),
        output: output.dropping(plans), first: first, second: second, even: even, odd: odd)
    }
  }

  private let steps: Int
  private let embeddingSize: Int
  private let levels: Int
  private let down: UnsafeMutablePointer<DownLevel>  // [levels]
  private let up: UnsafeMutablePointer<UpLevel>  // [levels − 1], in order of execution
  private let middleFirst: ResidualBlock, middleSecond: ResidualBlock
  private let middleOutput: Feature
  private let headConvolution: Product, headOutput: Product
  private let headNorm: Norm
  private let contextMLP: (Product, Product)
  private let timeMLP: (Product, Product)

  /// Numbers in a row of the embedding table: the blocks' outputs, added up.
  private let tableWidth: Int
  private let timeEmbedding: UnsafeMutablePointer<Float>  // [denoisingSteps][embeddingSize]
  private let embeddingRows: UnsafeMutablePointer<Float>  // [denoisingSteps][2 · embeddingSize]
  private let contextHidden: UnsafeMutablePointer<Float>  // [4 · embeddingSize]
  private let conditioned: UnsafeMutablePointer<Float>  // [denoisingSteps][tableWidth]
  private let unconditioned: UnsafeMutablePointer<Float>  // [denoisingSteps][tableWidth]

  /// The noisy plans, `[batch][horizon][rowSize]`.
  package let input: Feature
  /// The clean estimates, same shape. Neither is changed by anything else.
  package let output: Feature

  /// For `batch` plans, of which at most `together` are worked on at once, all threads counted.
  package init(_ arena: inout Arena, shape: PlannerShape, batch: Int, together: Int) {
    let channels = shape.channels
    let levels = channels.count
    var width = 0
    func block(_ arena: inout Arena, from input: Int, to output: Int) -> ResidualBlock {
      defer { width += output }
      return ResidualBlock(
        &arena, from: input, to: output, embeddingSize: 2 * shape.embeddingSize, embeddingOffset: width)
    }
    down = arena.carve(DownLevel.self, levels)
    up = arena.carve(UpLevel.self, levels - 1)
    input = Feature(&arena, batch: batch, times: shape.horizon, channels: shape.rowSize)
    output = Feature(&arena, batch: batch, times: shape.horizon, channels: shape.rowSize)
    var inputChannels = shape.rowSize
    var times = shape.horizon
    for level in 0..<levels {
      let size = channels[level]
      let isCoarsest = level == levels - 1
      func feature(_ arena: inout Arena) -> Feature {
        Feature(&arena, batch: together, times: times, channels: size)
      }
      let made = DownLevel(
        hidden: feature(&arena), middle: feature(&arena), output: feature(&arena),
        first: block(&arena, from: inputChannels, to: size), second: block(&arena, from: size, to: size),
        downsample: isCoarsest ? nil : Product(&arena, columns: size, depth: 3 * size),
        next: isCoarsest ? nil : Feature(&arena, batch: together, times: times / 2, channels: size))
      if !arena.isMeasuring { (down + level).initialize(to: made) }
      inputChannels = size
      if !isCoarsest { times /= 2 }
    }
    middleFirst = block(&arena, from: inputChannels, to: inputChannels)
    middleSecond = block(&arena, from: inputChannels, to: inputChannels)
    middleOutput = Feature(&arena, batch: together, times: times, channels: inputChannels)
    for index in 0..<(levels - 1) {
      let level = levels - 1 - index
      let size = channels[level - 1]
      func feature(_ arena: inout Arena) -> Feature {
        Feature(&arena, batch: together, times: times, channels: size)
      }
      let made = UpLevel(
        joined: Feature(&arena, batch: together, times: times, channels: 2 * channels[level]),
        hidden: feature(&arena), middle: feature(&arena), output: feature(&arena),
        first: block(&arena, from: 2 * channels[level], to: size), second: block(&arena, from: size, to: size),
        even: Product(&arena, columns: size, depth: 2 * size), odd: Product(&arena, columns: size, depth: 2 * size))
      if !arena.isMeasuring { (up + index).initialize(to: made) }
      times *= 2
    }
    headConvolution = Product(&arena, columns: channels[0], depth: PlannerShape.kernelSize * channels[0])
    headNorm = Norm(&arena, channels: channels[0])
    headOutput = Product(&arena, columns: shape.rowSize, depth: channels[0])

    let embedding = shape.embeddingSize
    timeMLP = (
      Product(&arena, columns: 4 * embedding, depth: embedding),
      Product(&arena, columns: embedding, depth: 4 * embedding)
    )
    contextMLP = (
      Product(&arena, columns: 4 * embedding, depth: shape.contextSize),
      Product(&arena, columns: embedding, depth: 4 * embedding)
    )
    timeEmbedding = arena.carve(Float.self, shape.denoisingSteps * embedding)
    embeddingRows = arena.carve(Float.self, shape.denoisingSteps * 2 * embedding)
    contextHidden = arena.carve(Float.self, 4 * embedding)
    conditioned = arena.carve(Float.self, shape.denoisingSteps * width)
    unconditioned = arena.carve(Float.self, shape.denoisingSteps * width)
    tableWidth = width
    steps = shape.denoisingSteps
    embeddingSize = shape.embeddingSize
    self.levels = levels
  }

  /// Takes the weights and computes all that depends on them alone.
  package func load(_ weights: PlannerWeights, _ kernels: Kernels) {
    func load(_ product: Product, _ name: String) {
      product.load(weights("denoiser.\(name).weight"), bias: weights("denoiser.\(name).bias"))
    }
    for level in 0..<levels {
      down[level].first.load(weights, "denoiser.down.\(level).block.0")
      down[level].second.load(weights, "denoiser.down.\(level).block.1")
      if let downsample = down[level].downsample { load(downsample, "down.\(level).downsample") }
    }
    middleFirst.load(weights, "denoiser.middle.block.0")
    middleSecond.load(weights, "denoiser.middle.block.1")
    for index in 0..<(levels - 1) {
      up[index].first.load(weights, "denoiser.up.\(index).block.0")
      up[index].second.load(weights, "denoiser.up.\(index).block.1")
      loadTransposed(
        even: up[index].even, odd: up[index].odd, weights("denoiser.up.\(index).upsample.weight"),
        bias: weights("denoiser.up.\(index).upsample.bias"))
    }
    load(headConvolution, "head.convolution")
    headNorm.load(weights, "denoiser.head.norm")
    load(headOutput, "head.output")
    load(timeMLP.0, "time.0")
    load(timeMLP.1, "time.1")
    load(contextMLP.0, "context.0")
    load(contextMLP.1, "context.1")

    // Sinusoidal embedding of the step (Vaswani et al., 2017), then its MLP.
    let size = embeddingSize
    let half = size / 2
    for step in 0..<steps {
      let row = timeEmbedding + step * size
      for index in 0..<half {
        let frequency = ck_exp(-ck_log(10_000) * Float(index) / Float(half - 1))
        row[index] = ck_sin(Float(step) * frequency)
        row[half + index] = ck_cos(Float(step) * frequency)
      }
      timeMLP.0.run(kernels, row, contextHidden)
      ck_mish(kernels, contextHidden, 4 * size)
      timeMLP.1.run(kernels, contextHidden, row)
    }
    fillTable(unconditioned, kernels, context: nil)
  }

  /// Splits a transposed convolution of 4 taps, stride 2 and padding 1, `[columns][4][columns]`: output 2t takes taps 3 and
  /// 1 of inputs t − 1 and t, output 2t + 1 takes taps 2 and 0 of inputs t and t + 1.
  private func loadTransposed(even: Product, odd: Product, _ weights: [Float16], bias: [Float16]) {
    let size = even.columns
    func taps(_ first: Int, _ second: Int) -> [Float16] {
      var picked: [Float16] = []
      for column in 0..<size {
        for tap in [first, second] {
          let start = (column * 4 + tap) * size
          picked += weights[start..<(start + size)]
        }
      }
      return picked
    }
    even.load(taps(3, 1), bias: bias)
    odd.load(taps(2, 0), bias: bias)
  }

  /// Embeds `context`, `[contextSize]`, for every step; must come before the first conditioned run.
  @_noAllocation @_noLocks
  package func setContext(_ kernels: Kernels, _ context: UnsafePointer<Float>) {
    fillTable(conditioned, kernels, context: context)
  }

  @_noAllocation @_noLocks
  private func fillTable(_ table: UnsafeMutablePointer<Float>, _ kernels: Kernels, context: UnsafePointer<Float>?) {
    let size = embeddingSize
    if let context {
      contextMLP.0.run(kernels, context, contextHidden)
      ck_mish(kernels, contextHidden, 4 * size)
      contextMLP.1.run(kernels, contextHidden, embeddingRows + size)
    } else {
      for index in size..<(2 * size) { embeddingRows[index] = 0 }
    }
    for step in 0..<steps {
      let row = embeddingRows + step * 2 * size
      ck_copy(row, timeEmbedding + step * size, size)
      if step > 0 { ck_copy(row + size, embeddingRows + size, size) }
    }
    ck_mish(kernels, embeddingRows, steps * 2 * size)
    for level in 0..<levels {
      embed(down[level].first, table, kernels)
      embed(down[level].second, table, kernels)
    }
    embed(middleFirst, table, kernels)
    embed(middleSecond, table, kernels)
    for index in 0..<(levels - 1) {
      embed(up[index].first, table, kernels)
      embed(up[index].second, table, kernels)
    }
  }

  @_noAllocation @_noLocks
  private func embed(_ block: ResidualBlock, _ table: UnsafeMutablePointer<Float>, _ kernels: Kernels) {
    let size = 2 * embeddingSize
    block.embedding.run(
      kernels, ck_rows(base: embeddingRows, time_stride: size, batch_stride: 0),
      ck_rows(base: table + block.embeddingOffset, time_stride: tableWidth, batch_stride: 0),
      batch: 1, times: steps)
  }

  /// `output` = the clean estimates of `input`, all of noise level `step`, for the `batch` plans from `first` on, with as
  /// many plans of the workspace from `slot` on. Threads may run disjoint ones at once; how plans are grouped changes no bit of
  /// the results.
  @_noAllocation @_noLocks
  package func run(
    _ kernels: Kernels, step: Int, conditioned useContext: Bool, from first: Int = 0, slot: Int = 0, batch: Int
  ) {
    let row = UnsafePointer((useContext ? conditioned : unconditioned) + step * tableWidth)
    var entry = input.dropping(first)
    for index in 0..<levels {
      let level = down[index].dropping(slot)
      level.first.run(kernels, entry, hidden: level.hidden, output: level.middle, embeddingRow: row, batch: batch)
      level.second.run(
        kernels, level.middle, hidden: level.hidden, output: level.output, embeddingRow: row, batch: batch)
      if let downsample = level.downsample, let next = level.next {
        downsample.convolve(kernels, level.output, from: -1, step: 2, next.rows(), batch: batch, times: next.times)
        entry = next
      }
    }
    let coarsest = down[levels - 1].dropping(slot)
    let middle = middleOutput.dropping(slot)
    middleFirst.run(
      kernels, coarsest.output, hidden: coarsest.hidden, output: coarsest.middle, embeddingRow: row, batch: batch)
    middleSecond.run(
      kernels, coarsest.middle, hidden: coarsest.hidden, output: middle, embeddingRow: row, batch: batch)
    let finest = down[0].dropping(slot)
    if levels > 1 { copy(middle, to: up[0].joined.dropping(slot), channel: 0, batch: batch) }
    for index in 0..<(levels - 1) {
      let level = up[index].dropping(slot)
      let skip = down[levels - 1 - index].output.dropping(slot)
      copy(skip, to: level.joined, channel: level.joined.channels / 2, batch: batch)
      level.first.run(
        kernels, level.joined, hidden: level.hidden, output: level.middle, embeddingRow: row, batch: batch)
      level.second.run(
        kernels, level.middle, hidden: level.hidden, output: level.output, embeddingRow: row, batch: batch)
      // Upsampled rows go straight to the first half of the next level's input, or to the head's.
      let next = index + 1 < levels - 1 ? up[index + 1].joined.dropping(slot) : finest.middle
      level.even.convolve(
        kernels, level.output, from: -1, next.rows(from: 0, step: 2), batch: batch, times: level.output.times)
      level.odd.convolve(
        kernels, level.output, from: 0, next.rows(from: 1, step: 2), batch: batch, times: level.output.times)
    }
    let top = levels > 1 ? finest.middle : middle
    let hidden = finest.hidden
    headConvolution.convolve(kernels, top, from: -Feature.padding, hidden.rows(), batch: batch, times: top.times)
    headNorm.run(kernels, hidden, add: nil, residual: nil, batch: batch)
    headOutput.run(kernels, hidden.rows(), output.dropping(first).rows(), batch: batch, times: top.times)
  }

  @_noAllocation @_noLocks
  private func copy(_ source: Feature, to target: Feature, channel: Int, batch: Int) {
    for index in 0..<batch {
      for time in 0..<source.times {
        ck_copy(target.row(index, time) + channel, source.row(index, time), source.channels)
      }
    }
  }
}
