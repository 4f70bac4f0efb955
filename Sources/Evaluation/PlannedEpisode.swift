// One episode of a simulated robot under a driver, as fast as it goes, with everything measured that is reported.

import OfflineData
import PlannerRuntime
import Tasks

/// What one episode under a planner or a baseline gave.
public struct PlannedEpisode: Sendable {
  /// Sum of rewards.
  public var totalReward = 0.0
  /// Wall-clock time of each plan [ms].
  public var planMilliseconds: [Double] = []
  /// Mean squared difference between planned and real states over the first steps of each plan that was checked.
  public var discrepancies: [Double] = []
  /// Plans that came out less refined than they should.
  public var incompletePlans = 0
  /// Changes of task or body that an online context noticed; there was none.
  public var changesNoticed = 0

  /// Steps of a plan that the dynamics discrepancy looks at.
  public static let checkedSteps = 8
  /// Every so many steps a plan is checked.
  static let checkInterval = 10

  /// Resets `task` with `seed` and lets `driver` drive it until the episode ends.
  ///
  /// `twin` is another task of the same family and parameters: checked plans are played out on it, open loop, from where
  /// the robot is. The driver has all the time it wants; one that adapts while it drives does so. Real-time: no.
  public static func drive(
    _ task: any ControlTask, twin: any ControlTask, driver: any EpisodeDriver, statistics: PlannerStatistics,
    seed: UInt64
  ) -> PlannedEpisode {
    var episode = PlannedEpisode()
    let clock = ContinuousClock()
    task.reset(seed: seed)
    driver.reset(seed: seed)
    let changes = driver.changesNoticed
    for step in 0..<task.family.episodeLength {
      let observation = task.observation
      let start = clock.now
      let action = driver.act(observation)
      episode.planMilliseconds.append((clock.now - start) / .milliseconds(1))
      if !driver.isComplete { episode.incompletePlans += 1 }
      if step % checkInterval == 0, let intention = driver.intention(steps: checkedSteps) {
        twin.simulationState = task.simulationState
        episode.discrepancies.append(discrepancy(of: intention, on: twin, statistics: statistics))
      }
      let outcome = driver.execute(action, on: task, from: observation)
      episode.totalReward += outcome.reward
      if outcome.terminated { break }
    }
    episode.changesNoticed = driver.changesNoticed - changes
    return episode
  }

  /// Plays intended steps on `twin` and compares states, in normalised units.
  private static func discrepancy(
    of intention: IntendedSteps, on twin: any ControlTask, statistics: PlannerStatistics
  ) -> Double {
    var sum = 0.0
    var count = 0
    for (action, planned) in zip(intention.actions, intention.states) {
      _ = twin.step(action: action)
      for (index, value) in twin.observation.enumerated() {
        let error = Double((planned[index] - value) / statistics.observationStd[index])
        sum += error * error
        count += 1
      }
    }
    return sum / Double(count)
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
