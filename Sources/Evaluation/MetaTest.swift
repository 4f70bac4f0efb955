// The meta-test: on tasks the model never saw, one warm start each, then episodes, next to expert and random.

import DataCollection
import Dispatch
import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import Synchronization
import Tasks

/// What a meta-test is told.
public struct MetaTest: Sendable {
  /// Where the robots are.
  package var bed: any TestBed
  /// Which of its tasks, by number; all of them unless said otherwise.
  public var tasks: [Int]
  public var model: LoadedModel
  public var options: PlannerOptions
  public var kernels: String?
  public var warmStart: WarmStartSource
  /// Episodes of each task.
  public var episodes: Int
  public var seed: UInt64
  /// Tasks at a time; plan times are only worth quoting at 1.
  public var threads = 1
  /// Makes the driver of the episodes, once per thread: the planner of `model`, or a baseline.
  public var makeDriver: @Sendable (MetaTest) throws -> any EpisodeDriver = { test in
    try PlannerDriver(weights: test.model.weights, options: test.options, kernels: test.kernels)
  }

  /// A test on robots simulated here: `behaviours` drive the warm starts, `yardstick` is what returns are held against,
  /// the expert's mean action.
  public init(
    family: TaskFamily, split: TaskSplit, model: LoadedModel, warmStart: WarmStartSource, episodes: Int, seed: UInt64,
    behaviours: [BehaviourLevel: Behaviour], yardstick: Behaviour
  ) {
    self.init(
      SimulatedBed(family, split, behaviours: behaviours, yardstick: yardstick), model: model, warmStart: warmStart,
      episodes: episodes, seed: seed)
  }

  package init(
    _ bed: any TestBed, model: LoadedModel, warmStart: WarmStartSource, episodes: Int, seed: UInt64
  ) {
    self.bed = bed
    tasks = Array(0..<bed.taskCount)
    self.model = model
    options = model.description.options
    self.warmStart = warmStart
    self.episodes = episodes
    self.seed = seed
  }

  /// What the context comes from, for reports: an inference, or `oracle` for a model that is told the task.
  var contextSource: String {
    model.description.shape.contextKind == .oracle ? "oracle" : options.contextInference.rawValue
  }

  /// Runs the test. The result depends on the settings alone, not on the number of threads (times excepted).
  ///
  /// `progress` is told how many tasks are finished, from any thread. Throws what making a planner or policy throws,
  /// and `DataError.cancelled`. Real-time: no.
  public func run(
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (_ finished: Int) -> Void = { _ in }
  ) throws -> MetaTestReport {
    let next = Atomic(0)
    let finished = Mutex<[Int: TaskOutcome]>([:])
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(threads, bed.mostThreads, tasks.count)) { _ in
      do {
        let driver = try makeDriver(self)
        while !isCancelled(), failure.withLock({ $0 == nil }) {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < tasks.count else { return }
          let outcome = try run(task: tasks[index], driver: driver)
          progress(
            finished.withLock { outcomes in
              outcomes[index] = outcome
              return outcomes.count
            })
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let outcomes = finished.withLock { outcomes in tasks.indices.compactMap { outcomes[$0] } }
    guard outcomes.count == tasks.count else { throw DataError.cancelled }
    return MetaTestReport(self, outcomes)
  }

  /// Times `count` plans from the start of the first task, with a context, one after the other, after a few to warm up;
  /// of plans that take more than `hopelessMs` only a few. Real-time: no.
  func timePlans(_ count: Int, hopelessMs: Double = .infinity) throws -> MetaTestReport.PlanTime {
    let driver = try makeDriver(self)
    let robot = try bed.robot(task: tasks[0])
    try warmStart.show(robot, of: bed, to: driver, seed: seed)
    try robot.reset(seed: seed)
    driver.reset(seed: seed)
    let observation = robot.observation
    let clock = ContinuousClock()
    var times: [Double] = []
    let warmUp = 5
    for plan in 0..<(warmUp + count) {
      let start = clock.now
      _ = driver.act(observation)
      let milliseconds = (clock.now - start) / .milliseconds(1)
      if plan >= warmUp { times.append(milliseconds) }
      driver.prepare()
      if plan == 2 * warmUp, times.min()! > hopelessMs { break }
    }
    return .init(times)
  }

  private func run(task number: Int, driver: any EpisodeDriver) throws -> TaskOutcome {
    let robot = try bed.robot(task: number)
    let check = try bed.twin(of: number).map { OpenLoopCheck(twin: $0, statistics: model.weights.statistics) }
    let reference = try bed.reference(task: number)
    // Streams: what belongs to this task is drawn from its number alone.
    var seeds = RandomSource(seed: seed, stream: UInt64(number))
    var outcome = TaskOutcome(number: number, parameters: robot.parameters)
    func references(_ seed: UInt64) throws -> StatedReturns? {
      try reference?.returns(of: robot, episodeLength: bed.episodeLength, seed: seed)
    }
    let start = seeds.next()
    if let first = try warmStart.show(robot, of: bed, to: driver, seed: start) {
      outcome.firstEpisode = TaskReturns(return: first.totalReward, reference: try references(start))
      outcome.missesInFirst = first.misses
    }
    for _ in 0..<episodes {
      let seed = seeds.next()
      outcome.episodes.append(
        try PlannedEpisode.drive(robot, driver: driver, seed: seed, steps: bed.episodeLength, check: check))
      outcome.references.append(try references(seed))
    }
    return outcome
  }
}

/// All episodes of one task.
struct TaskOutcome: Sendable {
  /// In its split.
  var number: Int
  var parameters: [Double]
  /// Of the episode that was the warm start, where the driver drove it itself.
  var firstEpisode: TaskReturns?
  var episodes: [PlannedEpisode] = []
  var references: [StatedReturns?] = []
  var missesInFirst = 0

  init(number: Int, parameters: [Double]) {
    self.number = number
    self.parameters = parameters
  }

  var returns: TaskReturns {
    TaskReturns(
      return: mean(episodes.map(\.totalReward)), expertReturn: meanIfKnown(references.map { $0?.expert }),
      randomReturn: meanIfKnown(references.map { $0?.random }))
  }
}
