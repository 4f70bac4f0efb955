// One episode of a simulated robot under the planner, as fast as it goes, with everything measured that is reported.

import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

/// What one episode under the planner gave.
public struct PlannedEpisode: Sendable {
  /// Sum of rewards.
  public var totalReward = 0.0
  /// Wall-clock time of each plan [ms].
  public var planMilliseconds: [Double] = []
  /// Mean squared difference between planned and real states over the first steps of each plan that was checked.
  public var discrepancies: [Double] = []
  /// Plans that were not `converged`.
  public var incompletePlans = 0

  /// Steps of a plan that the dynamics discrepancy looks at.
  public static let checkedSteps = 8
  /// Every so many steps a plan is checked.
  static let checkInterval = 10

  /// Resets `task` with `seed` and drives it with `planner` until the episode ends.
  ///
  /// `twin` is another task of the same family and parameters: checked plans are played out on it, open loop, from where
  /// the robot is. The planner has all the time it wants. Real-time: no.
  public static func drive(
    _ task: any ControlTask, twin: any ControlTask, planner: inout Planner, statistics: PlannerStatistics, seed: UInt64
  ) -> PlannedEpisode {
    var episode = PlannedEpisode()
    let clock = ContinuousClock()
    task.reset(seed: seed)
    planner.reset(seed: seed)
    for step in 0..<task.family.episodeLength {
      let observation = task.observation
      let start = clock.now
      let result = planner.plan(observation: observation, budgetNanoseconds: .max)
      episode.planMilliseconds.append((clock.now - start) / .milliseconds(1))
      if result.status != .converged { episode.incompletePlans += 1 }
      if step % checkInterval == 0 {
        twin.simulationState = task.simulationState
        episode.discrepancies.append(discrepancy(of: planner, on: twin, statistics: statistics))
      }
      let outcome = task.step(action: Array(UnsafeBufferPointer(start: planner.action(0), count: planner.actionSize)))
      episode.totalReward += outcome.reward
      if outcome.terminated { break }
      planner.prepare()
    }
    return episode
  }

  /// Plays the first steps of the current plan on `twin` and compares states, in normalised units.
  private static func discrepancy(
    of planner: borrowing Planner, on twin: any ControlTask, statistics: PlannerStatistics
  ) -> Double {
    var sum = 0.0
    let steps = min(checkedSteps, planner.horizon - 1)
    for step in 0..<steps {
      _ = twin.step(action: Array(UnsafeBufferPointer(start: planner.action(step), count: planner.actionSize)))
      let real = twin.observation
      let planned = planner.state(step + 1)
      for (index, value) in real.enumerated() {
        let error = Double((planned[index] - value) / statistics.observationStd[index])
        sum += error * error
      }
    }
    return sum / Double(steps * planner.observationSize)
  }
}

/// The return of one episode of `task` under a behaviour, started from `seed` like an episode of the planner.
public func behaviourReturn(_ task: any ControlTask, policy: BehaviourPolicy, seed: UInt64) -> Double {
  // The same start as the planner's: only the actions differ.
  var random = RandomSource(seed: seed, stream: 1)
  task.reset(seed: seed)
  var total = 0.0
  for _ in 0..<task.family.episodeLength {
    let outcome = task.step(action: policy(&random, task.observation, task.parameters))
    total += outcome.reward
    if outcome.terminated { break }
  }
  return total
}
