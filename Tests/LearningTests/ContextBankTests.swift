// The bank of a trained model: whose contexts it holds, which models it asks, what it says of its own data.

import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct ContextBankTests {
  /// A short training on points that are paid by their distance from a hidden goal, and pushed with a hidden gain.
  private func train(_ change: (inout TrainingConfiguration) -> Void = { _ in }) throws -> (LoadedModel, Dataset) {
    let folder = NSTemporaryDirectory() + "metadiffuser-bank-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var configuration = quickConfiguration()
    configuration.worldModelSteps = 700
    configuration.denoiserSteps = 2
    change(&configuration)
    var dataset = pointDataset()
    for index in dataset.episodes.indices {
      dataset.episodes[index].parameters = [Double(dataset.episodes[index].task)]
    }
    let files = ModelTraining.Files(output: "\(folder)/m.safetensors", checkpoint: "\(folder)/m.checkpoint")
    _ = try ModelTraining(dataset, configuration, threads: 2).run(files, isQuiet: true)
    return (try LoadedModel(path: files.output), dataset)
  }

  @Test func `training writes a bank with a hypothesis for each task, from which a belief finds the task`() throws {
    let (model, dataset) = try train()
    let bank = try #require(model.weights.bank)
    #expect(bank.count == 6)
    #expect(bank.rewardWeight + bank.dynamicsWeight > 0)
    for row in 0..<6 { #expect(bank.distances[row * 7] == 0) }
    #expect(bank.parameters == [0, 10, 20, 30, 40, 50])
    var options = model.description.options
    options.candidates = 1
    #expect(options.contextInference == .belief)
    var planner = try Planner(weights: model.weights, options: options)
    var right = 0
    for episode in dataset.episodes {
      planner.clearContext()
      for step in 0..<episode.length {
        _ = planner.addTransition(
          observation: Array(episode.observations[2 * step..<2 * step + 2]),
          action: Array(episode.actions[2 * step..<2 * step + 2]), reward: episode.rewards[step],
          next: Array(episode.observations[2 * step + 2..<2 * step + 4]))
        planner.updateContextIfDue()
      }
      let belief = planner.belief!
      // Tasks stand in the bank in the order of their numbers.
      if 10 * belief.hypothesis == episode.task { right += 1 }
      #expect(!belief.isUnexplained)
    }
    // By chance it would be one in six; the training is far too short for more than twice that to be sure of.
    #expect(right > dataset.episodes.count / 3)
  }

  @Test func `of more tasks than there is room for, those far apart are kept`() throws {
    let (model, dataset) = try train { $0.bankSize = 3 }
    let bank = try #require(model.weights.bank)
    #expect(bank.count == 3)
    var configuration = quickConfiguration()
    configuration.bankSize = 6
    let all = try ModelTraining.addBank(to: model, dataset, configuration) { _ in }.weights.bank!
    #expect(all.count == 6)
    func closest(_ bank: ContextBank) -> Float {
      bank.distances.indices.filter { $0 / bank.count != $0 % bank.count }.map { bank.distances[$0] }.min()!
    }
    #expect(closest(bank) > closest(all))
  }

  @Test func `other data than the model's are refused`() throws {
    let (model, _) = try train { $0.worldModelSteps = 4 }
    var other = pointDataset()
    for episode in other.episodes.indices {
      other.episodes[episode].rewards = other.episodes[episode].rewards.map { $0 - 5 }
    }
    #expect(throws: LearningError.self) {
      try ModelTraining.addBank(to: model, other, quickConfiguration()) { _ in }
    }
  }

  @Test func `an oracle's model has no bank`() throws {
    let (model, dataset) = try train {
      $0.worldModelSteps = 4
      $0.context = .oracle
    }
    #expect(model.weights.bank == nil)
    #expect(throws: LearningError.self) {
      try ModelTraining.addBank(to: model, dataset, quickConfiguration()) { _ in }
    }
  }
}
