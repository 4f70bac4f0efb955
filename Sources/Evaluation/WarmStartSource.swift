// Where a meta-test's warm starts come from: behaviours of stated quality, or the driver's own driving.

import OfflineData
import PlannerModel
import Tasks

/// Who drives the episode that the context is inferred from.
public enum WarmStartSource: String, CaseIterable, Sendable {
  case random, medium, expert, mixed
  /// The driver itself, from no context at first, as `metadiffuserd --warm-start-episodes 1` does it on a robot.
  case own

  /// Shows `driver` one warm start of `task` and lets it infer the context; an oracle is told the task. Real-time: no.
  func show(
    _ task: any ControlTask, behaviours: [BehaviourLevel: Behaviour], to driver: any EpisodeDriver, seed: UInt64
  ) throws {
    guard driver.inference.infers else { return driver.inference.tell(parameters: task.parameters) }
    guard let quality = Quality(rawValue: rawValue) else { return gather(task, driver: driver, seed: seed) }
    try WarmStart.record(task, behaviours: quality.levels.compactMap { behaviours[$0] }, label: rawValue, seed: seed)
      .show(to: driver.inference)
  }

  private func gather(_ task: any ControlTask, driver: any EpisodeDriver, seed: UInt64) {
    let inference = driver.inference
    inference.clearContext()
    driver.reset(seed: seed)
    task.reset(seed: seed)
    for _ in 0..<task.family.episodeLength {
      let observation = task.observation
      let action = driver.act(observation)
      let outcome = task.step(action: action)
      inference.addTransition(
        observation: observation, action: action, reward: Float(outcome.reward), next: task.observation)
      if outcome.terminated { break }
      inference.updateContextIfDue()
    }
    inference.updateContext()
  }
}
