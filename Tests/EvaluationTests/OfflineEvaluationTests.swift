// Recordings as judges: figures that are known beforehand, and the better of two models named before either drove.

import Evaluation
import Foundation
import Foundations
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct OfflineEvaluationTests {
  /// Points that drift by (0.5, −0.25) per step whatever is done, and are paid 2 or 4.
  private func drifting(tasks: Int = 4) -> Dataset {
    var random = RandomSource(seed: 5)
    var dataset = Dataset(
      family: "point", observationSize: 2, actionSize: 2, actionLimit: 0.1, periodNanoseconds: 100_000_000)
    for task in 0..<tasks {
      for _ in 0..<3 {
        let x = random.uniform()
        dataset.episodes.append(
          Episode(
            task: task, parameters: [], behaviour: "drift",
            observations: (0...20).flatMap { [x + 0.5 * Float($0), -0.25 * Float($0)] },
            actions: (0..<40).map { _ in 0.2 * random.uniform() - 0.1 },
            rewards: (0..<20).map { $0 % 2 == 0 ? 2 : 4 }, terminated: false))
      }
    }
    return dataset
  }

  /// A model whose networks answer everything with the mean of `dataset`.
  private func meanModel(_ dataset: Dataset, differenceMean: [Float] = [0.5, -0.25]) -> LoadedModel {
    let model = pointModel()
    var weights = model.weights
    for (name, values) in weights.tensors where name.hasPrefix("dynamics.") || name.hasPrefix("reward.") {
      weights.tensors[name] = [Float16](repeating: 0, count: values.count)
    }
    weights.statistics.differenceMean = differenceMean
    weights.statistics.rewardMean = Statistics(dataset).reward.mean[0]
    return LoadedModel(path: model.path, description: model.description, weights: weights)
  }

  @Test func `a model that is right leaves nothing, and one that is off by a known step leaves that`() throws {
    let dataset = drifting()
    let right = try OfflineEvaluation(model: meanModel(dataset), dataset: dataset, seed: 1).run()
    #expect(right.dynamics.map(\.steps) == [1, 2, 4, 8, 11])
    for row in right.dynamics { #expect(row.errors.allSatisfy { $0 < 1e-4 }, "\(row)") }
    // The mean of 2 and 4 misses every reward by 1.
    #expect(abs(right.rewardStatement.bound - 1) < 1e-5)
    #expect(abs(right.rewardStatement.spread - 1) < 1e-5)
    #expect(right.rewardStatement.coverage == 1)
    #expect(right.contexts.allSatisfy { abs($0.reward - 1) < 1e-4 })

    let off = try OfflineEvaluation(
      model: meanModel(dataset, differenceMean: [0.6, -0.25]), dataset: dataset, seed: 1
    ).run()
    for row in off.dynamics {
      #expect(abs(row.errors[0] - 0.1 * Double(row.steps)) < 1e-4)
      // Of "nothing changes", which misses by 0.5 per step.
      #expect(abs(row.shares[0] - 0.04) < 1e-4)
      #expect(row.errors[1] < 1e-4)
    }
  }

  @Test func `the same seed gives the same report`() throws {
    let dataset = drifting()
    let evaluation = OfflineEvaluation(model: pointModel(), dataset: dataset, seed: 3)
    #expect(try evaluation.run() == evaluation.run())
  }

  @Test func `recordings that say nothing are refused`() throws {
    var single = drifting()
    single.episodes = [0, 3, 6].map { single.episodes[$0] }
    #expect(throws: OfflineEvaluationError.tooLittle) {
      try OfflineEvaluation(model: pointModel(), dataset: single, seed: 1).run()
    }
    var other = drifting()
    other.actionChannels = .unnamed(3, limit: 0.1)
    #expect(throws: OfflineEvaluationError.self) {
      try OfflineEvaluation(model: pointModel(), dataset: other, seed: 1).run()
    }
  }

  /// Points that are paid for being near a goal; half of the episodes seek it.
  private func seeking(tasks: Int) -> Dataset {
    var random = RandomSource(seed: 2)
    var dataset = Dataset(
      family: "point", observationSize: 2, actionSize: 2, actionLimit: 1, periodNanoseconds: 100_000_000)
    for task in 0..<tasks {
      let angle = 2 * Float.pi * random.uniform()
      let goal = [cos(angle), sin(angle)]
      for episode in 0..<4 {
        var state: [Float] = [0, 0]
        var recorded = Episode(
          task: task, parameters: [], behaviour: episode % 2 == 0 ? "seeks" : "wanders", observations: state,
          actions: [], rewards: [], terminated: false)
        for _ in 0..<20 {
          let action = (0..<2).map { axis in
            max(-1, min(1, episode % 2 == 0 ? 2 * (goal[axis] - state[axis]) : 0.7 * random.normal()))
          }
          for axis in 0..<2 { state[axis] += 0.2 * action[axis] }
          recorded.actions += action
          recorded.observations += state
          recorded.rewards.append(-hypot(state[0] - goal[0], state[1] - goal[1]))
        }
        dataset.episodes.append(recorded)
      }
    }
    return dataset
  }

  private func train(_ dataset: Dataset, worldModelSteps: Int, denoiserSteps: Int) throws -> LoadedModel {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("offline-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = TrainingConfiguration()
    (configuration.worldModelSteps, configuration.denoiserSteps) = (worldModelSteps, denoiserSteps)
    (configuration.contextSize, configuration.horizon, configuration.channels) = (4, 8, [16, 24])
    (configuration.denoisingSteps, configuration.bankSize, configuration.averageDecay) = (10, 15, 0.95)
    (configuration.fewestContextTransitions, configuration.mostContextTransitions) = (10, 20)
    configuration.contextsPerTask = 16
    configuration.bestEpisodes = 0.5
    let training = try ModelTraining(dataset, configuration, threads: 1)
    _ = try training.run(.init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
    return try LoadedModel(path: path)
  }

  @Test func `tasks kept out tell the better model, what its context is worth, and only they are looked at`() throws {
    let dataset = seeking(tasks: 60)
    let models = [
      try train(dataset, worldModelSteps: 20, denoiserSteps: 20),
      try train(dataset, worldModelSteps: 800, denoiserSteps: 800),
    ]
    let unseen = try OfflineEvaluation.unseen(dataset, byAllOf: models)
    #expect(Set(unseen.episodes.map(\.task)).count == 6)
    let evaluations = models.map { OfflineEvaluation(model: $0, dataset: unseen, seed: 1) }
    let reports = try evaluations.map { try $0.run() }
    let comparison = OfflineComparison(reports)
    #expect(comparison.best == models[1].path)
    let good = reports[1]
    #expect(good.tasks == 6)
    #expect(good.dynamics[0].share < 0.2, "\(good.text)")
    func reward(_ behaviour: String) -> Double { good.contexts.last { $0.behaviour == behaviour }!.reward }
    #expect(reward("any") < 0.5 * reward("another task"), "\(good.text)")
  }
}
