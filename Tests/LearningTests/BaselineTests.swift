// The learned baselines: that each learns what it is meant to, repeats itself bit by bit, resumes, and refuses what
// does not fit.

import Foundation
import GradientCheck
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

/// A data set with a model trained briefly on it, in a folder of its own.
private final class Rig {
  let dataset: Dataset
  let model: LoadedModel
  private let folder = NSTemporaryDirectory() + "metadiffuser-baseline-\(UUID().uuidString)"

  init(_ dataset: Dataset) throws {
    self.dataset = dataset
    model = try Rig.model(dataset, "\(folder)/model.safetensors", seed: 1)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func model(_ dataset: Dataset, _ path: String, seed: UInt64) throws -> LoadedModel {
    var configuration = quickConfiguration()
    configuration.seed = seed
    configuration.worldModelSteps = 5
    configuration.denoiserSteps = 2
    configuration.bestEpisodes = 1
    _ = try ModelTraining(dataset, configuration, threads: 1).run(
      .init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
    return try LoadedModel(path: path)
  }

  func files(_ name: String) -> ModelTraining.Files {
    .init(output: path("\(name).safetensors"), checkpoint: path("\(name).checkpoint"), log: path("\(name).csv"))
  }

  /// Trains to the end, or until it has been asked `stop` times.
  @discardableResult func train(
    _ method: BaselineMethod, _ options: BaselineOptions, _ name: String, threads: Int = 1, stop: Int = .max
  ) throws -> BaselineTraining.Outcome {
    var asked = 0
    return try BaselineTraining(method, dataset, model: model, options, threads: threads).run(
      files(name), isQuiet: true
    ) {
      asked += 1
      return asked >= stop
    }
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path("\(name).safetensors"))) }
}

private func quickOptions() -> BaselineOptions {
  var options = BaselineOptions()
  options.hiddenSize = 32
  options.batch = 64
  options.learningRate = 2e-3
  options.contextsPerTask = 8
  options.cloningSteps = 20
  options.bestEpisodes = 1
  options.encoderSteps = 10
  options.tasksPerStep = 4
  options.actorCriticSteps = 10
  return options
}

/// Steps from random states under `action`, paid by `reward`; states do not depend on actions.
private func decisions(
  tasks: Int = 2, reward: (_ task: Int, _ state: [Float], _ action: [Float]) -> Float,
  action: (_ random: inout RandomSource, _ state: [Float]) -> [Float]
) -> Dataset {
  var random = RandomSource(seed: 11)
  var dataset = Dataset(
    family: "decisions", observationSize: 2, actionSize: 2, actionLimit: 0.5, periodNanoseconds: 100_000_000)
  for number in 0..<(tasks * 20) {
    var episode = Episode(
      task: number % tasks, parameters: [], behaviour: "any", observations: [], actions: [], rewards: [],
      terminated: false)
    for _ in 0..<40 {
      let state = (0..<2).map { _ in 2 * random.uniform() - 1 }
      let taken = action(&random, state)
      episode.observations += state
      episode.actions += taken
      episode.rewards.append(reward(number % tasks, state, taken))
    }
    episode.observations += [0, 0]
    dataset.episodes.append(episode)
  }
  return dataset
}

@Suite struct BaselineTests {
  @Test func `the policy's gradient agrees with finite differences`() {
    let (rows, inputs, actions) = (5, 4, 3)
    let store = ParameterStore()
    let policy = TanhPolicy(store, inputSize: inputs, hiddenSize: 8, actionSize: actions)
    store.seal(seed: 1)
    let workspace = MultilayerPerceptron.Workspace(policy.network, rows: rows)
    let input = normalBuffer(rows * inputs, seed: 2)
    let weights = normalNumbers(rows * actions, seed: 3)
    func loss() -> Double {
      policy.forward(store.values, input.pointer, workspace, rows: rows)
      return weightedSum(workspace.output, weights)
    }
    _ = loss()
    let gradients = store.makeBuffer()
    let actionGradient = FloatBuffer(count: weights.count)
    actionGradient.assign(weights)
    policy.backward(
      store.values, gradients.pointer, input: input.pointer, actionGradient: actionGradient.pointer, workspace,
      rows: rows)
    #expect(gradientError(of: store.values, gradients.pointer, indices: 0..<store.count, step: 1e-3, loss: loss) < 5e-3)
  }

  @Test func `the distance loss agrees with its formula and its gradient with finite differences`() {
    let (size, tasks) = (3, [0, 0, 1, 2, 1])
    let contexts = normalBuffer(tasks.count * size, seed: 4)
    let gradient = FloatBuffer(count: contexts.count)
    let unused = FloatBuffer(count: contexts.count)
    func parts() -> (same: Double, different: Double) {
      DistanceMetric.loss(contexts.pointer, tasks: tasks, size: size, gradient: unused.pointer)
    }
    let found = DistanceMetric.loss(contexts.pointer, tasks: tasks, size: size, gradient: gradient.pointer)
    var expected = (same: 0.0, different: 0.0)
    for first in tasks.indices {
      for second in tasks.indices where first < second {
        let square = (0..<size).reduce(0.0) { sum, i in
          let difference = Double(contexts.pointer[first * size + i] - contexts.pointer[second * size + i])
          return sum + difference * difference
        }
        // Of ten pairs two are of one task.
        if tasks[first] == tasks[second] {
          expected.same += square / 2
        } else {
          expected.different += 1 / (square + 0.1) / 8
        }
      }
    }
    #expect(abs(found.same - expected.same) < 1e-5 && abs(found.different - expected.different) < 1e-5)
    let error = gradientError(of: contexts.pointer, gradient.pointer, indices: 0..<contexts.count, step: 1e-3) {
      let parts = parts()
      return parts.same + parts.different
    }
    #expect(error < 5e-3)
  }

  @Test func `behaviour cloning learns a known linear policy`() throws {
    let gain: [[Float]] = [[0.3, -0.1], [0.05, 0.25]]
    func linear(_ state: [Float]) -> [Float] { gain.map { $0[0] * state[0] + $0[1] * state[1] } }
    let rig = try Rig(
      decisions { _, _, _ in
        0
      } action: { _, state in
        linear(state)
      })
    var options = quickOptions()
    options.cloningSteps = 1_500
    try rig.train(.cloning, options, "bc")
    let policy = try BaselineModel(path: rig.path("bc.safetensors")).makePolicy()
    for state in [[0, 0], [0.5, -0.5], [-0.8, 0.3]] as [[Float]] {
      let action = policy.action(observation: state, context: [Float](repeating: 0, count: 4))
      let expected = linear(state)
      #expect(zip(action, expected).allSatisfy { abs($0 - $1) < 0.03 }, "\(state): \(action), not \(expected)")
    }
  }

  @Test func `FOCAL's encoder holds contexts of one task together and two tasks apart`() throws {
    // What is paid tells the tasks apart; states and actions do not.
    let rig = try Rig(
      decisions { task, state, action in
        (task == 0 ? 1 : -1) * (state[0] + action[0])
      } action: { random, _ in
        (0..<2).map { _ in random.uniform() - 0.5 }
      })
    var options = quickOptions()
    options.encoderSteps = 300
    options.actorCriticSteps = 2
    try rig.train(.focal, options, "focal")
    let policy = try BaselineModel(path: rig.path("focal.safetensors")).makePolicy()
    func context(_ number: Int) -> [Float] {
      let episode = rig.dataset.episodes[number]
      return policy.context(
        of: (0..<20).flatMap { step in
          policy.row(
            observation: Array(episode.observations[(2 * step)..<(2 * step + 2)]),
            action: Array(episode.actions[(2 * step)..<(2 * step + 2)]), reward: episode.rewards[step],
            next: Array(episode.observations[(2 * step + 2)..<(2 * step + 4)]))
        })
    }
    func distance(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let contexts = (0..<8).map(context)
    let same = (0..<6).map { distance(contexts[$0], contexts[$0 + 2]) }.max()!
    let different = (0..<7).map { distance(contexts[$0], contexts[$0 + 1]) }.min()!
    #expect(different > 10 * same, "same task \(same), different \(different)")
  }

  /// Without a future, the best action of every task is known; the data's are random around zero.
  @Test func `the actor-critic finds what pays best, task by task, beyond what the data did`() throws {
    let rig = try Rig(
      decisions { task, _, action in
        let best: Float = task == 0 ? 0.3 : -0.3
        return -((action[0] - best) * (action[0] - best) + action[1] * action[1])
      } action: { random, _ in
        (0..<2).map { _ in random.uniform() - 0.5 }
      })
    var options = quickOptions()
    options.encoderSteps = 300
    options.actorCriticSteps = 2_000
    options.discount = 0
    options.criticWeight = 100
    try rig.train(.focal, options, "focal")
    let policy = try BaselineModel(path: rig.path("focal.safetensors")).makePolicy()
    for (task, best) in [(0, Float(0.3)), (1, -0.3)] {
      let episode = rig.dataset.episodes[task]
      let context = policy.context(
        of: (0..<20).flatMap { step in
          policy.row(
            observation: Array(episode.observations[(2 * step)..<(2 * step + 2)]),
            action: Array(episode.actions[(2 * step)..<(2 * step + 2)]), reward: episode.rewards[step],
            next: Array(episode.observations[(2 * step + 2)..<(2 * step + 4)]))
        })
      let action = policy.action(observation: [0.2, -0.4], context: context)
      #expect(abs(action[0] - best) < 0.12 && abs(action[1]) < 0.12, "task \(task): \(action)")
    }
  }

  @Test(arguments: [(BaselineMethod.cloning, [7]), (.focal, [4]), (.focal, [10]), (.focal, [3, 9])])
  func `an interrupted and resumed training equals an uninterrupted one on two threads`(
    method: BaselineMethod, stops: [Int]
  ) throws {
    let rig = try Rig(pointDataset())
    try rig.train(method, quickOptions(), "whole", threads: 2)
    for stop in stops {
      let outcome = try rig.train(method, quickOptions(), "parts", stop: stop)
      #expect(outcome == .interrupted(checkpoint: rig.path("parts.checkpoint")))
    }
    try rig.train(method, quickOptions(), "parts")
    #expect(try rig.bytes("whole") == rig.bytes("parts"))
    #expect(!FileManager.default.fileExists(atPath: rig.path("parts.checkpoint")))
    let table = try String(contentsOfFile: rig.path("parts.csv"), encoding: .utf8).split(separator: "\n")
    #expect(table[0] == "stage,step,loss,second_loss,held_out_return")
    #expect(table.count == (method == .cloning ? 2 : 3))
  }

  @Test func `the file says what it is, and what does not fit is refused by name`() throws {
    let rig = try Rig(pointDataset())
    try rig.train(.cloning, quickOptions(), "bc")
    let baseline = try BaselineModel(path: rig.path("bc.safetensors"))
    #expect(baseline.method == .cloning && baseline.family == "point" && baseline.contextSize == 4)
    #expect(baseline.provenance["seed"] == "1" && baseline.provenance["training"]?.contains("cloningSteps") == true)
    try baseline.check(fits: rig.model)

    func refusal(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was refused"
      } catch {
        return "\(error)"
      }
    }
    let other = try Rig.model(rig.dataset, rig.path("other.safetensors"), seed: 2)
    #expect(refusal { try baseline.check(fits: other) }.contains("'__metadata__.encoder'"))
    #expect(refusal { _ = try BaselineModel(path: rig.model.path) }.contains("'__metadata__.kind'"))
    let elsewhere = pointDataset(seed: 2)
    #expect(
      refusal { _ = try BaselineTraining(.cloning, elsewhere, model: rig.model, quickOptions(), threads: 1) }
        .contains("was trained on other data"))
    try rig.train(.cloning, quickOptions(), "again", stop: 3)
    var options = quickOptions()
    options.learningRate *= 2
    #expect(refusal { try rig.train(.cloning, options, "again") }.contains("other data or settings"))
    options.batch = 7
    #expect(refusal { try rig.train(.cloning, options, "again") }.contains("baseline.batch"))
  }
}
