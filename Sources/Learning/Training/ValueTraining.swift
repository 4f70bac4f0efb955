// Stage two, of models that have a value: the rewards that follow a state, learnt from every behaviour in the data.

import CLearningKernels
import Foundation
import PlannerRuntime

/// Trains V(s, z), the discounted sum of rewards in units of their spread, step by step. Real-time: no.
///
/// One-step targets with an expectile above the mean: the value function of implicit Q-learning (Kostrikov et al.,
/// 2022) without its Q. Where the dynamics are deterministic, as here, the better targets of a state belong to better
/// actions. V is then the value of the best actions in the data, not of their average.
package final class ValueTraining {
  package let optimiser: ShardedOptimiser
  private let data: TrainingData
  private let configuration: TrainingConfiguration
  /// `[tasks][contextsPerTask][contextSize]`
  private let contexts: FloatBuffer
  private let network: MultilayerPerceptron
  private let workers: Workers
  private let shards: [Shard]
  private var rows: Int { configuration.valueBatch / ShardedOptimiser.shards }
  private var inputSize: Int { network.inputSize }

  private final class Shard: @unchecked Sendable {
    let workspace: MultilayerPerceptron.Workspace
    let input, nextInput: FloatBuffer  // [rows][state, context]
    let target, gradient: FloatBuffer  // [rows]
    var loss = 0.0

    init(_ network: MultilayerPerceptron, rows: Int) {
      workspace = .init(network, rows: rows)
      input = FloatBuffer(count: rows * network.inputSize)
      nextInput = FloatBuffer(count: rows * network.inputSize)
      target = FloatBuffer(count: rows)
      gradient = FloatBuffer(count: rows)
    }
  }

  package init(
    _ data: TrainingData, contexts: FloatBuffer, _ configuration: TrainingConfiguration, workers: Workers
  ) {
    let store = ParameterStore()
    network = MultilayerPerceptron(value: store, data.shape)
    store.seal(seed: configuration.seed &+ 2)
    // The average of the weights is the target network, and what is saved.
    optimiser = ShardedOptimiser(
      store, learningRate: configuration.valueLearningRate, averageDecay: configuration.averageDecay,
      averageInterval: 1, workers: workers)
    shards = (0..<ShardedOptimiser.shards).map { [network] _ in
      Shard(network, rows: configuration.valueBatch / ShardedOptimiser.shards)
    }
    self.data = data
    self.contexts = contexts
    self.configuration = configuration
    self.workers = workers
  }

  /// One optimiser step; the expectile loss of its batch.
  package func step() -> Double {
    let step = optimiser.adam.step
    let progress = Double(step) / Double(configuration.valueSteps)
    optimiser.adam.learningRate = configuration.valueLearningRate * Float(0.5 + 0.5 * cos(.pi * min(progress, 1)))
    optimiser.step { [self] index, gradients in
      var random = RandomSource(seed: configuration.seed, stream: Stream.value + UInt64(2 * step + index))
      draw(shards[index], &random)
      addGradients(shards[index], gradients)
    }
    return shards.reduce(0) { $0 + $1.loss }
  }

  /// Transitions drawn uniformly from all data, each with a context of its task, and their targets r + γ V'(s', z).
  private func draw(_ shard: Shard, _ random: inout RandomSource) {
    let (stateSize, contextSize) = (data.shape.observationSize, data.shape.contextSize)
    for row in 0..<rows {
      let transition = random.index(below: data.transitionCount)
      let context = context(of: data.task(of: transition), random.index(below: configuration.contextsPerTask))
      let (input, next) = (shard.input.pointer + row * inputSize, shard.nextInput.pointer + row * inputSize)
      input.update(from: data.transition(transition), count: stateSize)
      data.copyNextState(transition, to: next)
      (input + stateSize).update(from: context, count: contextSize)
      (next + stateSize).update(from: context, count: contextSize)
      shard.target.pointer[row] = data.reward(transition)
      shard.gradient.pointer[row] = data.continues(transition)
    }
    network.forward(optimiser.average.values.pointer, shard.nextInput.pointer, shard.workspace, rows: rows)
    for row in 0..<rows {
      shard.target.pointer[row] +=
        configuration.valueDiscount * shard.gradient.pointer[row] * shard.workspace.output[row]
    }
  }

  /// Of |τ − [u < 0]| u² with u = target − V(s, z).
  private func addGradients(_ shard: Shard, _ gradients: UnsafeMutablePointer<Float>) {
    let values = optimiser.store.values
    let scale = 1 / Float(configuration.valueBatch)
    network.forward(values, shard.input.pointer, shard.workspace, rows: rows)
    shard.loss = 0
    for row in 0..<rows {
      let shortfall = shard.target.pointer[row] - shard.workspace.output[row]
      let weight = shortfall < 0 ? 1 - configuration.valueExpectile : configuration.valueExpectile
      shard.loss += Double(weight * shortfall * shortfall * scale)
      shard.gradient.pointer[row] = -2 * scale * weight * shortfall
    }
    gradients.update(repeating: 0, count: optimiser.store.count)
    network.backward(
      values, gradients, input: shard.input.pointer, outputGradient: shard.gradient.pointer, inputGradient: nil,
      shard.workspace, rows: rows)
  }

  private func context(of task: Int, _ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(contexts.pointer + (task * configuration.contextsPerTask + index) * data.shape.contextSize)
  }

  /// V of the state before each transition, with the mean over a few contexts of its task, `[transitions]`.
  package func values() -> FloatBuffer {
    let all = FloatBuffer(count: data.transitionCount)
    let (stateSize, contextSize) = (data.shape.observationSize, data.shape.contextSize)
    let count = min(4, configuration.contextsPerTask)
    workers.run(shards: data.tasks.count) { [self] task in
      let longest = (data.tasks[task].training + data.tasks[task].heldOut).map(\.length).max() ?? 0
      let workspace = MultilayerPerceptron.Workspace(network, rows: longest)
      let input = FloatBuffer(count: longest * inputSize)
      for episode in data.tasks[task].training + data.tasks[task].heldOut {
        for index in 0..<count {
          for row in 0..<episode.length {
            let target = input.pointer + row * inputSize
            target.update(from: data.transition(episode.start + row), count: stateSize)
            (target + stateSize).update(from: context(of: task, index), count: contextSize)
          }
          network.forward(optimiser.average.values.pointer, input.pointer, workspace, rows: episode.length)
          for row in 0..<episode.length {
            all.pointer[episode.start + row] += workspace.output[row] / Float(count)
          }
        }
      }
    }
    return all
  }
}

extension MultilayerPerceptron {
  /// The value network of a model: state and context in, one number out.
  init(value store: ParameterStore, _ shape: PlannerShape) {
    let width = PlannerShape.worldModelWidth
    self.init(
      store, LayerName.value, sizes: [shape.observationSize + shape.contextSize, width, width, 1], activation: .silu)
  }
}
