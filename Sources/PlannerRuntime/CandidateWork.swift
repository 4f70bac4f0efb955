// What a plan does to each candidate apart from the others: the part of it that two cores can share.

import CKernels

/// One denoising step of some candidates, or their evaluation. A plain value: the helper gets a copy of it.
///
/// No candidate looks at another, and no result depends on how many are computed together: plans are the same bit for
/// bit whichever thread computes which.
struct CandidateWork {
  enum Task { case denoise, evaluate }

  let parts: Parts
  let kernels: Kernels
  let options: PlannerOptions
  /// Plans are conditioned on a context, and so may be guided and judged.
  let conditioned: Bool
  var task = Task.denoise
  /// Noise level of the candidates, and the next one; −1 after the last step.
  var level = 0, nextLevel = -1
  var guideStrength: Float = 0

  @_noAllocation @_noLocks
  init(parts: Parts, kernels: Kernels, options: PlannerOptions, conditioned: Bool) {
    self.parts = parts
    self.kernels = kernels
    self.options = options
    self.conditioned = conditioned
  }

  /// Candidates computed together: so few that their activations stay in the second-level cache from layer to layer.
  /// Weights come from further away, but as a stream that prefetching hides.
  static var block: Int { @_noAllocation @_noLocks get { 4 } }

  /// The first `half` candidates, with the workspace's first block.
  @_noAllocation @_noLocks
  func runFirst(_ half: Int) { run(from: 0, count: half, slot: 0) }

  /// The other candidates, with the workspace's other block.
  @_noAllocation @_noLocks
  func runRest(after half: Int) {
    run(from: half, count: options.candidates - half, slot: min(half, Self.block))
  }

  @_noAllocation @_noLocks
  private func run(from first: Int, count: Int, slot: Int) {
    var done = 0
    while done < count {
      let size = min(Self.block, count - done)
      runBlock(from: first + done, count: size, slot: slot)
      done += size
    }
  }

  @_noAllocation @_noLocks
  private func runBlock(from first: Int, count: Int, slot: Int) {
    switch task {
    case .denoise:
      imposeCurrentState(parts.denoiser.input, first, count)
      let guided = estimateClean(first, count, slot)
      // The planner's own share speaks for the helper's.
      if slot == 0 { parts.guideNanoseconds.pointee += guided }
      if nextLevel >= 0 { renoise(first, count) }
    case .evaluate:
      parts.guide.evaluate(
        kernels, parts.denoiser.output, from: first, slot: slot, batch: count,
        valueWeight: options.valueWeight)
    }
  }

  /// Numbers in a plan.
  private var size: Int { @_noAllocation @_noLocks get { parts.horizon * parts.rowSize } }

  /// The first state of every plan is the observed one.
  @_noAllocation @_noLocks
  private func imposeCurrentState(_ plans: Feature, _ first: Int, _ count: Int) {
    for candidate in first..<(first + count) {
      ck_copy(plans.row(candidate, 0), parts.current, parts.observationSize)
    }
  }

  /// Clean estimates in `denoiser.output`: denoised, checked, within the data's range, guided. Returns how long the
  /// guide took.
  @_noAllocation @_noLocks
  private func estimateClean(_ first: Int, _ count: Int, _ slot: Int) -> UInt64 {
    let clean = parts.denoiser.output
    let plans = first..<(first + count)
    parts.denoiser.run(kernels, step: level, conditioned: conditioned, from: first, slot: slot, batch: count)
    if conditioned, let conditional = parts.conditional {
      // x0 = x0(∅) + w (x0(z) − x0(∅)), classifier-free guidance (Ho and Salimans, 2022).
      for plan in plans { ck_copy(conditional.row(plan, 0), clean.row(plan, 0), size) }
      parts.denoiser.run(kernels, step: level, conditioned: false, from: first, slot: slot, batch: count)
      for plan in plans {
        let with = conditional.row(plan, 0)
        let x = clean.row(plan, 0)
        for index in 0..<size { x[index] += options.conditionWeight * (with[index] - x[index]) }
      }
    }
    for plan in plans where !allFinite(clean.row(plan, 0), size) {
      // Out of the race; zeros keep the arithmetic of the others' batch clean.
      parts.isAlive[plan] = false
      for index in 0..<size { clean.row(plan, 0)[index] = 0 }
    }
    clip(clean, first, count)
    imposeCurrentState(clean, first, count)
    guard conditioned, options.guide.usesReward else { return 0 }
    let start = ck_nanoseconds()
    for _ in 0..<options.guideRounds {
      parts.guide.ascend(
        kernels, clean, from: first, slot: slot, batch: count, strength: guideStrength, rewardWeight: 1,
        discrepancyWeight: options.guide.usesDynamics ? options.discrepancyWeight : 0, valueWeight: options.valueWeight)
      clip(clean, first, count)
      imposeCurrentState(clean, first, count)
    }
    return ck_nanoseconds() - start
  }

  @_noAllocation @_noLocks
  private func clip(_ plans: Feature, _ first: Int, _ count: Int) {
    for plan in first..<(first + count) {
      for time in 0..<parts.horizon {
        let x = plans.row(plan, time)
        for index in 0..<parts.rowSize {
          x[index] = min(max(x[index], parts.lowest[index]), parts.highest[index])
        }
      }
    }
  }

  /// The deterministic step of DDIM (Song et al., 2021): x at level `nextLevel` from x at `level` and its clean
  /// estimate.
  @_noAllocation @_noLocks
  private func renoise(_ first: Int, _ count: Int) {
    let schedule = parts.schedule
    // x' = √ᾱ' x0 + √(1−ᾱ') (x − √ᾱ x0) / √(1−ᾱ)
    let ratio = schedule.noise(nextLevel) / schedule.noise(level)
    let share = schedule.signal(nextLevel) - ratio * schedule.signal(level)
    for plan in first..<(first + count) {
      let x = parts.denoiser.input.row(plan, 0)
      let clean = parts.denoiser.output.row(plan, 0)
      for index in 0..<size { x[index] = share * clean[index] + ratio * x[index] }
    }
  }
}
