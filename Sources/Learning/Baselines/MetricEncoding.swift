// FOCAL's context encoder: contexts of one task are drawn together and those of different tasks pushed apart.

import PlannerRuntime

/// The distance-metric loss of FOCAL (Li et al., 2021): ‖zᵢ − zⱼ‖² for two contexts of one task, 1 / (‖zᵢ − zⱼ‖² + ε)
/// for two of different tasks, each averaged over its pairs.
package enum DistanceMetric {
  static let epsilon: Float = 0.1

  /// The loss's two parts for `contexts`, `[n][size]`, and its gradient (set, not added).
  package static func loss(
    _ contexts: UnsafePointer<Float>, tasks: [Int], size: Int, gradient: UnsafeMutablePointer<Float>
  ) -> (same: Double, different: Double) {
    let count = tasks.count
    gradient.update(repeating: 0, count: count * size)
    let pairs = (0..<count).flatMap { first in ((first + 1)..<count).map { (first, $0) } }
    let samePairs = pairs.count { tasks[$0.0] == tasks[$0.1] }
    var sums = (same: 0.0, different: 0.0)
    for (first, second) in pairs {
      let (a, b) = (contexts + first * size, contexts + second * size)
      var square: Float = 0
      for i in 0..<size { square += (a[i] - b[i]) * (a[i] - b[i]) }
      // Of this pair's part with respect to the squared distance.
      let slope: Float
      if tasks[first] == tasks[second] {
        slope = 1 / Float(samePairs)
        sums.same += Double(square * slope)
      } else {
        let share = 1 / Float(pairs.count - samePairs)
        slope = -share / ((square + epsilon) * (square + epsilon))
        sums.different += Double(share / (square + epsilon))
      }
      for i in 0..<size {
        let part = 2 * slope * (a[i] - b[i])
        gradient[first * size + i] += part
        gradient[second * size + i] -= part
      }
    }
    return sums
  }
}

/// Trains the encoder alone: the actor-critic's losses do not reach it, as in FOCAL.
final class MetricEncoding: TrainingStage {
  let name = "encoder"
  var total: Int { options.encoderSteps }
  var optimisers: [ShardedOptimiser] { [optimiser] }
  let optimiser: ShardedOptimiser
  private let encoder: PoolEncoder
  private let data: BaselineData
  private let options: BaselineOptions
  private let shards: [Shard]

  private final class Shard: @unchecked Sendable {
    let pass: any EncoderPass
    let transitions: FloatBuffer
    var losses = (same: 0.0, different: 0.0)

    init(_ encoder: PoolEncoder, contexts: Int, transitions: Int, width: Int) {
      pass = encoder.makePass(contexts: contexts, rows: transitions)
      self.transitions = FloatBuffer(count: transitions * width)
    }
  }

  init(_ data: BaselineData, _ options: BaselineOptions, workers: Workers) {
    let store = ParameterStore()
    let encoder = PoolEncoder(store, data.shape)
    store.seal(seed: options.seed &+ 1)
    self.encoder = encoder
    self.data = data
    self.options = options
    optimiser = ShardedOptimiser(
      store, learningRate: options.learningRate, averageDecay: 1 - options.smoothing, averageInterval: 1,
      workers: workers)
    // Two contexts for each task.
    let contexts = 2 * options.tasksPerStep / ShardedOptimiser.shards
    shards = (0..<ShardedOptimiser.shards).map { _ in
      Shard(
        encoder, contexts: contexts, transitions: contexts * data.configuration.mostContextTransitions,
        width: data.shape.transitionSize)
    }
  }

  /// Losses: pairs of one task, pairs of different tasks.
  func step() -> [Double] {
    let step = optimiser.adam.step
    let values = optimiser.store.values
    optimiser.step { [self] index, gradients in
      let shard = shards[index]
      var random = RandomSource(seed: options.seed, stream: Stream.metric + UInt64(2 * step + index))
      var tasks: [Int] = []
      var counts: [Int] = []
      var next = shard.transitions.pointer
      for _ in 0..<options.tasksPerStep / ShardedOptimiser.shards {
        let task = random.index(below: data.data.tasks.count)
        for _ in 0..<2 {
          let taken = data.data.drawContext(
            from: data.data.tasks[task].sources, data.configuration, &random, next)
          tasks.append(task)
          counts.append(taken)
          next += taken * data.shape.transitionSize
        }
      }
      shard.pass.forward(values, shard.transitions.pointer, counts: counts)
      shard.losses = DistanceMetric.loss(
        shard.pass.context, tasks: tasks, size: encoder.contextSize, gradient: shard.pass.contextGradient)
      gradients.update(repeating: 0, count: optimiser.store.count)
      shard.pass.backward(values, gradients, shard.transitions.pointer, counts: counts)
    }
    let parts = Double(ShardedOptimiser.shards)
    return [
      shards.reduce(0) { $0 + $1.losses.same } / parts, shards.reduce(0) { $0 + $1.losses.different } / parts,
    ]
  }

  /// The context of `transitions`, `[n][transitionSize]`, with the averaged weights.
  func encode(_ transitions: [Float]) -> [Float] {
    let count = transitions.count / data.shape.transitionSize
    let pass = encoder.makePass(contexts: 1, rows: count)
    pass.forward(optimiser.average.values.pointer, transitions, counts: [count])
    return Array(UnsafeBufferPointer(start: pass.context, count: encoder.contextSize))
  }
}
