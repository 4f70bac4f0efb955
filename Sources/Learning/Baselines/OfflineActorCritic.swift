// An actor-critic that learns from recorded data alone: TD3 with a term that holds the policy to the data's actions.

import PlannerRuntime

/// TD3+BC (Fujimoto and Gu, 2021), conditioned on a context. The twin critics have smoothed target actions. The policy
/// minimises −λ Q(s, a, z) + (a − a_data)² with λ = α / mean |Q|, and makes one step for every two of the critics.
final class OfflineActorCritic: TrainingStage {
  let name = "actor-critic"
  var total: Int { options.actorCriticSteps }
  var optimisers: [ShardedOptimiser] { [criticOptimiser, policyOptimiser] }
  /// The averages of both are the target networks.
  let criticOptimiser: ShardedOptimiser
  let policyOptimiser: ShardedOptimiser
  private let data: BaselineData
  private let contexts: ContextPool
  private let options: BaselineOptions
  private let policy: TanhPolicy
  private let critics: [MultilayerPerceptron]
  private let shards: [Shard]
  private var rows: Int { options.batch / ShardedOptimiser.shards }

  init(_ data: BaselineData, contexts: ContextPool, _ options: BaselineOptions, workers: Workers) {
    let actionSize = data.shape.actionSize
    let policyStore = ParameterStore()
    let policy = TanhPolicy(
      policyStore, inputSize: data.inputSize, hiddenSize: options.hiddenSize, actionSize: actionSize)
    policyStore.seal(seed: options.seed)
    let criticStore = ParameterStore()
    let critics = (0..<2).map { index in
      MultilayerPerceptron(
        criticStore, "critic.\(index)",
        sizes: [data.inputSize + actionSize, options.hiddenSize, options.hiddenSize, 1], activation: .relu)
    }
    criticStore.seal(seed: options.seed &+ 2)
    func optimiser(_ store: ParameterStore) -> ShardedOptimiser {
      ShardedOptimiser(
        store, learningRate: options.learningRate, averageDecay: 1 - options.smoothing, averageInterval: 1,
        workers: workers)
    }
    self.data = data
    self.contexts = contexts
    self.options = options
    self.policy = policy
    self.critics = critics
    policyOptimiser = optimiser(policyStore)
    criticOptimiser = optimiser(criticStore)
    shards = (0..<ShardedOptimiser.shards).map { _ in
      Shard(policy, critics, rows: options.batch / ShardedOptimiser.shards)
    }
  }

  /// Losses: mean squared error of the critics, and of the policy against the data's actions (of its last step).
  func step() -> [Double] {
    let step = criticOptimiser.adam.step
    criticOptimiser.step { [self] index, gradients in
      var random = RandomSource(seed: options.seed, stream: Stream.actorCritic + UInt64(2 * step + index))
      draw(shards[index], &random)
      criticGradients(shards[index], gradients, &random)
    }
    if step % 2 == 1 {
      policyOptimiser.step { [self] index, gradients in policyGradients(shards[index], gradients) }
    }
    return [shards.reduce(0) { $0 + $1.criticLoss }, shards.reduce(0) { $0 + $1.imitationLoss }]
  }

  /// Transitions drawn uniformly from all data, each with a context of its task.
  private func draw(_ shard: Shard, _ random: inout RandomSource) {
    let (stateSize, width, actionSize) = (data.shape.observationSize, data.inputSize, data.shape.actionSize)
    for row in 0..<rows {
      let transition = random.index(below: data.data.transitionCount)
      let context = contexts.place(data.data.task(of: transition), random.index(below: contexts.count))
      data.copyState(transition, to: shard.input.pointer + row * width)
      data.data.copyNextState(transition, to: shard.nextInput.pointer + row * width)
      for input in [shard.input, shard.nextInput] {
        (input.pointer + row * width + stateSize).update(from: context, count: contexts.size)
      }
      data.copyAction(transition, to: shard.action.pointer + row * actionSize)
      shard.reward.pointer[row] = data.data.reward(transition)
      shard.continues.pointer[row] = data.data.continues(transition)
    }
  }

  /// ½ (Q(s, a) − y)² for both critics, y = r + γ min Q'(s', clip(π'(s') + noise)).
  private func criticGradients(
    _ shard: Shard, _ gradients: UnsafeMutablePointer<Float>, _ random: inout RandomSource
  ) {
    let actionSize = data.shape.actionSize
    let targets = criticOptimiser.average.values.pointer
    policy.forward(policyOptimiser.average.values.pointer, shard.nextInput.pointer, shard.policyWorkspace, rows: rows)
    for i in 0..<rows * actionSize {
      let limit = options.targetNoiseLimit
      let noise = min(max(options.targetNoise * random.normal(), -limit), limit)
      shard.policyWorkspace.output[i] = min(max(shard.policyWorkspace.output[i] + noise, -1), 1)
    }
    join(shard.nextInput, shard.policyWorkspace.output, shard.joined)
    for (critic, workspace) in zip(critics, shard.criticWorkspaces) {
      critic.forward(targets, shard.joined.pointer, workspace, rows: rows)
    }
    for row in 0..<rows {
      let value = min(shard.criticWorkspaces[0].output[row], shard.criticWorkspaces[1].output[row])
      shard.target.pointer[row] =
        shard.reward.pointer[row] + options.discount * shard.continues.pointer[row] * value
    }
    join(shard.input, shard.action.pointer, shard.joined)
    gradients.update(repeating: 0, count: criticOptimiser.store.count)
    shard.criticLoss = 0
    let values = criticOptimiser.store.values
    for (critic, workspace) in zip(critics, shard.criticWorkspaces) {
      critic.forward(values, shard.joined.pointer, workspace, rows: rows)
      for row in 0..<rows {
        let error = workspace.output[row] - shard.target.pointer[row]
        shard.valueGradient.pointer[row] = error / Float(options.batch)
        shard.criticLoss += 0.5 * Double(error * error) / Double(options.batch)
      }
      critic.backward(
        values, gradients, input: shard.joined.pointer, outputGradient: shard.valueGradient.pointer,
        inputGradient: nil, workspace, rows: rows)
    }
  }

  /// −λ Q₁(s, π(s)) + (π(s) − a)², with λ of this shard's values.
  private func policyGradients(_ shard: Shard, _ gradients: UnsafeMutablePointer<Float>) {
    let (width, actionSize) = (data.inputSize, data.shape.actionSize)
    let values = policyOptimiser.store.values
    policy.forward(values, shard.input.pointer, shard.policyWorkspace, rows: rows)
    let actions = shard.policyWorkspace.output
    join(shard.input, actions, shard.joined)
    let critic = critics[0]
    let workspace = shard.criticWorkspaces[0]
    critic.forward(criticOptimiser.store.values, shard.joined.pointer, workspace, rows: rows)
    let size = (0..<rows).reduce(Float(0)) { $0 + abs(workspace.output[$1]) } / Float(rows)
    let lambda = options.criticWeight / max(size, 1e-6)
    for row in 0..<rows { shard.valueGradient.pointer[row] = -lambda / Float(options.batch) }
    critic.backward(
      criticOptimiser.store.values, nil, input: shard.joined.pointer, outputGradient: shard.valueGradient.pointer,
      inputGradient: shard.joinedGradient.pointer, workspace, rows: rows)
    let scale = 1 / Float(options.batch * actionSize)
    shard.imitationLoss = 0
    for row in 0..<rows {
      for i in 0..<actionSize {
        let index = row * actionSize + i
        let error = actions[index] - shard.action.pointer[index]
        shard.imitationLoss += Double(scale * error * error)
        shard.actionGradient.pointer[index] =
          2 * scale * error + shard.joinedGradient.pointer[row * (width + actionSize) + width + i]
      }
    }
    gradients.update(repeating: 0, count: policyOptimiser.store.count)
    policy.backward(
      values, gradients, input: shard.input.pointer, actionGradient: shard.actionGradient.pointer,
      shard.policyWorkspace, rows: rows)
  }

  /// Rows of `[state, context, action]`, the critics' input.
  private func join(_ inputs: FloatBuffer, _ actions: UnsafePointer<Float>, _ joined: FloatBuffer) {
    let (width, actionSize) = (data.inputSize, data.shape.actionSize)
    for row in 0..<rows {
      let target = joined.pointer + row * (width + actionSize)
      target.update(from: inputs.pointer + row * width, count: width)
      (target + width).update(from: actions + row * actionSize, count: actionSize)
    }
  }

  /// What one shard of a batch works on.
  private final class Shard: @unchecked Sendable {
    let policyWorkspace: MultilayerPerceptron.Workspace
    let criticWorkspaces: [MultilayerPerceptron.Workspace]
    let input, nextInput: FloatBuffer  // [rows][state, context]
    let action, actionGradient: FloatBuffer  // [rows][action]
    let reward, continues, target, valueGradient: FloatBuffer  // [rows]
    let joined, joinedGradient: FloatBuffer  // [rows][state, context, action]
    var criticLoss = 0.0
    var imitationLoss = 0.0

    init(_ policy: TanhPolicy, _ critics: [MultilayerPerceptron], rows: Int) {
      func buffer(_ width: Int) -> FloatBuffer { FloatBuffer(count: rows * width) }
      policyWorkspace = .init(policy.network, rows: rows)
      criticWorkspaces = critics.map { .init($0, rows: rows) }
      input = buffer(policy.network.inputSize)
      nextInput = buffer(policy.network.inputSize)
      action = buffer(policy.network.outputSize)
      actionGradient = buffer(policy.network.outputSize)
      reward = buffer(1)
      continues = buffer(1)
      target = buffer(1)
      valueGradient = buffer(1)
      joined = buffer(critics[0].inputSize)
      joinedGradient = buffer(critics[0].inputSize)
    }
  }
}
