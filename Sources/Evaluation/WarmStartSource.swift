// Where a meta-test's warm starts come from: behaviours of stated quality, or the planner's own driving.

import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

/// Who drives the episode that the context is inferred from.
public enum WarmStartSource: String, CaseIterable, Sendable {
  case random, medium, expert, mixed
  /// The planner itself, from no context at first, as `metadiffuserd --warm-start-episodes 1` does it on a robot.
  case own

  /// Shows `planner` one warm start of `task` and lets it infer the context. Real-time: no.
  func show(
    _ task: any ControlTask, behaviours: [BehaviourLevel: Behaviour], to planner: inout Planner, seed: UInt64
  ) throws {
    guard let quality = Quality(rawValue: rawValue) else { return gather(task, planner: &planner, seed: seed) }
    try WarmStart.record(task, behaviours: quality.levels.compactMap { behaviours[$0] }, label: rawValue, seed: seed)
      .infer(into: &planner)
  }

  private func gather(_ task: any ControlTask, planner: inout Planner, seed: UInt64) {
    planner.clearContext()
    planner.reset(seed: seed)
    task.reset(seed: seed)
    for _ in 0..<task.family.episodeLength {
      let observation = task.observation
      _ = planner.plan(observation: observation, budgetNanoseconds: .max)
      let action = Array(UnsafeBufferPointer(start: planner.action(0), count: planner.actionSize))
      let outcome = task.step(action: action)
      _ = planner.addTransition(
        observation: observation, action: action, reward: Float(outcome.reward), next: task.observation)
      if outcome.terminated { break }
      planner.updateContextIfDue()
    }
    planner.updateContext()
  }
}
