// What a planner is made of, in the order in which the arena holds it.

import CKernels

/// Mean and spread of each channel.
struct ChannelScale {
  private let mean: UnsafeMutablePointer<Float>
  private let std: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, count: Int) {
    mean = arena.carve(Float.self, count)
    std = arena.carve(Float.self, count)
  }

  func load(mean means: [Float], std stds: [Float]) {
    for (index, value) in means.enumerated() { mean[index] = value }
    for (index, value) in stds.enumerated() { std[index] = value }
  }

  @_noAllocation @_noLocks
  func normalised(_ value: Float, _ channel: Int) -> Float { (value - mean[channel]) / std[channel] }

  @_noAllocation @_noLocks
  func physical(_ value: Float, _ channel: Int) -> Float { value * std[channel] + mean[channel] }
}

/// Limits of each entry of an action.
struct ActionBounds {
  private let lower: UnsafeMutablePointer<Float>
  private let upper: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, count: Int) {
    lower = arena.carve(Float.self, count)
    upper = arena.carve(Float.self, count)
  }

  func load(_ ranges: [ClosedRange<Float>]) {
    for (index, range) in ranges.enumerated() { (lower[index], upper[index]) = (range.lowerBound, range.upperBound) }
  }

  @_noAllocation @_noLocks
  func clamped(_ value: Float, _ channel: Int) -> Float { min(max(value, lower[channel]), upper[channel]) }

  /// Half of what the entry may range over.
  @_noAllocation @_noLocks
  func reach(_ channel: Int) -> Float { (upper[channel] - lower[channel]) / 2 }
}

/// Networks, tables, memory and workspace of a planner. A plain value of pointers into the arena.
struct Parts {
  let denoiser: Denoiser
  let encoder: ContextEncoder
  /// Of planners whose context is one.
  let belief: ContextBelief?
  let guide: DualGuide
  let schedule: Schedule

  let observationSize: Int, rowSize: Int, horizon: Int, contextSize: Int
  let rowScale: ChannelScale
  let differenceScale: ChannelScale
  let rewardMean: Float, rewardStd: Float
  /// What commands are held to, physical units.
  let actionBounds: ActionBounds
  /// Clean plans stay within what the training data held, normalised units, `[rowSize]`.
  let lowest: UnsafeMutablePointer<Float>, highest: UnsafeMutablePointer<Float>

  // Memory.
  /// z as it is used, `[contextSize]`.
  let context: UnsafeMutablePointer<Float>
  /// The executed plan, normalised units, `[horizon][rowSize]`.
  let plan: UnsafeMutablePointer<Float>
  /// The same in physical units: `[horizon][actionSize]` and `[horizon][observationSize]`.
  let actions: UnsafeMutablePointer<Float>, states: UnsafeMutablePointer<Float>

  // Workspace.
  /// The observation, normalised, `[observationSize]`.
  let current: UnsafeMutablePointer<Float>
  let transition: UnsafeMutablePointer<Float>  // [transitionSize]
  /// What is added to the next plan's first action, and what is tried for it, physical units, `[actionSize]`.
  let nudge: UnsafeMutablePointer<Float>, trial: UnsafeMutablePointer<Float>
  let isAlive: UnsafeMutablePointer<Bool>  // [candidates]: everything in it was finite so far
  /// What the guide took of the last denoising step.
  let guideNanoseconds: UnsafeMutablePointer<UInt64>
  /// The clean estimates with the context, kept while those without it are computed (condition weight ≠ 1 only).
  let conditional: Feature?

  init(_ arena: inout Arena, weights: PlannerWeights, options: PlannerOptions) {
    let shape = weights.shape
    // A block of candidates per thread.
    let together = min(options.candidates, 2 * CandidateWork.block)
    denoiser = Denoiser(&arena, shape: shape, batch: options.candidates, together: together)
    let bank = options.contextInference == .belief ? weights.bank : nil
    encoder = ContextEncoder(&arena, shape: shape, window: bank == nil ? 0 : 200)
    let guide = DualGuide(&arena, weights: weights, batch: options.candidates, together: together)
    self.guide = guide
    belief = bank.map {
      ContextBelief(&arena, shape: shape, bank: $0, dynamics: guide.dynamics, reward: guide.reward)
    }
    schedule = Schedule(&arena, steps: shape.denoisingSteps)
    context = arena.carve(Float.self, shape.contextSize)
    contextSize = shape.contextSize
    observationSize = shape.observationSize
    rowSize = shape.rowSize
    horizon = shape.horizon
    rowScale = ChannelScale(&arena, count: shape.rowSize)
    differenceScale = ChannelScale(&arena, count: shape.observationSize)
    rewardMean = weights.statistics.rewardMean
    rewardStd = weights.statistics.rewardStd
    actionBounds = ActionBounds(&arena, count: shape.actionSize)
    lowest = arena.carve(Float.self, shape.rowSize)
    highest = arena.carve(Float.self, shape.rowSize)
    plan = arena.carve(Float.self, shape.horizon * shape.rowSize)
    actions = arena.carve(Float.self, shape.horizon * shape.actionSize)
    states = arena.carve(Float.self, shape.horizon * shape.observationSize)
    current = arena.carve(Float.self, shape.observationSize)
    transition = arena.carve(Float.self, shape.transitionSize)
    nudge = arena.carve(Float.self, shape.actionSize)
    trial = arena.carve(Float.self, shape.actionSize)
    isAlive = arena.carve(Bool.self, options.candidates)
    guideNanoseconds = arena.carve(UInt64.self, 1)
    conditional =
      options.conditionWeight == 1
      ? nil : Feature(&arena, batch: options.candidates, times: shape.horizon, channels: shape.rowSize)
  }

  func load(_ weights: PlannerWeights, _ kernels: Kernels) {
    let statistics = weights.statistics
    let means = statistics.observationMean + statistics.actionMean
    let stds = statistics.observationStd + statistics.actionStd
    denoiser.load(weights, kernels)
    encoder.load(weights)
    guide.load(weights)
    if let bank = weights.bank { belief?.load(bank, kernels) }
    schedule.load()
    rowScale.load(mean: means, std: stds)
    differenceScale.load(mean: statistics.differenceMean, std: statistics.differenceStd)
    actionBounds.load(weights.actionRanges)
    for (index, value) in (statistics.observationMin + statistics.actionMin).enumerated() {
      lowest[index] = (value - means[index]) / stds[index]
    }
    for (index, value) in (statistics.observationMax + statistics.actionMax).enumerated() {
      highest[index] = (value - means[index]) / stds[index]
    }
  }
}
