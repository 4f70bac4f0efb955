// One optimiser step over a batch cut in two: gradients added in order, then Adam and the average on halves of the
// weights.

import CLearningKernels

/// Trains a `ParameterStore` on batches of two shards. Results do not depend on the number of threads. Real-time: no.
package final class ShardedOptimiser {
  /// Every batch is cut in so many shards, on one thread or two.
  package static let shards = 2

  package let store: ParameterStore
  package let adam: Adam
  /// What each shard's backward pass fills, `[shards]`.
  package let gradients: [FloatBuffer]
  /// The exponential average of the weights over the later steps: what is saved.
  package let average: WeightAverage
  private let averageInterval: Int
  private let workers: Workers
  /// Halves of the parameters, cut between tensors.
  private let parts: [Range<Int>]

  /// The average takes part of the weights every `averageInterval` steps.
  package init(
    _ store: ParameterStore, learningRate: Float, averageDecay: Float, averageInterval: Int, workers: Workers
  ) {
    self.store = store
    self.averageInterval = averageInterval
    self.workers = workers
    adam = Adam(count: store.count, learningRate: learningRate)
    gradients = (0..<Self.shards).map { _ in store.makeBuffer() }
    average = WeightAverage(store, decay: averageDecay)
    let middle = store.entries.map(\.slot.offset).first { $0 >= store.count / 2 } ?? store.count
    parts = [0..<middle, middle..<store.count]
  }

  /// Runs `shard(index, gradients)` for each shard, then updates the weights; `afterwards` is called for each part of
  /// the parameters once it is up to date.
  package func step(
    _ shard: @escaping (Int, UnsafeMutablePointer<Float>) -> Void, afterwards: @escaping (Range<Int>) -> Void = { _ in }
  ) {
    let sum = gradients[0].pointer
    workers.run(shards: Self.shards) { shard($0, self.gradients[$0].pointer) }
    // Nothing is clipped here, so that the step's size does not wait for the sum of the gradients.
    let stepSize = adam.beginStep(gradients: sum)
    let (updates, rest) = adam.step.quotientAndRemainder(dividingBy: averageInterval)
    workers.run(shards: parts.count) { index in
      let part = self.parts[index]
      lk_add(part.count, self.gradients[1].pointer + part.lowerBound, sum + part.lowerBound)
      self.adam.update(self.store.values, gradients: sum, part, stepSize)
      if rest == 0 { self.average.update(self.store.values, part, decay: self.average.decay(atUpdate: updates)) }
      afterwards(part)
    }
  }
}
