// One plan: noise, denoising steps with guidance, selection. The part of the planner that runs in every cycle.

import CKernels

extension Planner {
  /// Does all of the next plan that needs no observation: shifts the last plan by one period and adds noise.
  ///
  /// Call it in the slack after a plan was sent; `plan` calls it itself when nobody did. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func prepare() {
    let rowSize = observationSize + actionSize
    let parts = parts
    let isWarm = startsWarm
    let top = isWarm ? warmTop : parts.schedule.steps - 1
    let signal = isWarm ? parts.schedule.signal(top) : 0
    let noise = (isWarm ? parts.schedule.noise(top) : 1) * options.temperature
    for candidate in 0..<options.candidates {
      for time in 0..<horizon {
        let x = parts.denoiser.input.row(candidate, time)
        // The last row has no successor yet: it stands twice.
        let last = parts.plan + min(time + 1, horizon - 1) * rowSize
        for index in 0..<rowSize {
          x[index] = noise * random.normal() + (isWarm ? signal * last[index] : 0)
        }
      }
    }
    isPrepared = true
  }

  /// Plans from `observation`, `[observationSize]`, physical units, untrusted.
  ///
  /// Stops refining before a step that would not end within `budgetNanoseconds` from the call; the first step is always
  /// taken, so the budget must leave room for one. Whatever the status, `action` and `state` hold a complete, finite plan.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func plan(observation: UnsafePointer<Float>, budgetNanoseconds: UInt64) -> PlanResult {
    let start = ck_nanoseconds()
    let parts = parts
    let isWarm = startsWarm
    let steps = isWarm ? options.warmSteps : options.coldSteps
    let top = isWarm ? warmTop : parts.schedule.steps - 1
    var result = PlanResult(stepsPlanned: steps)
    for index in 0..<observationSize {
      parts.current[index] = parts.rowScale.normalised(observation[index], index)
    }
    stageTimes = StageTimes()
    guard allPlausible(parts.current, observationSize) else { return result }
    for candidate in 0..<options.candidates { parts.isAlive[candidate] = true }
    let conditioned = ck_nanoseconds()
    stageTimes.condition = conditioned - start
    if !isPrepared { prepare() }
    isPrepared = false

    var stepStart = ck_nanoseconds()
    stageTimes.prepare = stepStart - conditioned
    for step in 0..<steps {
      if step > 0 {
        let needed = stepTime.nanoseconds + finishTime.nanoseconds
        if stepStart - start + needed > budgetNanoseconds { break }
      }
      let level = Schedule.level(step, of: steps, top: top)
      imposeCurrentState(parts.denoiser.input)
      estimateClean(level: level)
      if step + 1 < steps { renoise(from: level, to: Schedule.level(step + 1, of: steps, top: top)) }
      result.stepsTaken += 1
      let now = ck_nanoseconds()
      stepTime.record(now - stepStart)
      stageTimes.denoise += now - stepStart
      stepStart = now
    }
    // What the guide took was counted with its step.
    stageTimes.denoise -= stageTimes.guide
    if let best = select(&result) {
      keep(best)
      result.candidate = best
      result.status = result.stepsTaken == steps ? .converged : .outOfBudget
      hasPlan = true
    }
    stageTimes.select = ck_nanoseconds() - stepStart
    finishTime.record(stageTimes.select)
    return result
  }

  var startsWarm: Bool {
    @_noAllocation @_noLocks get { hasPlan && warmTop >= 0 }
  }

  /// The noise level at which a plan that starts from the last one begins; −1 when none does.
  private var warmTop: Int {
    @_noAllocation @_noLocks
    get { PlannerOptions.warmLevels(options.warmLevel, of: parts.schedule.steps) - 1 }
  }

  /// The first state of every plan is the observed one.
  @_noAllocation @_noLocks
  private func imposeCurrentState(_ plans: Feature) {
    for candidate in 0..<options.candidates {
      ck_copy(plans.row(candidate, 0), parts.current, observationSize)
    }
  }

  /// Clean estimates in `denoiser.output`: denoised, checked, within the data's range, guided.
  @_noAllocation @_noLocks
  private mutating func estimateClean(level: Int) {
    let batch = options.candidates
    let clean = parts.denoiser.output
    let rowSize = observationSize + actionSize
    parts.denoiser.run(kernels, step: level, conditioned: hasContext, batch: batch)
    if hasContext, let conditional = parts.conditional {
      // x0 = x0(∅) + w (x0(z) − x0(∅)), classifier-free guidance (Ho and Salimans, 2022).
      for plan in 0..<batch { ck_copy(conditional.row(plan, 0), clean.row(plan, 0), horizon * rowSize) }
      parts.denoiser.run(kernels, step: level, conditioned: false, batch: batch)
      for plan in 0..<batch {
        let with = conditional.row(plan, 0)
        let x = clean.row(plan, 0)
        for index in 0..<(horizon * rowSize) { x[index] += options.conditionWeight * (with[index] - x[index]) }
      }
    }
    for plan in 0..<batch where !allFinite(clean.row(plan, 0), horizon * rowSize) {
      // Out of the race; zeros keep the arithmetic of the others' batch clean.
      parts.isAlive[plan] = false
      for index in 0..<(horizon * rowSize) { clean.row(plan, 0)[index] = 0 }
    }
    clip(clean)
    imposeCurrentState(clean)
    guard hasContext, options.guide.usesReward else { return }
    let start = ck_nanoseconds()
    let strength = startsWarm ? options.warmGuideStrength : options.guideStrength
    for _ in 0..<options.guideRounds {
      parts.guide.ascend(
        kernels, clean, batch: batch, strength: strength, rewardWeight: 1,
        discrepancyWeight: options.guide.usesDynamics ? options.discrepancyWeight : 0)
      clip(clean)
      imposeCurrentState(clean)
    }
    stageTimes.guide += ck_nanoseconds() - start
  }

  @_noAllocation @_noLocks
  private func clip(_ plans: Feature) {
    let rowSize = observationSize + actionSize
    for plan in 0..<options.candidates {
      for time in 0..<horizon {
        let x = plans.row(plan, time)
        for index in 0..<rowSize {
          x[index] = min(max(x[index], parts.lowest[index]), parts.highest[index])
        }
      }
    }
  }

  /// The deterministic step of DDIM (Song et al., 2021): x at level `target` from x at `level` and its clean estimate.
  @_noAllocation @_noLocks
  private func renoise(from level: Int, to target: Int) {
    let rowSize = observationSize + actionSize
    let schedule = parts.schedule
    // x' = √ᾱ' x0 + √(1−ᾱ') (x − √ᾱ x0) / √(1−ᾱ)
    let ratio = schedule.noise(target) / schedule.noise(level)
    let share = schedule.signal(target) - ratio * schedule.signal(level)
    for plan in 0..<options.candidates {
      let x = parts.denoiser.input.row(plan, 0)
      let clean = parts.denoiser.output.row(plan, 0)
      for index in 0..<(horizon * rowSize) { x[index] = share * clean[index] + ratio * x[index] }
    }
  }

  /// The finite candidate of the highest predicted return − λ · discrepancy; without a context, the first finite one.
  @_noAllocation @_noLocks
  private func select(_ result: inout PlanResult) -> Int? {
    var best: Int?
    if hasContext { parts.guide.evaluate(kernels, parts.denoiser.output, batch: options.candidates) }
    var bestScore: Float = 0
    for candidate in 0..<options.candidates where parts.isAlive[candidate] {
      let guide = parts.guide
      let score =
        hasContext
        ? guide.normalisedReturns[candidate] - options.discrepancyWeight * guide.discrepancies[candidate] : 0
      guard ck_is_finite(score) != 0, best == nil || score > bestScore else { continue }
      best = candidate
      bestScore = score
      if hasContext {
        result.predictedReturn = guide.returns[candidate]
        result.discrepancy = guide.discrepancies[candidate] / Float(horizon - 1)
      }
    }
    return best
  }

  /// Makes `candidate` the current plan.
  @_noAllocation @_noLocks
  private func keep(_ candidate: Int) {
    let rowSize = observationSize + actionSize
    let parts = parts
    ck_copy(parts.plan, parts.denoiser.output.row(candidate, 0), horizon * rowSize)
    for time in 0..<horizon {
      let row = parts.plan + time * rowSize
      for index in 0..<observationSize {
        parts.states[time * observationSize + index] = parts.rowScale.physical(row[index], index)
      }
      for index in 0..<actionSize {
        let action = parts.rowScale.physical(row[observationSize + index], observationSize + index)
        parts.actions[time * actionSize + index] = min(max(action, -parts.actionLimit), parts.actionLimit)
      }
    }
  }
}
