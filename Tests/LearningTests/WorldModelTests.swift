// Encoder, dynamics and reward model: gradients, and whether a context really tells the task.

import Learning
import OfflineData
import PlannerRuntime
import Testing

/// Settings that learn the point's data in a second.
func quickConfiguration() -> TrainingConfiguration {
  var configuration = TrainingConfiguration()
  configuration.contextSize = 4
  configuration.horizon = 4
  configuration.channels = [16, 24]
  configuration.denoisingSteps = 10
  configuration.worldModelSteps = 300
  configuration.tasksPerStep = 8
  configuration.queriesPerTask = 16
  configuration.fewestContextTransitions = 10
  configuration.mostContextTransitions = 20
  configuration.contextsPerTask = 16
  configuration.denoiserSteps = 200
  configuration.batch = 16
  configuration.bestEpisodes = 0.5
  configuration.averageDecay = 0.98
  configuration.averageInterval = 2
  return configuration
}

@Suite struct WorldModelTests {
  static let shape = PlannerShape(
    observationSize: 3, actionSize: 2, contextSize: 4, horizon: 4, channels: [16], denoisingSteps: 10)

  @Test(arguments: ContextTraining.allCases)
  func `gradients of encoder, dynamics and reward model agree with finite differences`(kind: ContextTraining) {
    var shape = Self.shape
    shape.contextKind = kind.kind
    shape.parameterCount = kind == .oracle ? 2 : 0
    let store = ParameterStore()
    let model = WorldModel(store, shape)
    store.seal(seed: 5)
    #expect(
      store.entries.map { "\($0.name) \($0.shape)" }
        == shape.tensors.filter { !$0.name.hasPrefix("denoiser.") }.map { "\($0.name) \($0.shape)" })
    let counts = kind == .oracle ? [1, 1, 1] : [3, 7, 1]
    let rows = counts.reduce(0, +)
    let w = WorldModel.Workspace(model, contexts: 3, evidence: rows, queriesPerContext: 2)
    w.counts = counts
    w.tasks = [4, 4, 2]
    w.evidence.update(from: normalNumbers(rows * shape.evidenceSize, seed: 1), count: rows * shape.evidenceSize)
    w.queries.update(from: normalNumbers(6 * 9, seed: 2), count: 6 * 9)
    let contrast = kind == .contrastive ? ContrastiveLoss(weight: 0.7, temperature: 0.5) : nil
    func loss() -> Double {
      let errors = model.forward(store.values, w)
      let unused = FloatBuffer(count: 3 * shape.contextSize)
      let apart = contrast?.add(w.encoder.context, tasks: w.tasks, size: shape.contextSize, to: unused.pointer) ?? 0
      return errors.dynamics + errors.reward + 0.7 * apart
    }
    _ = loss()
    let gradients = store.makeBuffer()
    model.backward(store.values, gradients.pointer, w, scale: 1, contrast: contrast)
    for (index, entry) in store.entries.enumerated() {
      let gradient = store.tensor(entry, from: gradients.pointer)
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let signs = normalNumbers(gradient.count, seed: UInt64(index)).map { $0 < 0 ? -1 : Float(1) }
      for direction in [gradient.map { $0 / norm }, signs.map { $0 / Float(signs.count).squareRoot() }] {
        let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let slope = slope(of: store.values + entry.slot.offset, along: direction, step: 1e-2, loss: loss)
        #expect(abs(slope - Double(expected)) < 0.01 * Double(norm), "\(entry.name): \(expected), in truth \(slope)")
      }
    }
  }

  @Test func `a context is a mean: order and repetition of its transitions do not matter`() {
    let store = ParameterStore()
    let encoder = PoolEncoder(store, Self.shape)
    store.seal(seed: 6)
    let transitions = normalNumbers(5 * 9, seed: 3)
    let rows = (0..<5).map { Array(transitions[($0 * 9)..<(($0 + 1) * 9)]) }
    let twiceReversed = rows.reversed().flatMap { $0 } + rows.flatMap { $0 }
    let w = encoder.makePass(contexts: 2, rows: 15)
    w.forward(store.values, transitions + twiceReversed, counts: [5, 10])
    for i in 0..<4 { #expect(abs(w.context[i] - w.context[4 + i]) < 1e-6) }
  }

  @Test func `a contrastive model tells tasks apart at least as sharply, and an oracle knows them`() throws {
    // Mean cosine similarity of two contexts of one task, less that of contexts of different tasks.
    func separation(_ kind: ContextTraining) throws -> Double {
      var configuration = quickConfiguration()
      configuration.context = kind
      configuration.contrastiveWeight = 1
      var dataset = pointDataset(episodesPerTask: 10)
      for index in dataset.episodes.indices {
        dataset.episodes[index].parameters = [Double(dataset.episodes[index].task)]
      }
      let shape = try configuration.shape(observationSize: 2, actionSize: 2, parameterCount: 1)
      let workers = Workers(threads: 2)
      let data = try TrainingData(dataset, shape, configuration)
      let training = WorldModelTraining(data, configuration, workers: workers)
      for _ in 0..<configuration.worldModelSteps { _ = training.step() }
      let pool = training.labelContexts(workers: workers).array
      let size = shape.contextSize
      let contexts = (0..<(pool.count / size)).map { index -> [Float] in
        let z = pool[(index * size)..<((index + 1) * size)]
        let norm = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return z.map { $0 / norm }
      }
      var same = (sum: 0.0, count: 0.0)
      var other = same
      for i in contexts.indices {
        for j in 0..<i {
          let cosine = Double(zip(contexts[i], contexts[j]).reduce(0) { $0 + $1.0 * $1.1 })
          if i / configuration.contextsPerTask == j / configuration.contextsPerTask {
            same = (same.sum + cosine, same.count + 1)
          } else {
            other = (other.sum + cosine, other.count + 1)
          }
        }
      }
      return same.sum / same.count - other.sum / other.count
    }
    let pool = try separation(.pool)
    let contrastive = try separation(.contrastive)
    let oracle = try separation(.oracle)
    #expect(contrastive > pool && contrastive > 0.3, "\(pool), \(contrastive)")
    #expect(oracle > 0.3, "\(oracle)")
  }

  @Test func `trained on a point's episodes, contexts tell the tasks apart and the models predict`() throws {
    var configuration = quickConfiguration()
    configuration.worldModelSteps = 800
    let dataset = pointDataset(episodesPerTask: 20)
    let shape = try configuration.shape(observationSize: 2, actionSize: 2)
    let workers = Workers(threads: 2)
    let training = WorldModelTraining(try TrainingData(dataset, shape, configuration), configuration, workers: workers)
    let first = training.step()
    for _ in 1..<configuration.worldModelSteps { _ = training.step() }
    let errors = training.evaluate()
    // Without the gain the change of state cannot be predicted, without the goal neither the reward.
    #expect(first.dynamics > 0.8 && first.reward > 0.8)
    #expect(errors.training.dynamics < 0.03 && errors.training.reward < 0.25, "\(errors.training)")
    let heldOut = try #require(errors.heldOut)
    #expect(heldOut.dynamics < 0.03 && heldOut.reward < 0.25, "\(heldOut)")

    // Most contexts are nearest to the centre of their own task, of six.
    let size = shape.contextSize
    let each = configuration.contextsPerTask
    let pool = training.labelContexts(workers: workers).array
    let contexts = (0..<6).map { task in
      (0..<each).map { Array(pool[((task * each + $0) * size)..<((task * each + $0 + 1) * size)]) }
    }
    let centres = contexts.map { all in (0..<size).map { i in all.reduce(0) { $0 + $1[i] } / Float(each) } }
    func distance(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let right = contexts.indices.flatMap { task in
      contexts[task].map { z in centres.indices.min { distance(centres[$0], z) < distance(centres[$1], z) } == task }
    }
    #expect(right.count { $0 } >= right.count * 6 / 10)
  }
}
