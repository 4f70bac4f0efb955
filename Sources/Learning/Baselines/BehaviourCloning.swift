// Behaviour cloning with context: the policy that acts as the best episodes of the data did, told the model's own
// context.

import PlannerRuntime

/// Minimises the mean squared difference between the policy's actions and those of the best episodes.
final class BehaviourCloning: TrainingStage {
  let name = "policy"
  var total: Int { options.cloningSteps }
  var optimisers: [ShardedOptimiser] { [optimiser] }
  let optimiser: ShardedOptimiser
  private let data: BaselineData
  private let contexts: ContextPool
  private let options: BaselineOptions
  private let policy: TanhPolicy
  private let shards: [Shard]

  private final class Shard: @unchecked Sendable {
    let workspace: MultilayerPerceptron.Workspace
    let input, target, gradient: FloatBuffer
    var loss = 0.0

    init(_ policy: TanhPolicy, rows: Int) {
      workspace = .init(policy.network, rows: rows)
      input = FloatBuffer(count: rows * policy.network.inputSize)
      target = FloatBuffer(count: rows * policy.network.outputSize)
      gradient = FloatBuffer(count: rows * policy.network.outputSize)
    }
  }

  init(_ data: BaselineData, contexts: ContextPool, _ options: BaselineOptions, workers: Workers) {
    let store = ParameterStore()
    let policy = TanhPolicy(
      store, inputSize: data.inputSize, hiddenSize: options.hiddenSize, actionSize: data.shape.actionSize)
    store.seal(seed: options.seed)
    self.data = data
    self.contexts = contexts
    self.options = options
    self.policy = policy
    optimiser = ShardedOptimiser(
      store, learningRate: options.learningRate, averageDecay: 1 - options.smoothing, averageInterval: 1,
      workers: workers)
    shards = (0..<ShardedOptimiser.shards).map { _ in
      Shard(policy, rows: options.batch / ShardedOptimiser.shards)
    }
  }

  func step() -> [Double] {
    let step = optimiser.adam.step
    let values = optimiser.store.values
    let rows = options.batch / ShardedOptimiser.shards
    optimiser.step { [self] index, gradients in
      let shard = shards[index]
      var random = RandomSource(seed: options.seed, stream: Stream.cloning + UInt64(2 * step + index))
      for row in 0..<rows {
        let (task, transition) = data.imitated(&random)
        let input = shard.input.pointer + row * data.inputSize
        data.copyState(transition, to: input)
        (input + data.shape.observationSize).update(
          from: contexts.place(task, random.index(below: contexts.count)), count: contexts.size)
        data.copyAction(transition, to: shard.target.pointer + row * data.shape.actionSize)
      }
      policy.forward(values, shard.input.pointer, shard.workspace, rows: rows)
      let scale = 1 / Float(options.batch * data.shape.actionSize)
      shard.loss = 0
      for i in 0..<shard.target.count {
        let error = shard.workspace.output[i] - shard.target.pointer[i]
        shard.loss += Double(error * error * scale)
        shard.gradient.pointer[i] = 2 * scale * error
      }
      gradients.update(repeating: 0, count: optimiser.store.count)
      policy.backward(
        values, gradients, input: shard.input.pointer, actionGradient: shard.gradient.pointer, shard.workspace,
        rows: rows)
    }
    return [shards.reduce(0) { $0 + $1.loss }]
  }
}
