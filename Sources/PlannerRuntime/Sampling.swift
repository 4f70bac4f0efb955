// One plan: noise, denoising steps with guidance, selection. The part of the planner that runs in every cycle.

import CKernels

extension Planner {
  /// Does all of the next plan that needs no observation: shifts the last plan by one period and adds noise.
  ///
  /// Call it in the slack after a plan was sent; `plan` calls it itself when that was not done. Real-time: yes.
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
  /// taken, so the budget must leave room for one. Whatever the status, `action` and `state` hold a complete, finite
  /// plan. Real-time: yes.
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
    parts.denoiser.setState(
      kernels, parts.current, conditioned: hasContext, unconditioned: !hasContext || parts.conditional != nil)
    let conditioned = ck_nanoseconds()
    stageTimes.condition = conditioned - start
    if !isPrepared { prepare() }
    isPrepared = false

    var stepStart = ck_nanoseconds()
    stageTimes.prepare = stepStart - conditioned
    if let helper { ck_helper_wake(helper) }
    var work = CandidateWork(parts: parts, kernels: kernels, options: options, conditioned: hasContext)
    work.guideStrength = isWarm ? options.warmGuideStrength : options.guideStrength
    for step in 0..<steps {
      if step > 0 {
        let needed = stepTime.nanoseconds + finishTime.nanoseconds
        if stepStart - start + needed > budgetNanoseconds { break }
      }
      work.level = Schedule.level(step, of: steps, top: top)
      work.nextLevel = step + 1 < steps ? Schedule.level(step + 1, of: steps, top: top) : -1
      parts.guideNanoseconds.pointee = 0
      share(work)
      stageTimes.guide += parts.guideNanoseconds.pointee
      result.stepsTaken += 1
      let now = ck_nanoseconds()
      stepTime.record(now - stepStart)
      stageTimes.denoise += now - stepStart
      stepStart = now
    }
    if hasContext {
      work.task = .evaluate
      share(work)
    }
    if let helper { ck_helper_rest(helper) }
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

  /// Does `work` on all candidates: the helper takes the second half of them.
  @_noAllocation @_noLocks
  private func share(_ work: CandidateWork) {
    let half = (options.candidates + 1) / 2
    guard let helper, half < options.candidates else {
      work.runFirst(options.candidates)
      return
    }
    helperWork.pointee = work
    ck_helper_order(helper)
    work.runFirst(half)
    ck_helper_finish(helper)
  }

  /// The finite candidate of the highest predicted return − λ · discrepancy, both evaluated before; without a context,
  /// the first finite one.
  @_noAllocation @_noLocks
  private func select(_ result: inout PlanResult) -> Int? {
    var best: Int?
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
        let planned = parts.rowScale.physical(row[observationSize + index], observationSize + index)
        let action = time == 0 ? planned + parts.nudge[index] : planned
        parts.actions[time * actionSize + index] = parts.actionBounds.clamped(action, index)
      }
    }
  }
}
