// Training of an expert: robots live through episodes of ever new tasks, the learner updates on what they lived
// through.

import Foundation
import Learning
import PlannerRuntime
import Tasks

/// Trains one task-conditioned soft actor-critic for a family, on tasks newly drawn for every episode: a fair yardstick
/// on tasks that are in no list, too.
///
/// Work comes in rounds: every robot lives through one episode under a task of its own while the learner makes
/// `robots · episodeLength / stepsPerUpdate` updates. Between rounds there is no simulation in flight, so that a
/// checkpoint holds everything and a resumed run equals an uninterrupted one, bit for bit. One thread drives it.
public final class ExpertTrainer {
  public let family: TaskFamily
  public let options: ExpertOptions
  /// Updates made so far.
  public internal(set) var updates = 0
  /// Mean return of uniformly random actions over the training tasks.
  public internal(set) var randomReturn = 0.0
  /// The policies kept so far, oldest first.
  public internal(set) var snapshots: [Snapshot] = []
  let learner: SoftActorCritic
  let replay: ReplayBuffer
  let parameterNormaliser: Normaliser
  var observationNormaliser: Normaliser?
  /// Draws tasks, starts and actions; batches and their noise have a stream of their own.
  var worldRandom: RandomSource
  var batchRandom: RandomSource
  var lastLosses = SoftActorCritic.Losses()
  private let workers: Workers
  private let batch: TransitionBatch

  /// A policy as it was after some updates, with its mean return over the training tasks.
  public struct Snapshot: Sendable {
    public let updates: Int
    public let meanReturn: Double
    let weights: [Float]
  }

  /// One line of progress.
  public struct Progress: Sendable {
    public let updates: Int
    public let meanReturn: Double
    public let criticLoss: Float
    public let policyLoss: Float
    public let entropy: Float
    public let temperature: Float
  }

  public init(family: TaskFamily, options: ExpertOptions, threads: Int) throws(LearningError) {
    try options.check()
    self.family = family
    self.options = options
    // The law of the tasks, not the few of the list.
    let tasks = family.trainTasks(count: 1000).map { $0.map { Float($0) } }
    let parameterCount = family.parameterNames.count
    parameterNormaliser = tasks.withUnsafeBufferPointer { tasks in
      let flat = FloatBuffer(count: tasks.count * parameterCount)
      flat.assign(tasks.flatMap { $0 })
      return Normaliser(rows: tasks.count, channels: parameterCount) {
        UnsafePointer(flat.pointer + $0 * parameterCount)
      }
    }
    let inputSize = family.observationSize + parameterCount
    learner = SoftActorCritic(options: options, inputSize: inputSize, actionSize: family.actionSize)
    replay = ReplayBuffer(
      capacity: options.replayCapacity, observationSize: family.observationSize, actionSize: family.actionSize,
      outcomeSize: family.outcomeSize, parameterCount: parameterCount)
    batch = TransitionBatch(rows: options.batchSize, inputSize: inputSize, actionSize: family.actionSize)
    worldRandom = RandomSource(seed: options.seed, stream: 1)
    batchRandom = RandomSource(seed: options.seed, stream: 2)
    workers = Workers(threads: threads)
  }

  public var isFinished: Bool { updates >= options.updates }

  /// One round. The first rounds only gather random experience; the round that completes the warm-up measures the
  /// normalisation. Returns progress when an evaluation was due.
  public func round() throws -> Progress? {
    let before = updates
    let policy = observationNormaliser.map(makePolicy)
    let tasks = try (0..<options.robots).map { _ in try family.task(parameters: family.drawTask(&worldRandom)) }
    for task in tasks { task.reset(seed: worldRandom.next()) }
    for _ in 0..<family.episodeLength {
      for task in tasks { step(task, policy) }
      guard let observationNormaliser else { continue }
      for _ in 0..<options.robots / options.stepsPerUpdate { try update(observationNormaliser) }
    }
    if observationNormaliser == nil, replay.count >= options.warmUpSteps {
      observationNormaliser = Normaliser(rows: replay.count, channels: family.observationSize) { [replay] in
        replay[$0].observation
      }
      randomReturn = try evaluateRandom()
    }
    let interval = options.evaluationInterval
    guard let policy, updates / interval > before / interval || isFinished else { return nil }
    let meanReturn = try evaluate(policy, episodes: 1)
    snapshots.append(Snapshot(updates: updates, meanReturn: meanReturn, weights: learner.policyStore.valueBuffer.array))
    return Progress(
      updates: updates, meanReturn: meanReturn, criticLoss: lastLosses.critic, policyLoss: lastLosses.policy,
      entropy: lastLosses.entropy, temperature: learner.temperature)
  }

  private func step(_ task: any ControlTask, _ policy: ExpertPolicy?) {
    let observation = task.observation
    let action =
      policy?.sampledAction(observation: observation, parameters: task.parameters, random: &worldRandom)
      ?? family.randomAction(&worldRandom)
    let result = task.step(action: action)
    replay.add(
      observation: observation, action: family.shares(action), nextObservation: task.observation,
      outcome: result.outcome, parameters: task.parameters, terminated: result.terminated)
    if result.terminated { task.reset(seed: worldRandom.next()) }
  }

  private func update(_ normaliser: Normaliser) throws(LearningError) {
    fillBatch(normaliser)
    // Constant, then a straight line down to a tenth over the last third.
    let remaining = Float(options.updates - updates) / Float(options.updates) * 3
    let factor = 0.1 + 0.9 * min(max(remaining, 0), 1)
    lastLosses = learner.update(batch, learningRate: options.learningRate * factor, workers: workers)
    updates += 1
    guard lastLosses.critic.isFinite, lastLosses.policy.isFinite else {
      throw .diverged(what: "the expert's loss", step: updates)
    }
  }

  private func fillBatch(_ normaliser: Normaliser) {
    let inputSize = learner.inputSize
    var parameters = [Double](repeating: 0, count: replay.parameterCount)
    var parameterValues = [Float](repeating: 0, count: replay.parameterCount)
    for row in 0..<batch.rows {
      let stored = replay[batchRandom.index(below: replay.count)]
      if family.parametersChange == .reward, batchRandom.uniform() < options.relabelledShare {
        parameters = family.drawTask(&batchRandom)
      } else {
        for i in parameters.indices { parameters[i] = Double(stored.parameters[i]) }
      }
      for i in parameters.indices { parameterValues[i] = Float(parameters[i]) }
      batch.rewards.pointer[row] = Float(
        family.reward(outcome: stored.outcome.map { Double($0) }, parameters: parameters))
      batch.continues.pointer[row] = stored.terminated ? 0 : 1
      for (target, observation) in [
        (batch.inputs.pointer, stored.observation), (batch.nextInputs.pointer, stored.nextObservation),
      ] {
        normaliser.normalise(observation, into: target + row * inputSize)
        parameterNormaliser.normalise(parameterValues, into: target + row * inputSize + replay.observationSize)
      }
      (batch.actions.pointer + row * replay.actionSize).update(from: stored.action, count: replay.actionSize)
    }
    for buffer in [batch.noise, batch.nextNoise] {
      for i in 0..<buffer.count { buffer.pointer[i] = batchRandom.normal() }
    }
  }

  /// The present policy; it goes on changing with the learner.
  private func makePolicy(_ normaliser: Normaliser) -> ExpertPolicy {
    makePolicy(normaliser, weights: learner.policyStore.valueBuffer)
  }

  func makePolicy(_ normaliser: Normaliser, weights: FloatBuffer) -> ExpertPolicy {
    ExpertPolicy(
      network: learner.policy, weights: weights, observation: normaliser, parameters: parameterNormaliser,
      actionLower: family.actionChannels.map(\.lower), actionUpper: family.actionChannels.map(\.upper))
  }

  /// Mean return over the training tasks, `episodes` each, with the middle of the policy's distribution.
  package func evaluate(_ policy: ExpertPolicy, episodes: Int) throws -> Double {
    try meanReturn(episodes: episodes) { policy.meanAction(observation: $0.observation, parameters: $0.parameters) }
  }

  private func evaluateRandom() throws -> Double {
    var random = RandomSource(seed: options.seed, stream: 3)
    return try meanReturn(episodes: 1) { _ in family.randomAction(&random) }
  }

  private func meanReturn(episodes: Int, action: (any ControlTask) -> [Float]) throws -> Double {
    var total = 0.0
    for (index, parameters) in family.trainTasks.enumerated() {
      let task = try family.task(parameters: parameters)
      for episode in 0..<episodes {
        task.reset(seed: UInt64(index * episodes + episode))
        for _ in 0..<family.episodeLength {
          let result = task.step(action: action(task))
          total += result.reward
          if result.terminated { break }
        }
      }
    }
    return total / Double(family.trainTasks.count * episodes)
  }
}
