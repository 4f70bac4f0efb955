// One episode of a simulated robot under a driver, as fast as it goes, with everything measured that is reported.

import DataCollection
import OfflineData
import PlannerRuntime
import Tasks

/// What plans are checked with: another task of the same family and parameters, on which they are played out open loop.
package struct OpenLoopCheck {
  var twin: any ControlTask
  /// Of the data: discrepancies are in its units.
  var statistics: PlannerStatistics

  /// Puts the twin where `robot` is.
  func place(_ robot: any TestRobot) { twin.simulationState = (robot as! SimulatedTestRobot).task.simulationState }
}

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
  /// Intervals in which a robot that keeps time did without a command in time.
  public var misses = 0
  /// Changes of task or body that a belief noticed; there was none.
  public var changesNoticed = 0

  /// Steps of a plan that the dynamics discrepancy looks at.
  public static let checkedSteps = 8
  /// Every so many steps a plan is checked.
  static let checkInterval = 10

  /// Resets `robot` with `seed` and lets `driver` drive it until the episode ends.
  ///
  /// With a `check` some plans are held against where they lead the robot. The driver has all the time it wants; one
  /// that adapts while it drives does so. Real-time: no.
  package static func drive(
    _ robot: any TestRobot, driver: any EpisodeDriver, seed: UInt64, steps: Int, check: OpenLoopCheck? = nil
  ) throws -> PlannedEpisode {
    var episode = PlannedEpisode()
    let clock = ContinuousClock()
    try robot.reset(seed: seed)
    driver.reset(seed: seed)
    let changes = driver.changesNoticed
    let misses = robot.misses
    for step in 0..<steps {
      let observation = robot.observation
      let start = clock.now
      let action = driver.act(observation, budgetNanoseconds: robot.budgetNanoseconds)
      episode.planMilliseconds.append((clock.now - start) / .milliseconds(1))
      if !driver.isComplete { episode.incompletePlans += 1 }
      if let check, step % checkInterval == 0, let intention = driver.intention(steps: checkedSteps) {
        check.place(robot)
        episode.discrepancies.append(discrepancy(of: intention, check))
      }
      let outcome = try driver.execute(action, on: robot, from: observation)
      episode.totalReward += outcome.reward
      if outcome.isLast { break }
    }
    episode.misses = robot.misses - misses
    episode.changesNoticed = driver.changesNoticed - changes
    return episode
  }

  /// Plays intended steps on the twin and compares states, in normalised units.
  private static func discrepancy(of intention: IntendedSteps, _ check: OpenLoopCheck) -> Double {
    var sum = 0.0
    var count = 0
    for (action, planned) in zip(intention.actions, intention.states) {
      _ = check.twin.step(action: action)
      for (index, value) in check.twin.observation.enumerated() {
        let error = Double((planned[index] - value) / check.statistics.observationStd[index])
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
