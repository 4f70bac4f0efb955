// Stage two: the denoiser learns to restore windows of good episodes, told the noise level and mostly the context.

import CLearningKernels
import Foundation
import PlannerRuntime

/// Trains the denoiser step by step. Real-time: no.
package final class DenoiserTraining {
  package let data: TrainingData
  package let configuration: TrainingConfiguration
  package let network: Denoiser
  package let optimiser: ShardedOptimiser
  /// `[tasks][contextsPerTask][contextSize]`
  private let contexts: FloatBuffer
  /// Which windows to draw more often; nil: all alike.
  let weights: AdvantageWeights?
  private let workspaces: [DenoiserWorkspace]
  /// The clean windows of each shard, `[horizon][rows][rowSize]`.
  private let targets: [FloatBuffer]
  private let panels: FloatBuffer
  /// √ᾱ and √(1 − ᾱ) of each noise level.
  private let levels: [(signal: Float, noise: Float)]
  private let embeddings: [Float]
  private var losses = [Double](repeating: 0, count: ShardedOptimiser.shards)

  package init(
    _ data: TrainingData, contexts: FloatBuffer, weights: AdvantageWeights? = nil,
    _ configuration: TrainingConfiguration, workers: Workers
  ) {
    let shape = data.shape
    let rows = configuration.batch / ShardedOptimiser.shards
    let store = ParameterStore()
    let network = Denoiser(store, shape)
    store.seal(seed: configuration.seed &+ 1)
    self.network = network
    optimiser = ShardedOptimiser(
      store, learningRate: configuration.denoiserLearningRate, averageDecay: configuration.averageDecay,
      averageInterval: configuration.averageInterval, workers: workers)
    workspaces = (0..<ShardedOptimiser.shards).map { _ in DenoiserWorkspace(network, rows: rows) }
    targets = workspaces.map { _ in FloatBuffer(count: shape.horizon * rows * shape.rowSize) }
    panels = FloatBuffer(count: network.panelCount)
    levels = Schedule.cosine(steps: shape.denoisingSteps).map { (Float($0.squareRoot()), Float((1 - $0).squareRoot())) }
    embeddings = stepEmbeddings(steps: shape.denoisingSteps, size: shape.embeddingSize)
    self.data = data
    self.contexts = contexts
    self.weights = weights
    self.configuration = configuration
    parametersChanged()
  }

  /// To be called when the weights were set from outside, as from a checkpoint.
  package func parametersChanged() {
    network.pack(optimiser.store.values, panels.pointer, within: 0..<optimiser.store.count)
  }

  /// One optimiser step; the loss of its batch.
  package func step() -> Double {
    let step = optimiser.adam.step
    let progress = Double(step) / Double(configuration.denoiserSteps)
    optimiser.adam.learningRate = configuration.denoiserLearningRate * Float(0.5 + 0.5 * cos(.pi * min(progress, 1)))
    let values = optimiser.store.values
    optimiser.step { shard, gradients in
      let workspace = self.workspaces[shard]
      var random = RandomSource(seed: self.configuration.seed, stream: Stream.denoiser + UInt64(2 * step + shard))
      self.draw(workspace, self.targets[shard].pointer, &random)
      self.network.forward(values, self.panels.pointer, workspace)
      self.losses[shard] = self.loss(workspace, self.targets[shard].pointer)
      self.network.backward(values, self.panels.pointer, gradients, workspace)
    } afterwards: { part in
      self.network.pack(values, self.panels.pointer, within: part)
    }
    return losses.reduce(0, +)
  }

  /// The loss of the averaged weights over a fixed set of 32 batches.
  package func evaluate() -> Double {
    let average = optimiser.average.values.pointer
    let panels = FloatBuffer(count: network.panelCount)
    network.pack(average, panels.pointer, within: 0..<optimiser.store.count)
    var random = RandomSource(seed: configuration.seed, stream: Stream.evaluation)
    let batches = 32 * ShardedOptimiser.shards
    let total = (0..<batches).reduce(0.0) { sum, _ in
      draw(workspaces[0], targets[0].pointer, &random)
      network.forward(average, panels.pointer, workspaces[0])
      return sum + loss(workspaces[0], targets[0].pointer)
    }
    return total * Double(ShardedOptimiser.shards) / Double(batches)
  }

  /// Draws windows, noise levels, contexts and noise of one shard.
  private func draw(
    _ w: DenoiserWorkspace, _ target: UnsafeMutablePointer<Float>, _ random: inout RandomSource
  ) {
    let shape = data.shape
    let width = shape.rowSize
    for row in 0..<w.rows {
      let (task, start) = data.window(weights?.draw(&random) ?? random.index(below: data.windowCount))
      let level = random.index(below: shape.denoisingSteps)
      let pooled = task * configuration.contextsPerTask + random.index(below: configuration.contextsPerTask)
      w.contextKept[row] = random.uniform() < configuration.contextDropout ? 0 : 1
      (w.context + row * shape.contextSize).update(
        from: contexts.pointer + pooled * shape.contextSize, count: shape.contextSize)
      embeddings.withUnsafeBufferPointer {
        (w.stepEmbedding + row * shape.embeddingSize).update(
          from: $0.baseAddress! + level * shape.embeddingSize, count: shape.embeddingSize)
      }
      for time in 0..<shape.horizon {
        let clean = data.transition(start + time)
        let offset = (time * w.rows + row) * width
        (target + offset).update(from: clean, count: width)
        let noisy = w.sample + offset
        // The current state is known when planning, so it is known here.
        let known = time == 0 ? shape.observationSize : 0
        noisy.update(from: clean, count: known)
        for i in known..<width { noisy[i] = levels[level].signal * clean[i] + levels[level].noise * random.normal() }
      }
    }
  }

  /// This shard's part of the weighted mean squared error, and its gradient in `w.estimateGradient`.
  private func loss(_ w: DenoiserWorkspace, _ target: UnsafePointer<Float>) -> Double {
    let shape = data.shape
    let width = shape.rowSize
    let scale = 1 / Float(configuration.batch * shape.horizon * width)
    var total = 0.0
    for time in 0..<shape.horizon {
      for row in 0..<w.rows {
        let offset = (time * w.rows + row) * width
        var squares: Float = 0
        for i in 0..<width {
          let isFirstAction = i >= shape.observationSize
          let weight = time > 0 ? 1 : isFirstAction ? configuration.firstActionWeight : 0
          let error = w.estimate[offset + i] - target[offset + i]
          squares += weight * error * error
          w.estimateGradient[offset + i] = 2 * scale * weight * error
        }
        total += Double(squares)
      }
    }
    return total * Double(scale)
  }
}
