// Recording: episodes of simulated robots under given behaviours, on all cores, the same on any number of them.

import Dispatch
import Foundation
import OfflineData
import PlannerRuntime
import Synchronization
import Tasks

extension Episode {
  /// Resets `task` and drives it for one episode, which begins after a stumble if that is asked for. The behaviour is
  /// told `told`, the task's parameters unless given, and before a stumble `detour`. Everything random comes from
  /// `random`. Real-time: no.
  public static func record(
    _ task: any ControlTask, number: Int, behaviour: String, policy: BehaviourPolicy, stumblesFirst: Bool = false,
    told: [Double]? = nil, detour: [Double]? = nil, random: inout RandomSource
  ) -> Episode {
    task.reset(seed: random.next())
    while stumblesFirst, !stumble(task, policy: policy, detour: detour, random: &random) {
      task.reset(seed: random.next())
    }
    var episode = Episode(
      task: number, parameters: task.parameters, behaviour: behaviour, observations: task.observation, actions: [],
      rewards: [], terminated: false)
    while episode.length < task.family.episodeLength && !episode.terminated {
      // What is recorded is what the robot did, hence clamped here already.
      let action = task.family.clamped(policy(&random, task.observation, told ?? task.parameters))
      let result = task.step(action: action)
      episode.actions += action
      episode.rewards.append(Float(result.reward))
      episode.observations += task.observation
      episode.terminated = result.terminated
    }
    return episode
  }

  /// A while of the behaviour, then a burst of random actions, or a while for another task, the `detour`; false if that
  /// ended the episode.
  private static func stumble(
    _ task: any ControlTask, policy: BehaviourPolicy, detour: [Double]?, random: inout RandomSource
  ) -> Bool {
    let family = task.family
    let way = random.index(below: family.episodeLength / 3 + 1)
    // Who changes from one task to another is in full motion.
    let burst = detour == nil ? 1 + random.index(below: family.episodeLength / 8 + 1) : 0
    for step in 0..<(way + burst) {
      let action =
        step < way
        ? policy(&random, task.observation, detour ?? task.parameters)
        : family.randomAction(&random)
      if task.step(action: action).terminated { return false }
    }
    return true
  }
}

/// One episode to record.
public struct RecordingJob: Sendable {
  /// Number of the task in the data set.
  public var task: Int
  /// Must fit the family; see `TaskFamily.task(parameters:)`.
  public var parameters: [Double]
  public var behaviour: Behaviour
  /// What the behaviour takes for the task's parameters, if not what they are.
  public var told: [Double]?
  /// The task that it drives for before a stumble, if another one.
  public var detour: [Double]?

  public init(
    task: Int, parameters: [Double], behaviour: Behaviour, told: [Double]? = nil, detour: [Double]? = nil
  ) {
    self.told = told
    self.detour = detour
    self.task = task
    self.parameters = parameters
    self.behaviour = behaviour
  }
}

extension Dataset {
  /// An empty data set with the channels and period of `family`.
  public init(family: TaskFamily, provenance: [String: String] = [:]) {
    self.init(
      family: family.name, observationChannels: family.observationChannels, actionChannels: family.actionChannels,
      periodNanoseconds: family.periodNanoseconds, provenance: provenance)
  }

  /// Records one episode a job, in the jobs' order. The result depends on `jobs` and `seed` alone.
  ///
  /// `isCancelled` is asked before each episode and `progress` is told after it, from any of the threads.
  /// Throws `.cancelled`, or `.behaviour` when one cannot make its policy. Real-time: no.
  public static func collect(
    family: TaskFamily, jobs: [RecordingJob], seed: UInt64,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    isCancelled: @Sendable () -> Bool = { false },
    progress: @Sendable (_ finishedEpisodes: Int) -> Void = { _ in }
  ) throws(DataError) -> Dataset {
    let next = Atomic(0)
    let finished = Mutex<[Int: Episode]>([:])
    let failure = Mutex<DataError?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      var policies: [String: BehaviourPolicy] = [:]
      while !isCancelled() {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < jobs.count else { return }
        let job = jobs[index]
        let name = job.behaviour.name
        do {
          let policy = try policies[name] ?? job.behaviour.makePolicy()
          policies[name] = policy
          var random = RandomSource(seed: seed, stream: UInt64(index))
          let episode = Episode.record(
            try family.task(parameters: job.parameters), number: job.task, behaviour: name, policy: policy,
            stumblesFirst: job.behaviour.stumblesFirst, told: job.told, detour: job.detour, random: &random)
          let count = finished.withLock { episodes in
            episodes[index] = episode
            return episodes.count
          }
          progress(count)
        } catch {
          failure.withLock { $0 = .behaviour(name: name, reason: "\(error)") }
          return
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let episodes = finished.withLock { episodes in jobs.indices.compactMap { episodes[$0] } }
    guard episodes.count == jobs.count else { throw .cancelled }
    var dataset = Dataset(family: family)
    dataset.episodes = episodes
    return dataset
  }
}
