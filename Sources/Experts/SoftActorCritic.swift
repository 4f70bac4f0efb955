// The soft actor-critic's networks and one update of them: twin critics, squashed Gaussian policy, automatic
// temperature.

import CLearningKernels
import Foundation
import Learning
import PlannerRuntime

/// A batch of transitions in the learner's units, laid out as the networks read it.
final class TransitionBatch {
  let rows: Int
  let inputs: FloatBuffer  // [rows][input] observation and task parameters, normalised
  let nextInputs: FloatBuffer  // [rows][input]
  let actions: FloatBuffer  // [rows][action], −1 … 1
  let rewards: FloatBuffer  // [rows]
  let continues: FloatBuffer  // [rows], 0 where the robot ended the episode
  let noise: FloatBuffer  // [rows][action] for the policy's loss
  let nextNoise: FloatBuffer  // [rows][action] for the target

  init(rows: Int, inputSize: Int, actionSize: Int) {
    self.rows = rows
    inputs = FloatBuffer(count: rows * inputSize)
    nextInputs = FloatBuffer(count: rows * inputSize)
    actions = FloatBuffer(count: rows * actionSize)
    rewards = FloatBuffer(count: rows)
    continues = FloatBuffer(count: rows)
    noise = FloatBuffer(count: rows * actionSize)
    nextNoise = FloatBuffer(count: rows * actionSize)
  }
}

/// Soft actor-critic (Haarnoja et al., 2018, "Algorithms and Applications"). One thread drives it; the shards of a
/// batch run on the workers, with results that do not depend on how many there are. Real-time: no.
package final class SoftActorCritic {
  static let shards = 2
  let inputSize: Int
  let actionSize: Int
  let discount: Float
  let smoothing: Float
  let policyStore = ParameterStore()
  let criticStore = ParameterStore()
  let policy: MultilayerPerceptron
  let critics: [MultilayerPerceptron]
  let distribution: SquashedGaussian
  let targets: FloatBuffer
  let policyAdam: Adam
  let criticAdam: Adam
  let temperatureAdam = Adam(count: 1, learningRate: 0)
  let logTemperature = FloatBuffer(count: 1)
  private let shardRows: Int
  private let shardStates: [Shard]

  /// The losses of the last update.
  struct Losses {
    var critic: Float = 0
    var policy: Float = 0
    var entropy: Float = 0
  }

  init(options: ExpertOptions, inputSize: Int, actionSize: Int) {
    self.inputSize = inputSize
    self.actionSize = actionSize
    discount = options.discount
    smoothing = options.smoothing
    let hidden = options.hiddenSize
    policy = MultilayerPerceptron(
      policyStore, "policy", sizes: [inputSize, hidden, hidden, 2 * actionSize], activation: .relu)
    critics = [0, 1].map { [criticStore] in
      MultilayerPerceptron(
        criticStore, "critic.\($0)", sizes: [inputSize + actionSize, hidden, hidden, 1], activation: .relu)
    }
    policyStore.seal(seed: options.seed)
    criticStore.seal(seed: options.seed &+ 1)
    distribution = SquashedGaussian(actionSize: actionSize)
    targets = criticStore.makeBuffer()
    targets.pointer.update(from: criticStore.values, count: criticStore.count)
    policyAdam = Adam(count: policyStore.count, learningRate: options.learningRate)
    criticAdam = Adam(count: criticStore.count, learningRate: options.learningRate)
    logTemperature.pointer[0] = Foundation.log(options.initialTemperature)
    shardRows = options.batchSize / Self.shards
    shardStates = (0..<Self.shards).map { [policy, critics, policyStore, criticStore, shardRows] _ in
      Shard(policy, critics, policyStore, criticStore, rows: shardRows)
    }
  }

  var temperature: Float { Foundation.exp(logTemperature.pointer[0]) }

  /// One update of critics, policy, temperature and targets from `batch`.
  func update(_ batch: TransitionBatch, learningRate: Float, workers: Workers) -> Losses {
    let temperature = temperature
    workers.run(shards: Self.shards) { [self] in criticGradients(shardStates[$0], batch, $0 * shardRows, temperature) }
    criticAdam.learningRate = learningRate
    criticAdam.update(criticStore.values, gradients: sum(shardStates.map(\.criticGradients)))

    workers.run(shards: Self.shards) { [self] in policyGradients(shardStates[$0], batch, $0 * shardRows, temperature) }
    policyAdam.learningRate = learningRate
    policyAdam.update(policyStore.values, gradients: sum(shardStates.map(\.policyGradients)))

    let entropy = -shardStates.reduce(0) { $0 + $1.logProbability } / Float(batch.rows)
    // The loss −log α · mean(log π + H*) with the usual target entropy H* = −actionSize.
    temperatureAdam.learningRate = learningRate
    temperatureAdam.update(logTemperature.pointer, gradients: [entropy + Float(actionSize)])
    lk_average(targets.count, 1 - smoothing, criticStore.values, targets.pointer)
    return Losses(
      critic: shardStates.reduce(0) { $0 + $1.criticLoss } / Float(batch.rows),
      policy: shardStates.reduce(0) { $0 + $1.policyLoss } / Float(batch.rows), entropy: entropy)
  }

  /// Adds the shards' gradients in their order into the first and returns it.
  private func sum(_ gradients: [FloatBuffer]) -> UnsafePointer<Float> {
    for other in gradients.dropFirst() { lk_add(other.count, other.pointer, gradients[0].pointer) }
    return UnsafePointer(gradients[0].pointer)
  }

  /// ½ (Q(s, a) − y)² for both critics, y = r + γ (min Q'(s', a') − α log π(a' | s')).
  private func criticGradients(_ shard: Shard, _ batch: TransitionBatch, _ first: Int, _ temperature: Float) {
    let rows = shardRows
    let width = inputSize + actionSize
    let nextInputs = batch.nextInputs.pointer + first * inputSize
    policy.forward(policyStore.values, nextInputs, shard.policyWorkspace, rows: rows)
    joinRows(nextInputs, nil, shard.joined)
    distribution.sample(
      shard.policyWorkspace.output, noise: batch.nextNoise.pointer + first * actionSize,
      actions: shard.joined.pointer + inputSize, stride: width, logProbabilities: shard.logProbabilities.pointer,
      rows: rows)
    for (index, critic) in critics.enumerated() {
      critic.forward(targets.pointer, shard.joined.pointer, shard.criticWorkspaces[index], rows: rows)
    }
    for row in 0..<rows {
      let value = shard.smallerValue(row) - temperature * shard.logProbabilities.pointer[row]
      shard.targetValues.pointer[row] =
        batch.rewards.pointer[first + row] + discount * batch.continues.pointer[first + row] * value
    }
    joinRows(batch.inputs.pointer + first * inputSize, batch.actions.pointer + first * actionSize, shard.joined)
    shard.criticGradients.clear()
    shard.criticLoss = 0
    for (index, critic) in critics.enumerated() {
      let workspace = shard.criticWorkspaces[index]
      critic.forward(criticStore.values, shard.joined.pointer, workspace, rows: rows)
      for row in 0..<rows {
        let error = workspace.output[row] - shard.targetValues.pointer[row]
        shard.valueGradients.pointer[row] = error / Float(batch.rows)
        shard.criticLoss += 0.5 * error * error
      }
      critic.backward(
        criticStore.values, shard.criticGradients.pointer, input: shard.joined.pointer,
        outputGradient: shard.valueGradients.pointer, inputGradient: nil, workspace, rows: rows)
    }
  }

  /// α log π(a | s) − min Q(s, a) with a drawn from the policy, through which the gradient flows.
  private func policyGradients(_ shard: Shard, _ batch: TransitionBatch, _ first: Int, _ temperature: Float) {
    let rows = shardRows
    let width = inputSize + actionSize
    let inputs = batch.inputs.pointer + first * inputSize
    let noise = batch.noise.pointer + first * actionSize
    let outputs = shard.policyWorkspace.output
    policy.forward(policyStore.values, inputs, shard.policyWorkspace, rows: rows)
    joinRows(inputs, nil, shard.joined)
    distribution.sample(
      outputs, noise: noise, actions: shard.joined.pointer + inputSize, stride: width,
      logProbabilities: shard.logProbabilities.pointer, rows: rows)
    for (index, critic) in critics.enumerated() {
      critic.forward(criticStore.values, shard.joined.pointer, shard.criticWorkspaces[index], rows: rows)
    }
    shard.logProbability = 0
    shard.policyLoss = 0
    for row in 0..<rows {
      let logProbability = shard.logProbabilities.pointer[row]
      shard.logProbability += logProbability
      shard.policyLoss += temperature * logProbability - shard.smallerValue(row)
    }
    // Only the smaller critic of a row carries its gradient.
    for (index, critic) in critics.enumerated() {
      for row in 0..<rows {
        shard.valueGradients.pointer[row] = shard.smallerCritic(row) == index ? -1 / Float(batch.rows) : 0
      }
      critic.backward(
        criticStore.values, nil, input: shard.joined.pointer, outputGradient: shard.valueGradients.pointer,
        inputGradient: shard.joinedGradients[index].pointer, shard.criticWorkspaces[index], rows: rows)
    }
    lk_add(rows * width, shard.joinedGradients[1].pointer, shard.joinedGradients[0].pointer)
    distribution.backward(
      outputs, noise: noise, actions: shard.joined.pointer + inputSize, stride: width,
      actionGradient: shard.joinedGradients[0].pointer + inputSize, gradientStride: width,
      weight: temperature / Float(batch.rows), outputGradient: shard.outputGradients.pointer, rows: rows)
    shard.policyGradients.clear()
    policy.backward(
      policyStore.values, shard.policyGradients.pointer, input: inputs, outputGradient: shard.outputGradients.pointer,
      inputGradient: nil, shard.policyWorkspace, rows: rows)
  }

  /// Rows of `[input, action]`, the critics' input; without `actions` their places are left as they are.
  private func joinRows(_ inputs: UnsafePointer<Float>, _ actions: UnsafePointer<Float>?, _ joined: FloatBuffer) {
    let width = inputSize + actionSize
    for row in 0..<shardRows {
      let target = joined.pointer + row * width
      target.update(from: inputs + row * inputSize, count: inputSize)
      if let actions { (target + inputSize).update(from: actions + row * actionSize, count: actionSize) }
    }
  }

  /// What one shard of a batch works on.
  private final class Shard: @unchecked Sendable {
    let policyWorkspace: MultilayerPerceptron.Workspace
    let criticWorkspaces: [MultilayerPerceptron.Workspace]
    let policyGradients: FloatBuffer
    let criticGradients: FloatBuffer
    let joined: FloatBuffer  // [rows][input + action]
    let joinedGradients: [FloatBuffer]
    let outputGradients: FloatBuffer  // [rows][2 · action]
    let logProbabilities: FloatBuffer
    let targetValues: FloatBuffer
    let valueGradients: FloatBuffer
    var criticLoss: Float = 0
    var policyLoss: Float = 0
    var logProbability: Float = 0

    init(
      _ policy: MultilayerPerceptron, _ critics: [MultilayerPerceptron], _ policyStore: ParameterStore,
      _ criticStore: ParameterStore, rows: Int
    ) {
      policyWorkspace = .init(policy, rows: rows)
      criticWorkspaces = critics.map { .init($0, rows: rows) }
      policyGradients = policyStore.makeBuffer()
      criticGradients = criticStore.makeBuffer()
      let joinedCount = rows * critics[0].inputSize
      joined = FloatBuffer(count: joinedCount)
      joinedGradients = critics.map { _ in FloatBuffer(count: joinedCount) }
      outputGradients = FloatBuffer(count: rows * policy.outputSize)
      logProbabilities = FloatBuffer(count: rows)
      targetValues = FloatBuffer(count: rows)
      valueGradients = FloatBuffer(count: rows)
    }

    func smallerCritic(_ row: Int) -> Int {
      criticWorkspaces[0].output[row] <= criticWorkspaces[1].output[row] ? 0 : 1
    }
    func smallerValue(_ row: Int) -> Float { criticWorkspaces[smallerCritic(row)].output[row] }
  }
}
