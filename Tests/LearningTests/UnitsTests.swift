// The same recording in other units: metres or micrometres, newtons or a drive's counts, trains the same model.

import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

extension Dataset {
  /// The same recording with everything in other units.
  fileprivate func scaled(observation: Float, action: Float, reward: Float) -> Dataset {
    var dataset = self
    for index in dataset.actionChannels.indices {
      dataset.actionChannels[index].lower *= action
      dataset.actionChannels[index].upper *= action
    }
    for index in episodes.indices {
      dataset.episodes[index].observations = episodes[index].observations.map { $0 * observation }
      dataset.episodes[index].actions = episodes[index].actions.map { $0 * action }
      dataset.episodes[index].rewards = episodes[index].rewards.map { $0 * reward }
    }
    return dataset
  }
}

@Suite struct UnitsTests {
  private let dataset = pointDataset()
  private let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 4, channels: [16, 24], denoisingSteps: 10)

  private func normalised(_ dataset: Dataset) throws -> [Float] {
    let data = try TrainingData(dataset, shape, quickConfiguration())
    return Array(UnsafeBufferPointer(start: data.transitions.pointer, count: data.transitions.count))
  }

  @Test(
    arguments: [
      (1e-3, 1, 1), (1e-6, 1, 1), (1e6, 1, 1), (1, 1e-5, 1), (1, 1, 1e-6), (1e-9, 1e-5, 1e-9), (1e6, 1e5, 1e6),
    ] as [(Float, Float, Float)])
  func `normalised values do not depend on the unit`(observation: Float, action: Float, reward: Float) throws {
    let expected = try normalised(dataset)
    let found = try normalised(dataset.scaled(observation: observation, action: action, reward: reward))
    let largest = zip(expected, found).map { abs($0 - $1) }.max() ?? .infinity
    // What rounding to fp32 makes of the differences of neighbouring observations.
    #expect(largest < 1e-4)
  }

  @Test func `in units of two to the twentieth the whole training is the same, bit for bit`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("units-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var configuration = quickConfiguration()
    configuration.worldModelSteps = 30
    configuration.denoiserSteps = 10
    configuration.valueSteps = 10
    let small: Float = 1 / 1_048_576
    func train(_ dataset: Dataset, _ name: String) throws -> (TrainingReport, LoadedModel) {
      let training = try ModelTraining(dataset, configuration, threads: 1)
      let path = "\(folder)/\(name)"
      let outcome = try training.run(.init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
      guard case .finished(let report) = outcome else { throw CancellationError() }
      return (report, try LoadedModel(path: path))
    }
    let (metres, model) = try train(dataset, "metres")
    // A limit has a smallest value: the actions' unit is not quite as small.
    let (micrometres, other) = try train(
      dataset.scaled(observation: small, action: 1 / 1024, reward: small), "micrometres")
    #expect(metres.training == micrometres.training)
    #expect(metres.heldOut == micrometres.heldOut)
    #expect(metres.denoiserLoss == micrometres.denoiserLoss)
    #expect(model.weights.tensors == other.weights.tensors)
    #expect(other.weights.statistics.observationStd == model.weights.statistics.observationStd.map { $0 * small })
    #expect(other.weights.statistics.rewardStd == model.weights.statistics.rewardStd * small)
  }

  @Test func `a channel that stands still is nothing in any unit, and stays nothing when it moves by its noise`() throws
  {
    for (unit, value) in [(1, 0), (1e-6, 0), (1, 5), (1e-6, 5), (1e6, -5)] as [(Float, Float)] {
      var dataset = dataset
      for index in dataset.episodes.indices {
        for row in stride(from: 1, to: dataset.episodes[index].observations.count, by: 2) {
          dataset.episodes[index].observations[row] = value
        }
      }
      let statistics = Statistics(dataset.scaled(observation: unit, action: 1, reward: 1))
      #expect(statistics.observation.standsStill(1) && !statistics.observation.standsStill(0))
      let noise = max(abs(value), 1) * unit * 1e-4
      #expect(noise / statistics.observation.deviation[1] <= 1.01e-4)
      #expect(statistics.difference.deviation.allSatisfy { $0 > 0 })
    }
  }
}
