// The planner with what the cycle knows about its readiness and its speed.

import PlannerRuntime

/// A planner that is made ready for an episode's first plan as early as can be: at best in the slack before.
struct EpisodePlanner: ~Copyable {
  var planner: Planner
  /// How long a denoising step takes.
  var stepTime = DurationEstimate()
  /// The planner is reset and prepared for an episode's first plan.
  private var isReady = false

  init(_ planner: consuming Planner) { self.planner = planner }

  /// Forgets the plan of the episode before, unless that is done.
  mutating func makeReady(seed: UInt64) {
    if isReady { return }
    planner.reset(seed: seed)
    planner.prepare()
    isReady = true
  }

  mutating func startAnew(seed: UInt64) {
    isReady = false
    makeReady(seed: seed)
  }

  /// Forgets what is known about the robot: another one may have come.
  mutating func forgetContext() {
    // What is prepared may be so for the context that goes.
    if planner.hasContext { isReady = false }
    planner.clearContext()
  }

  mutating func plan(observation: UnsafePointer<Float>, budgetNanoseconds: UInt64) -> PlanResult {
    isReady = false
    return planner.plan(observation: observation, budgetNanoseconds: budgetNanoseconds)
  }
}
