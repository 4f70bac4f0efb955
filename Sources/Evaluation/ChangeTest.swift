// The change test: the task changes in the middle of an episode, and nobody tells the planner.

import DataCollection
import Dispatch
import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import Synchronization
import Tasks

/// What a change test is told.
public struct ChangeTest: Sendable {
  /// Tasks, warm start, planner and yardstick; the warm start is of the task before the change. `episodes` of each
  /// task.
  public var test: MetaTest
  /// The step that is the first of the new task.
  public var changeStep: Int

  /// Throws unless the change leaves an episode something before and after it.
  public init(_ test: MetaTest, changeStep: Int) throws(ChangeTestError) {
    let length = test.family.episodeLength
    guard (1..<length).contains(changeStep) else { throw .changeStep(changeStep, episodeLength: length) }
    guard test.family.tasks(test.split).count > 1 else { throw .oneTask(test.family.name) }
    self.test = test
    self.changeStep = changeStep
  }

  /// Steps that a reward rate is taken over: a twentieth of an episode.
  public var rateSteps: Int { max(1, test.family.episodeLength / 20) }

  /// Runs the test, `test.threads` tasks at a time; the result does not depend on how many. `progress` is told how many
  /// tasks are finished, from any thread. Throws what making a driver or policy throws, and `DataError.cancelled`.
  /// Real-time: no.
  public func run(
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (_ finished: Int) -> Void = { _ in }
  ) throws -> ChangeReport {
    let next = Atomic(0)
    let finished = Mutex<[Int: [ChangeEpisode]]>([:])
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(test.threads, test.tasks.count)) { _ in
      do {
        let driver = try test.makeDriver(test)
        while !isCancelled(), failure.withLock({ $0 == nil }) {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < test.tasks.count else { return }
          let episodes = try run(task: test.tasks[index], driver: driver)
          progress(
            finished.withLock { all in
              all[index] = episodes
              return all.count
            })
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let episodes = finished.withLock { all in test.tasks.indices.compactMap { all[$0] } }
    guard episodes.count == test.tasks.count else { throw DataError.cancelled }
    return ChangeReport(self, episodes.flatMap { $0 })
  }

  private func run(task number: Int, driver: any EpisodeDriver) throws -> [ChangeEpisode] {
    let tasks = test.family.tasks(test.split)
    // What belongs to this task is drawn from its number alone; a meta-test draws from other streams.
    var seeds = RandomSource(seed: test.seed, stream: 1 << 32 + UInt64(number))
    let expert = try test.yardstick.makePolicy()
    let random = try Behaviour.random(test.family).makePolicy()
    return try (0..<test.episodes).map { _ in
      let other = (number + 1 + seeds.index(below: tasks.count - 1)) % tasks.count
      let seed = seeds.next()
      var episode = ChangeEpisode(before: tasks[number], after: tasks[other])
      let warmStart = try test.family.task(parameters: tasks[number])
      try test.warmStart.show(warmStart, behaviours: test.behaviours, to: driver, seed: seeds.next())
      episode.rewards = try drive(episode, seed: seed, driver: driver, noticed: &episode.noticed)
      episode.expertRewards = try drive(episode, seed: seed, policy: expert)
      // The random policy's rate in the new task, from an episode of its own.
      episode.randomRate = mean(
        try drive(ChangeEpisode(before: tasks[other], after: tasks[other]), seed: seed, policy: random))
      return episode
    }
  }

  /// The two tasks' rewards, one per step, under `action`; the new task goes on from where the old one left the robot.
  private func play(
    _ episode: ChangeEpisode, seed: UInt64,
    step: (_ task: any ControlTask, _ number: Int) throws -> StepResult
  ) throws -> [Double] {
    var task = try test.family.task(parameters: episode.before)
    task.reset(seed: seed)
    var rewards: [Double] = []
    for number in 0..<test.family.episodeLength {
      if number == changeStep {
        let changed = try test.family.task(parameters: episode.after)
        changed.simulationState = task.simulationState
        task = changed
      }
      let result = try step(task, number)
      rewards.append(result.reward)
      if result.terminated { break }
    }
    return rewards
  }

  private func drive(_ episode: ChangeEpisode, seed: UInt64, policy: BehaviourPolicy) throws -> [Double] {
    var random = RandomSource(seed: seed, stream: 1)
    return try play(episode, seed: seed) { task, _ in
      task.step(action: policy(&random, task.observation, task.parameters))
    }
  }

  private func drive(
    _ episode: ChangeEpisode, seed: UInt64, driver: any EpisodeDriver, noticed: inout [Int]
  ) throws -> [Double] {
    driver.reset(seed: seed)
    return try play(episode, seed: seed) { task, number in
      // An oracle is not left to find out.
      if number == changeStep, !driver.inference.infers {
        driver.inference.tell(parameters: task.parameters)
      }
      let changes = driver.changesNoticed
      let observation = task.observation
      let result = driver.execute(driver.act(observation), on: task, from: observation)
      if driver.changesNoticed > changes { noticed.append(number) }
      return result
    }
  }
}

/// One episode with a change, and what expert and random do in it.
struct ChangeEpisode: Sendable {
  var before: [Double], after: [Double]
  /// One per step, of the planner; fewer than the episode's length where the robot fell.
  var rewards: [Double] = []
  /// The same of the expert, which is told of the change at once.
  var expertRewards: [Double] = []
  /// Mean reward a step of random actions in the new task.
  var randomRate = 0.0
  /// Steps at which the planner noticed a change.
  var noticed: [Int] = []

  init(before: [Double], after: [Double]) {
    self.before = before
    self.after = after
  }
}

/// Why there is nothing to test.
public enum ChangeTestError: Error, Equatable, CustomStringConvertible {
  case changeStep(Int, episodeLength: Int)
  case oneTask(String)

  public var description: String {
    switch self {
    case .changeStep(let step, let length):
      "the change is at step \(step): give 1...\(length - 1), an episode has \(length) steps"
    case .oneTask(let family): "family \(family) has one task only: nothing can change"
    }
  }
}
