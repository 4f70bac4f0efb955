// Tasks kept out of a training: drawn by its seed, seen by nothing, and named in the model.

import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct HeldOutTaskTests {
  private let dataset = pointDataset(tasks: 30, episodesPerTask: 2, length: 10)

  private func configuration(seed: UInt64 = 1, share: Double = 0.1) -> TrainingConfiguration {
    var configuration = quickConfiguration()
    configuration.seed = seed
    configuration.heldOutTasks = share
    configuration.worldModelSteps = 5
    configuration.denoiserSteps = 5
    return configuration
  }

  @Test func `the seed draws a share of them, and too few are none`() {
    let drawn = dataset.heldOutTasks(configuration())
    #expect(drawn.count == 3 && drawn == drawn.sorted())
    #expect(Set(drawn).isSubset(of: Set(dataset.episodes.map(\.task))))
    #expect(dataset.heldOutTasks(configuration(seed: 2)) != drawn)
    #expect(dataset.heldOutTasks(configuration(share: 0.09)).isEmpty)
    #expect(dataset.heldOutTasks(configuration(share: 0.5)).count == 15)
  }

  @Test func `training sees nothing of them`() throws {
    let shape = try configuration().shape(observationSize: 2, actionSize: 2)
    let heldOut = dataset.heldOutTasks(configuration())
    let rest = dataset.restricted { !heldOut.contains($0) }
    let data = try TrainingData(dataset, shape, configuration())
    let expected = try TrainingData(rest, shape, configuration(share: 0))
    #expect(data.tasks.count == 27)
    #expect(data.fingerprint == expected.fingerprint)
    #expect(data.statistics == expected.statistics)
  }

  @Test func `a model names those of its own recordings`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("kept-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let training = try ModelTraining(dataset, configuration(), threads: 1)
    _ = try training.run(.init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
    let description = try LoadedModel(path: path).description
    #expect(description.heldOutTasks(of: dataset) == dataset.heldOutTasks(configuration()))
    #expect(description.heldOutTasks(of: pointDataset(tasks: 30, episodesPerTask: 2, length: 10, seed: 9)) == nil)
  }
}
