// The planner's training data as policies and critics read it: states normalised, actions within −1 … 1, contexts
// beside them.

import OfflineData
import PlannerModel
import PlannerRuntime

/// Transitions of a data set with a pool of contexts for each task. Immutable but for the contexts. Real-time: no.
final class BaselineData: @unchecked Sendable {
  let data: TrainingData
  let configuration: TrainingConfiguration
  var shape: PlannerShape { data.shape }
  /// Numbers in a policy's input: state and context.
  var inputSize: Int { shape.observationSize + shape.contextSize }
  private let actionLimit: Float

  init(_ dataset: Dataset, _ shape: PlannerShape, _ configuration: TrainingConfiguration) throws(LearningError) {
    data = try TrainingData(dataset, shape, configuration)
    self.configuration = configuration
    actionLimit = dataset.actionLimit
  }

  /// The state before transition `index`, normalised, `[observationSize]`.
  func copyState(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    target.update(from: data.transition(index), count: shape.observationSize)
  }

  /// The action as a share of the limit, `[actionSize]`.
  func copyAction(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    let row = data.transition(index) + shape.observationSize
    let statistics = data.statistics.action
    for i in 0..<shape.actionSize {
      target[i] = (row[i] * statistics.deviation[i] + statistics.mean[i]) / actionLimit
    }
  }

  /// A transition drawn uniformly from the windows of the best episodes, and its task.
  func imitated(_ random: inout RandomSource) -> (task: Int, index: Int) {
    let (task, start) = data.window(random.index(below: data.windowCount))
    return (task, start + random.index(below: shape.horizon))
  }

  /// `count` contexts of each task as `encode` makes them of transitions, `[n][transitionSize]`, drawn as the model's
  /// were.
  func contextPool(
    count: Int, seed: UInt64, workers: Workers, encode: @escaping (_ transitions: [Float]) -> [Float]
  ) -> ContextPool {
    let pool = ContextPool(count: count, size: shape.contextSize, tasks: data.tasks.count)
    workers.run(shards: data.tasks.count) { task in
      var random = RandomSource(seed: seed, stream: Stream.baselineContexts + UInt64(task))
      let transitions = FloatBuffer(count: self.configuration.mostContextTransitions * self.shape.transitionSize)
      let episodes = EpisodePool(self.data.tasks[task].training + self.data.tasks[task].heldOut)
      for index in 0..<count {
        let taken = self.data.drawContext(from: episodes, self.configuration, &random, transitions.pointer)
        let context = encode(
          Array(UnsafeBufferPointer(start: transitions.pointer, count: taken * self.shape.transitionSize)))
        pool.place(task, index).update(from: context, count: context.count)
      }
    }
    return pool
  }
}

/// Contexts to label transitions with, `[tasks][count][size]`.
final class ContextPool: @unchecked Sendable {
  let count: Int, size: Int
  private let contexts: FloatBuffer

  init(count: Int, size: Int, tasks: Int) {
    self.count = count
    self.size = size
    contexts = FloatBuffer(count: tasks * count * size)
  }

  /// Context `index` of `task`, `[size]`.
  func place(_ task: Int, _ index: Int) -> UnsafeMutablePointer<Float> {
    contexts.pointer + (task * count + index) * size
  }
}
