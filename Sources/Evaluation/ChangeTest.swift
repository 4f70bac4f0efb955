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
    let length = test.bed.episodeLength
    guard (1..<length).contains(changeStep) else { throw .changeStep(changeStep, episodeLength: length) }
    guard test.bed.taskCount > 1 else { throw .oneTask(test.bed.family) }
    self.test = test
    self.changeStep = changeStep
  }

  /// Steps that a reward rate is taken over: a twentieth of an episode.
  public var rateSteps: Int { max(1, test.bed.episodeLength / 20) }

  /// Runs the test, `test.threads` tasks at a time; the result does not depend on how many. `progress` is told how many
  /// tasks are finished, from any thread. Throws what making a driver or policy throws, and `DataError.cancelled`.
  /// Real-time: no.
  public func run(
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (_ finished: Int) -> Void = { _ in }
  ) throws -> ChangeReport {
    let next = Atomic(0)
    let finished = Mutex<[Int: [ChangeEpisode]]>([:])
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(test.threads, test.bed.mostThreads, test.tasks.count)) { _ in
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
    let bed = test.bed
    // What belongs to this task is drawn from its number alone; a meta-test draws from other streams.
    var seeds = RandomSource(seed: test.seed, stream: 1 << 32 + UInt64(number))
    let reference = try bed.reference(task: number)
    return try (0..<test.episodes).map { _ in
      let other = otherTask(than: number, &seeds)
      let seed = seeds.next()
      var episode = ChangeEpisode(before: bed.parameters(of: number), after: bed.parameters(of: other))
      try test.warmStart.show(try bed.robot(task: number), of: bed, to: driver, seed: seeds.next())
      episode.rewards = try drive(from: number, to: other, seed: seed, driver: driver, noticed: &episode.noticed)
      switch reference {
      case .driven(let expert, let random):
        episode.expertRewards = try drive(from: number, to: other, seed: seed, by: expert)
        // The random policy's rate in the new task, from an episode of its own.
        episode.randomRate = mean(try drive(from: other, to: other, seed: seed, by: random))
      case .stated:
        guard case .stated(let returns) = try bed.reference(task: other) else { break }
        episode.randomRate = returns.random / Double(bed.episodeLength)
        episode.expertRate = returns.expert / Double(bed.episodeLength)
      case nil: break
      }
      return episode
    }
  }

  /// Another task of those tested, or of all where that is one.
  private func otherTask(than number: Int, _ seeds: inout RandomSource) -> Int {
    guard let place = test.tasks.firstIndex(of: number), test.tasks.count > 1 else {
      return (number + 1 + seeds.index(below: test.bed.taskCount - 1)) % test.bed.taskCount
    }
    return test.tasks[(place + 1 + seeds.index(below: test.tasks.count - 1)) % test.tasks.count]
  }

  /// The two tasks' rewards, one a step; the new task goes on from where the old one left the robot.
  private func play(
    from old: Int, to new: Int, begin: (any TestRobot) throws -> Void,
    step: (_ robot: any TestRobot, _ number: Int) throws -> TestStep
  ) throws -> [Double] {
    let robot = try test.bed.robot(task: old)
    try begin(robot)
    var rewards: [Double] = []
    for number in 0..<test.bed.episodeLength {
      if number == changeStep { try robot.change(to: new) }
      let result = try step(robot, number)
      rewards.append(result.reward)
      if result.isLast { break }
    }
    return rewards
  }

  private func drive(from old: Int, to new: Int, seed: UInt64, by demonstrator: any Demonstrator) throws -> [Double] {
    try play(
      from: old, to: new, begin: { try demonstrator.begin($0, seed: seed) },
      step: { robot, _ in try demonstrator.step(robot) })
  }

  private func drive(
    from old: Int, to new: Int, seed: UInt64, driver: any EpisodeDriver, noticed: inout [Int]
  ) throws -> [Double] {
    driver.reset(seed: seed)
    func step(_ robot: any TestRobot, _ number: Int) throws -> TestStep {
      // An oracle is not left to find out.
      if number == changeStep, !driver.inference.infers {
        driver.inference.tell(parameters: robot.parameters)
      }
      let changes = driver.changesNoticed
      let observation = robot.observation
      let action = driver.act(observation, budgetNanoseconds: robot.budgetNanoseconds)
      let result = try driver.execute(action, on: robot, from: observation)
      if driver.changesNoticed > changes { noticed.append(number) }
      return result
    }
    return try play(from: old, to: new, begin: { try $0.reset(seed: seed) }, step: step)
  }
}

/// One episode with a change, and what expert and random do in it.
struct ChangeEpisode: Sendable {
  var before: [Double], after: [Double]
  /// One per step, of the planner; fewer than the episode's length where the robot fell.
  var rewards: [Double] = []
  /// The same of the expert, which is told of the change at once; empty where nobody can show it.
  var expertRewards: [Double] = []
  /// Mean reward per step of random actions in the new task, nil where nobody knows it, and of an expert, where that
  /// was stated.
  var randomRate: Double?
  var expertRate: Double?
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
