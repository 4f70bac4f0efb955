// What a data set says of its channels goes into the model that is trained on it, and changes nothing else.

import Foundation
import Foundations
import Learning
import OfflineData
import PlannerModel
import Testing

@Suite struct ChannelTrainingTests {
  @Test func `a model has its data set's channels, and is otherwise that of the same data without`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("channels-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var configuration = quickConfiguration()
    configuration.worldModelSteps = 10
    configuration.denoiserSteps = 5
    func train(_ dataset: Dataset, _ name: String) throws -> LoadedModel {
      let path = "\(folder)/\(name)"
      _ = try ModelTraining(dataset, configuration, threads: 1).run(
        .init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
      return try LoadedModel(path: path)
    }
    let plain = pointDataset()
    var named = plain
    named.observationChannels = [Channel(name: "x", unit: "m", lower: -4, upper: 4), Channel(name: "y", unit: "m")]
    named.actionChannels = [
      Channel(name: "push x", lower: -1, upper: 1.5, slew: 8), Channel(name: "push y", lower: -2, upper: 1),
    ]
    let (model, other) = (try train(named, "named"), try train(plain, "plain"))
    #expect(model.description.observationChannels == named.observationChannels)
    #expect(model.description.actionChannels == named.actionChannels)
    #expect(model.weights.actionRanges == [-1...1.5, -2...1])
    #expect(model.weights.tensors == other.weights.tensors)
    #expect(other.description.actionChannels == .unnamed(2, limit: 1))
  }
}
