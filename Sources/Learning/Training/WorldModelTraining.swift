// Stage one: encoder, dynamics and reward model learn together to predict transitions of a task they must first make out.

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
  private var errors = [WorldModel.Errors](repeating: .init(), count: ShardedOptimiser.shards)

  package init(_ data: TrainingData, _ configuration: TrainingConfiguration, workers: Workers) {
    let store = ParameterStore()
    model = WorldModel(store, data.shape)
    store.seal(seed: configuration.seed)
    optimiser = ShardedOptimiser(
      store, learningRate: configuration.worldModelLearningRate, averageDecay: configuration.averageDecay,
      averageInterval: 1, workers: workers)
    let contexts = configuration.tasksPerStep / ShardedOptimiser.shards
    workspaces = (0..<ShardedOptimiser.shards).map { [model] _ in
      WorldModel.Workspace(
        model, contexts: contexts, transitions: contexts * configuration.mostContextTransitions,
        queriesPerContext: configuration.queriesPerTask)
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
      let tasks = (0..<self.configuration.tasksPerStep / ShardedOptimiser.shards).map { _ in
        random.index(below: self.data.tasks.count)
      }
      self.fill(workspace, tasks, contexts: \.training, queries: \.training, &random)
      gradients.update(repeating: 0, count: self.optimiser.store.count)
      self.errors[shard] = self.model.forward(self.optimiser.store.values, workspace)
      self.model.backward(self.optimiser.store.values, gradients, workspace, scale: scale)
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
      let perBatch = configuration.tasksPerStep / ShardedOptimiser.shards
      let batches = max(8, 4 * tasks.count / perBatch)
      let all = (0..<batches).map { batch in
        let chosen = (0..<perBatch).map { tasks[(batch * perBatch + $0) % tasks.count] }
        fill(workspaces[0], chosen, contexts: \.training, queries: queries, &random)
        return model.forward(optimiser.average.values.pointer, workspaces[0])
      }
      return Self.mean(all, count: Double(batches * perBatch * configuration.queriesPerTask))
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
      let workspace = TransitionEncoder.Workspace(self.model.encoder, contexts: 1, transitions: most)
      let transitions = FloatBuffer(count: most * self.data.shape.transitionSize)
      let episodes = self.data.tasks[task].training + self.data.tasks[task].heldOut
      for index in 0..<count {
        let taken = self.data.drawContext(from: episodes, self.configuration, &random, transitions.pointer)
        self.model.encoder.forward(
          self.optimiser.average.values.pointer, transitions.pointer, counts: [taken], workspace)
        (pool.pointer + (task * count + index) * size).update(from: workspace.context, count: size)
      }
    }
    return pool
  }

  /// Fills a workspace with a context and queries of each of `tasks`.
  private func fill(
    _ workspace: WorldModel.Workspace, _ tasks: [Int],
    contexts: KeyPath<TrainingData.Task, [TrainingData.Episode]>,
    queries: KeyPath<TrainingData.Task, [TrainingData.Episode]>, _ random: inout RandomSource
  ) {
    let width = data.shape.transitionSize
    var target = workspace.transitions
    var query = workspace.queries
    workspace.counts.removeAll(keepingCapacity: true)
    for task in tasks {
      let count = data.drawContext(from: data.tasks[task][keyPath: contexts], configuration, &random, target)
      workspace.counts.append(count)
      target += count * width
      let episodes = data.tasks[task][keyPath: queries]
      for _ in 0..<configuration.queriesPerTask {
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
