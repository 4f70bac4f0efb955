// Stage one: encoder, dynamics and reward model learn together to predict transitions of a task they must first make
// out.

import Foundation
import OfflineData
import PlannerRuntime

/// Trains the world model step by step. Real-time: no.
package final class WorldModelTraining {
  package let data: TrainingData
  package let configuration: TrainingConfiguration
  package let model: WorldModel
  package let optimiser: ShardedOptimiser
  private let workspaces: [WorldModel.Workspace]
  private let contrast: ContrastiveLoss?
  /// Contexts of each task that is drawn: a contrastive loss needs two, which share the task's queries.
  private let views: Int
  private var errors = [WorldModel.Errors](repeating: .init(), count: ShardedOptimiser.shards)

  package init(_ data: TrainingData, _ configuration: TrainingConfiguration, workers: Workers) {
    let store = ParameterStore()
    model = WorldModel(store, data.shape)
    store.seal(seed: configuration.seed)
    optimiser = ShardedOptimiser(
      store, learningRate: configuration.worldModelLearningRate, averageDecay: configuration.averageDecay,
      averageInterval: 1, workers: workers)
    contrast =
      configuration.context == .contrastive
      ? ContrastiveLoss(weight: configuration.contrastiveWeight, temperature: configuration.contrastiveTemperature)
      : nil
    let views = contrast == nil ? 1 : 2
    self.views = views
    let contexts = views * configuration.tasksPerStep / ShardedOptimiser.shards
    workspaces = (0..<ShardedOptimiser.shards).map { [model] _ in
      WorldModel.Workspace(
        model, contexts: contexts, evidence: contexts * configuration.mostContextTransitions,
        queriesPerContext: configuration.queriesPerTask / views)
    }
    self.data = data
    self.configuration = configuration
  }

  /// One optimiser step; mean errors of its batch as shares of the variance.
  package func step() -> WorldModel.Errors {
    let step = optimiser.adam.step
    let progress = Double(step) / Double(configuration.worldModelSteps)
    optimiser.adam.learningRate = configuration.worldModelLearningRate * Float(0.5 + 0.5 * cos(.pi * min(progress, 1)))
    let scale = 1 / Float(configuration.tasksPerStep * configuration.queriesPerTask)
    optimiser.step { shard, gradients in
      var random = RandomSource(
        seed: self.configuration.seed, stream: Stream.worldModel + UInt64(2 * step + shard))
      let workspace = self.workspaces[shard]
      let tasks = (0..<self.configuration.tasksPerStep / ShardedOptimiser.shards).flatMap { _ in
        [Int](repeating: random.index(below: self.data.tasks.count), count: self.views)
      }
      self.fill(workspace, tasks, queries: \.training, &random)
      gradients.update(repeating: 0, count: self.optimiser.store.count)
      self.errors[shard] = self.model.forward(self.optimiser.store.values, workspace)
      self.model.backward(self.optimiser.store.values, gradients, workspace, scale: scale, contrast: self.contrast)
    }
    return Self.mean(errors, count: 1 / Double(scale))
  }

  /// Mean errors of the averaged weights as shares of the variance: on training episodes, and on held-out ones (nil:
  /// none are held out) with contexts from training episodes.
  package func evaluate() -> (training: WorldModel.Errors, heldOut: WorldModel.Errors?) {
    func errors(on queries: KeyPath<TrainingData.Task, [TrainingData.Episode]>) -> WorldModel.Errors? {
      let tasks = data.tasks.indices.filter { !data.tasks[$0][keyPath: queries].isEmpty }
      guard !tasks.isEmpty else { return nil }
      var random = RandomSource(seed: configuration.seed, stream: Stream.evaluation)
      let perBatch = views * configuration.tasksPerStep / ShardedOptimiser.shards
      let batches = max(8, 4 * tasks.count / perBatch)
      let all = (0..<batches).map { batch in
        let chosen = (0..<perBatch).map { tasks[(batch * perBatch + $0) % tasks.count] }
        fill(workspaces[0], chosen, queries: queries, &random)
        return model.forward(optimiser.average.values.pointer, workspaces[0])
      }
      return Self.mean(all, count: Double(batches * perBatch * workspaces[0].queriesPerContext))
    }
    return (errors(on: \.training)!, errors(on: \.heldOut))
  }

  /// Contexts to label windows with, `[tasks][contextsPerTask][contextSize]`, from any episode of the task.
  package func labelContexts(workers: Workers) -> FloatBuffer {
    let size = data.shape.contextSize
    let count = configuration.contextsPerTask
    let pool = FloatBuffer(count: data.tasks.count * count * size)
    workers.run(shards: data.tasks.count) { task in
      var random = RandomSource(seed: self.configuration.seed, stream: Stream.contexts + UInt64(task))
      let most = self.configuration.mostContextTransitions
      let pass = self.model.encoder.makePass(contexts: 1, rows: most)
      let evidence = FloatBuffer(count: most * self.data.shape.evidenceSize)
      let episodes = EpisodePool(self.data.tasks[task].training + self.data.tasks[task].heldOut)
      for index in 0..<count {
        let taken = self.data.drawEvidence(
          of: task, from: episodes, self.configuration, &random, evidence.pointer)
        pass.forward(self.optimiser.average.values.pointer, evidence.pointer, counts: [taken])
        (pool.pointer + (task * count + index) * size).update(from: pass.context, count: size)
      }
    }
    return pool
  }

  /// Fills a workspace with a context and queries of each of `tasks`.
  private func fill(
    _ workspace: WorldModel.Workspace, _ tasks: [Int],
    queries: KeyPath<TrainingData.Task, [TrainingData.Episode]>, _ random: inout RandomSource
  ) {
    let width = data.shape.transitionSize
    var target = workspace.evidence
    var query = workspace.queries
    workspace.counts.removeAll(keepingCapacity: true)
    workspace.tasks = tasks
    for task in tasks {
      let count = data.drawEvidence(
        of: task, from: data.tasks[task].sources, configuration, &random, target)
      workspace.counts.append(count)
      target += count * data.shape.evidenceSize
      let episodes = data.tasks[task][keyPath: queries]
      for _ in 0..<workspace.queriesPerContext {
        let episode = episodes[random.index(below: episodes.count)]
        query.update(from: data.transition(episode.start + random.index(below: episode.length)), count: width)
        query += width
      }
    }
  }

  private static func mean(_ all: [WorldModel.Errors], count: Double) -> WorldModel.Errors {
    WorldModel.Errors(
      dynamics: all.reduce(0) { $0 + $1.dynamics } / count, reward: all.reduce(0) { $0 + $1.reward } / count)
  }
}
