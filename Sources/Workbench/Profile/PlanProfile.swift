// Plans as a control loop makes them, one after the other: where their time goes, and what else they cost.

import ControlRuntime
import PlannerModel
import PlannerRuntime

/// Times of many plans, by stage.
package struct PlanProfile {
  package var total = LatencyHistogram()
  package var prepare = LatencyHistogram()
  package var condition = LatencyHistogram()
  /// One denoising step, guide left out.
  package var denoiseStep = LatencyHistogram()
  /// All guide rounds of a plan.
  package var guide = LatencyHistogram()
  package var select = LatencyHistogram()
  /// A transition taken in, in the slack: all hypotheses held against it, the context refined and put in place. Of
  /// beliefs only.
  package var belief = LatencyHistogram()
  /// Plans that took longer than a period.
  package var misses: UInt64 = 0
  package var usage = ThreadUsage()

  package init() {}

  /// Makes `plans` of them, each from another observation, with a context if the model is guided by one.
  /// `allocationCount` is the calling thread's.
  package mutating func measure(
    _ planner: inout Planner, _ statistics: PlannerStatistics, plans: Int, periodNanoseconds: UInt64,
    allocationCount: @escaping @Sendable () -> UInt64
  ) {
    var random = RandomSource(seed: 4)
    let observation = UnsafeMutablePointer<Float>.allocate(capacity: planner.observationSize)
    defer { observation.deallocate() }
    let next = UnsafeMutablePointer<Float>.allocate(capacity: planner.observationSize)
    let action = UnsafeMutablePointer<Float>.allocate(capacity: planner.actionSize)
    defer {
      next.deallocate()
      action.deallocate()
    }
    func draw() {
      for index in 0..<planner.observationSize {
        observation[index] = statistics.observationMean[index] + statistics.observationStd[index] * random.normal()
        next[index] = observation[index] + statistics.differenceStd[index] * random.normal()
      }
      for index in 0..<planner.actionSize {
        action[index] = statistics.actionMean[index] + statistics.actionStd[index] * random.normal()
      }
    }
    draw()
    planner.prepare()
    for _ in 0..<3 {
      _ = planner.plan(observation: observation, budgetNanoseconds: .max)
      planner.prepare()
    }
    let before = ThreadUsage.now(with: planner, allocationCount: allocationCount)
    var busySince = monotonicTime()
    for _ in 0..<plans {
      draw()
      let start = monotonicTime()
      let result = planner.plan(observation: observation, budgetNanoseconds: .max)
      let planned = monotonicTime()
      planner.prepare()
      let prepared = monotonicTime()
      if planner.belief != nil {
        _ = planner.addTransition(
          observation: observation, action: action,
          reward: statistics.rewardMean + statistics.rewardStd * random.normal(),
          next: next)
        planner.updateContextIfDue()
        belief.record(monotonicTime() - prepared)
      }
      let end = monotonicTime()
      note(planner.stageTimes, steps: result.stepsTaken, total: planned - start, prepare: prepared - planned)
      if planned - start > periodNanoseconds { misses += 1 }
      // The system takes a real-time thread's processor away that never sleeps: by default for 50 ms in each second.
      if end - busySince > 50_000_000 {
        sleep(nanoseconds: 5_000_000)
        busySince = monotonicTime()
      }
    }
    usage = ThreadUsage.now(with: planner, allocationCount: allocationCount) - before
  }

  private mutating func note(_ stages: StageTimes, steps: Int, total time: UInt64, prepare slack: UInt64) {
    total.record(time)
    prepare.record(slack)
    condition.record(stages.condition)
    denoiseStep.record(stages.denoise / UInt64(max(1, steps)))
    guide.record(stages.guide)
    select.record(stages.select)
  }

  /// The stages by name, in the order of a plan.
  package var stages: [(name: String, times: LatencyHistogram)] {
    [
      ("prepare", prepare), ("condition", condition), ("denoise_step", denoiseStep), ("guide", guide),
      ("select", select), ("total", total),
    ] + (belief.count > 0 ? [("belief", belief)] : [])
  }
}
