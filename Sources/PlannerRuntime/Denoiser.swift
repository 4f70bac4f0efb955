// The denoiser: a temporal U-Net that predicts a clean plan from a noisy one, its noise level, the context and the
// state.

import CKernels

/// Temporal U-Net of Diffuser (Janner et al., 2022), conditioned on context and current state in every residual block.
///
/// The current state also stands in the plan's first row, as in Diffuser; but there, the norms mix it with the noise of
/// all other rows, and the first action comes out blurred.
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
  private let levels: Int
  private let down: UnsafeMutablePointer<DownLevel>  // [levels]
  private let up: UnsafeMutablePointer<UpLevel>  // [levels − 1], in order of execution
  private let middleFirst: ResidualBlock, middleSecond: ResidualBlock
  private let middleOutput: Feature
  private let headConvolution: Product, headOutput: Product
  private let headNorm: Norm
  private let stepMLP: (Product, Product)
  private let conditionMLP: (Product, Product)
  /// From the activated embeddings of step and condition to the numbers that the blocks add, all blocks side by side.
  private let stepEmbedding: Product, conditionEmbedding: Product

  private let contextSize: Int, observationSize: Int
  private let condition: UnsafeMutablePointer<Float>  // [contextSize + observationSize]
  private let hidden: UnsafeMutablePointer<Float>  // [the wider of the two networks' hidden layers]
  private let embedded: UnsafeMutablePointer<Float>  // [conditionWidths.embedding]
  private let context: UnsafeMutablePointer<Float>  // [contextSize]
  /// The numbers that the blocks add: the steps' share, which depends on the weights alone, the condition's, with the
  /// context and without, and for each place of the workspace the sum that a run there adds.
  private let stepTable: UnsafeMutablePointer<Float>  // [denoisingSteps][columns]
  private let conditioned: UnsafeMutablePointer<Float>  // [columns]
  private let unconditioned: UnsafeMutablePointer<Float>  // [columns]
  private let sums: UnsafeMutablePointer<Float>  // [together][columns]

  /// The noisy plans, `[batch][horizon][rowSize]`.
  package let input: Feature
  /// The clean estimates, same shape. Neither is changed by anything else.
  package let output: Feature

  /// For `batch` plans, at most `together` of them worked on at once, all threads counted.
  package init(_ arena: inout Arena, shape: PlannerShape, batch: Int, together: Int) {
    let channels = shape.channels
    let levels = channels.count
    var width = 0
    func block(_ arena: inout Arena, from input: Int, to output: Int) -> ResidualBlock {
      defer { width += output }
      return ResidualBlock(&arena, from: input, to: output, embeddingOffset: width)
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
    let wide = shape.conditionWidths
    stepMLP = (
      Product(&arena, columns: 4 * embedding, depth: embedding),
      Product(&arena, columns: embedding, depth: 4 * embedding)
    )
    conditionMLP = (
      Product(&arena, columns: wide.hidden, depth: shape.conditionSize),
      Product(&arena, columns: wide.embedding, depth: wide.hidden)
    )
    stepEmbedding = Product(&arena, columns: width, depth: embedding)
    conditionEmbedding = Product(&arena, columns: width, depth: wide.embedding)
    condition = arena.carve(Float.self, shape.conditionSize)
    hidden = arena.carve(Float.self, max(4 * embedding, wide.hidden))
    embedded = arena.carve(Float.self, wide.embedding)
    context = arena.carve(Float.self, shape.contextSize)
    stepTable = arena.carve(Float.self, shape.denoisingSteps * width)
    conditioned = arena.carve(Float.self, width)
    unconditioned = arena.carve(Float.self, width)
    sums = arena.carve(Float.self, together * width)
    steps = shape.denoisingSteps
    contextSize = shape.contextSize
    observationSize = shape.observationSize
    self.levels = levels
  }

  /// Takes the weights and computes all that depends on them alone.
  package func load(_ weights: PlannerWeights, _ kernels: Kernels) {
    for level in 0..<levels {
      down[level].first.load(weights, LayerName.down(level, block: 0))
      down[level].second.load(weights, LayerName.down(level, block: 1))
      down[level].downsample?.load(weights, LayerName.downsample(level))
    }
    middleFirst.load(weights, LayerName.middle(block: 0))
    middleSecond.load(weights, LayerName.middle(block: 1))
    for index in 0..<(levels - 1) {
      up[index].first.load(weights, LayerName.up(index, block: 0))
      up[index].second.load(weights, LayerName.up(index, block: 1))
      loadTransposed(
        even: up[index].even, odd: up[index].odd, weights.weight(LayerName.upsample(index)),
        bias: weights.bias(LayerName.upsample(index)))
    }
    headConvolution.load(weights, LayerName.headConvolution)
    headNorm.load(weights, LayerName.headNorm)
    headOutput.load(weights, LayerName.headOutput)
    stepMLP.0.load(weights, LayerName.perceptron(LayerName.time, 0))
    stepMLP.1.load(weights, LayerName.perceptron(LayerName.time, 1))
    conditionMLP.0.load(weights, LayerName.perceptron(LayerName.condition, 0))
    conditionMLP.1.load(weights, LayerName.perceptron(LayerName.condition, 1))
    let embeddings = LayerName.blocks(levels: levels).map { LayerName.embedding(of: $0) }
    let embedding = embeddings.flatMap { weights.weight($0) }
    let stride = stepEmbedding.depth + conditionEmbedding.depth
    stepEmbedding.load(
      embedding, stride: stride, bias: embeddings.flatMap { weights.bias($0) })
    conditionEmbedding.load(embedding, offset: stepEmbedding.depth, stride: stride)
    fillStepTable(kernels)
  }

  private func fillStepTable(_ kernels: Kernels) {
    let size = stepMLP.0.depth
    let half = size / 2
    var row = [Float](repeating: 0, count: size)
    for step in 0..<steps {
      // Sinusoidal embedding of the step (Vaswani et al., 2017), then its network.
      for index in 0..<half {
        let frequency = ck_exp(-ck_log(10_000) * Float(index) / Float(half - 1))
        row[index] = ck_sin(Float(step) * frequency)
        row[half + index] = ck_cos(Float(step) * frequency)
      }
      stepMLP.0.run(kernels, row, hidden)
      ck_mish(kernels, hidden, stepMLP.0.columns)
      stepMLP.1.run(kernels, hidden, &row)
      ck_mish(kernels, &row, size)
      stepEmbedding.run(kernels, row, stepTable + step * stepEmbedding.columns)
    }
  }

  /// Splits a transposed convolution of 4 taps, stride 2 and padding 1, `[columns][4][columns]`: output 2t takes taps 3
  /// and 1 of inputs t − 1 and t, output 2t + 1 takes taps 2 and 0 of inputs t and t + 1.
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

  /// Takes `context`, `[contextSize]`, for the states to come; must come before the first conditioned run.
  @_noAllocation @_noLocks
  package func setContext(_ context: UnsafePointer<Float>) { ck_copy(self.context, context, contextSize) }

  /// Embeds the current state, `[observationSize]`, normalised units: with the context, without it, or both, as later
  /// runs need. Every plan that those are given must begin with it.
  @_noAllocation @_noLocks
  package func setState(
    _ kernels: Kernels, _ state: UnsafePointer<Float>, conditioned: Bool, unconditioned: Bool
  ) {
    ck_copy(condition + contextSize, state, observationSize)
    if conditioned {
      ck_copy(condition, context, contextSize)
      fill(self.conditioned, kernels)
    }
    if unconditioned {
      for index in 0..<contextSize { condition[index] = 0 }
      fill(self.unconditioned, kernels)
    }
  }

  @_noAllocation @_noLocks
  private func fill(_ row: UnsafeMutablePointer<Float>, _ kernels: Kernels) {
    conditionMLP.0.run(kernels, condition, hidden)
    ck_mish(kernels, hidden, conditionMLP.0.columns)
    conditionMLP.1.run(kernels, hidden, embedded)
    ck_mish(kernels, embedded, conditionMLP.1.columns)
    conditionEmbedding.run(kernels, embedded, row)
  }

  /// `output` = the clean estimates of `input`, all of noise level `step`, for the `batch` plans from `first` on, with
  /// as many plans of the workspace from `slot` on. Threads may run disjoint ones at once; how plans are grouped
  /// changes no bit of the results.
  @_noAllocation @_noLocks
  package func run(
    _ kernels: Kernels, step: Int, conditioned useContext: Bool, from first: Int = 0, slot: Int = 0, batch: Int
  ) {
    let columns = stepEmbedding.columns
    let (ofStep, ofCondition) = (stepTable + step * columns, useContext ? conditioned : unconditioned)
    let sum = sums + slot * columns
    for column in 0..<columns { sum[column] = ofStep[column] + ofCondition[column] }
    let row = UnsafePointer(sum)
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
