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

  @Test func `gradients of encoder, dynamics and reward model agree with finite differences`() {
    let store = ParameterStore()
    let model = WorldModel(store, Self.shape)
    store.seal(seed: 5)
    #expect(
      store.entries.map(\.name)
        == Self.shape.tensors.map(\.name).filter { !$0.hasPrefix("denoiser.") })
    let counts = [3, 7, 1]
    let w = WorldModel.Workspace(model, contexts: 3, transitions: 11, queriesPerContext: 2)
    w.counts = counts
    w.transitions.update(from: normalNumbers(11 * 9, seed: 1), count: 11 * 9)
    w.queries.update(from: normalNumbers(6 * 9, seed: 2), count: 6 * 9)
    func loss() -> Double {
      let errors = model.forward(store.values, w)
      return errors.dynamics + errors.reward
    }
    _ = loss()
    let gradients = store.makeBuffer()
    model.backward(store.values, gradients.pointer, w, scale: 1)
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
    let encoder = TransitionEncoder(store, Self.shape)
    store.seal(seed: 6)
    let transitions = normalNumbers(5 * 9, seed: 3)
    let rows = (0..<5).map { Array(transitions[($0 * 9)..<(($0 + 1) * 9)]) }
    let twiceReversed = rows.reversed().flatMap { $0 } + rows.flatMap { $0 }
    let w = TransitionEncoder.Workspace(encoder, contexts: 2, transitions: 15)
    encoder.forward(store.values, transitions + twiceReversed, counts: [5, 10], w)
    for i in 0..<4 { #expect(abs(w.context[i] - w.context[4 + i]) < 1e-6) }
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
