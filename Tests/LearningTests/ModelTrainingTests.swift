// The whole training on a point's data: that it learns, that it repeats itself bit by bit, that it resumes.

import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct ModelTrainingTests {
  /// A folder of its own, removed at the end.
  private func withFolder<Result>(_ body: (String) throws -> Result) rethrows -> Result {
    let folder = NSTemporaryDirectory() + "metadiffuser-training-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  private func files(_ folder: String, _ name: String) -> ModelTraining.Files {
    .init(
      output: "\(folder)/\(name).safetensors", checkpoint: "\(folder)/\(name).checkpoint", log: "\(folder)/\(name).csv")
  }

  private func short() -> TrainingConfiguration {
    var configuration = quickConfiguration()
    configuration.worldModelSteps = 8
    configuration.valueSteps = 6
    configuration.advantageWeight = 1
    configuration.denoiserSteps = 12
    return configuration
  }

  @Test func `the denoiser's loss falls, and its context helps`() throws {
    let configuration = quickConfiguration()
    let shape = try configuration.shape(observationSize: 2, actionSize: 2)
    let workers = Workers(threads: 2)
    let data = try TrainingData(pointDataset(), shape, configuration)
    // Contexts that name the task, as a perfect encoder would give.
    let contexts = FloatBuffer(count: 6 * configuration.contextsPerTask * 4)
    for i in 0..<contexts.count {
      let task = i / (configuration.contextsPerTask * 4)
      contexts.pointer[i] = (task >> (i % 4)) & 1 == 1 ? 1 : -1
    }
    var withoutContext = configuration
    withoutContext.contextDropout = 1
    let losses = [configuration, withoutContext].map { configuration in
      let training = DenoiserTraining(data, contexts: contexts, configuration, workers: workers)
      let first = training.evaluate()
      for _ in 0..<400 { _ = training.step() }
      return (first: first, last: training.evaluate())
    }
    #expect(losses[0].last < 0.6 * losses[0].first, "\(losses)")
    #expect(losses[0].last < 0.9 * losses[1].last, "\(losses)")
  }

  @Test func `one thread and two write the same bytes`() throws {
    try withFolder { folder in
      let models = try [1, 2].map { threads in
        let training = try ModelTraining(pointDataset(), short(), threads: threads)
        let outcome = try training.run(files(folder, "threads\(threads)"), isQuiet: true)
        guard case .finished = outcome else { throw LearningError.setting(name: "outcome", problem: "\(outcome)") }
        return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/threads\(threads).safetensors"))
      }
      #expect(models[0] == models[1])
    }
  }

  @Test(arguments: [[5], [8], [11], [14], [20], [3, 9, 15, 21]])
  func `a run that was interrupted and resumed writes the same bytes and the same table`(stops: [Int]) throws {
    try withFolder { folder in
      _ = try ModelTraining(pointDataset(), short(), threads: 1).run(files(folder, "whole"), isQuiet: true)
      let interrupted = files(folder, "whole-again")
      var done = 0
      for stop in stops {
        let outcome = try ModelTraining(pointDataset(), short(), threads: 1).run(interrupted, isQuiet: true) {
          done += 1
          return done == stop
        }
        #expect(outcome == .interrupted(checkpoint: interrupted.checkpoint))
        #expect(!FileManager.default.fileExists(atPath: interrupted.output))
      }
      _ = try ModelTraining(pointDataset(), short(), threads: 2).run(interrupted, isQuiet: true)
      let whole = try Data(contentsOf: URL(fileURLWithPath: files(folder, "whole").output))
      #expect(try Data(contentsOf: URL(fileURLWithPath: interrupted.output)) == whole)
      #expect(!FileManager.default.fileExists(atPath: interrupted.checkpoint))
      let table = try String(contentsOfFile: interrupted.log!, encoding: .utf8).split(separator: "\n")
      try #require(table.count == 4 && table[0] == "stage,step,loss,reward_loss,held_out_return")
      #expect(table[1].hasPrefix("world model,8,") && table[2].hasPrefix("value,6,"))
      #expect(table[3].hasPrefix("denoiser,12,"))
    }
  }

  @Test func `a checkpoint of other data or settings is refused`() throws {
    try withFolder { folder in
      let files = files(folder, "other")
      _ = try ModelTraining(pointDataset(), short(), threads: 1).run(files, isQuiet: true) { true }
      #expect(throws: LearningError.self) {
        try ModelTraining(pointDataset(seed: 2), short(), threads: 1).run(files, isQuiet: true)
      }
      var other = short()
      other.denoiserLearningRate *= 2
      #expect(throws: LearningError.self) {
        try ModelTraining(pointDataset(), other, threads: 1).run(files, isQuiet: true)
      }
      // The learning rate at each step depends on how many there will be.
      var longer = short()
      longer.denoiserSteps += 1
      #expect(throws: LearningError.self) {
        try ModelTraining(pointDataset(), longer, threads: 1).run(files, isQuiet: true)
      }
      let outcome = try ModelTraining(pointDataset(), short(), threads: 1).run(files, isQuiet: true) { true }
      #expect(outcome == .interrupted(checkpoint: files.checkpoint))
    }
  }

  @Test func `the model file loads, says where it comes from, and holds what was trained`() throws {
    try withFolder { folder in
      let configuration = short()
      var dataset = pointDataset()
      dataset.provenance = ["command": "by hand"]
      let files = files(folder, "model")
      _ = try ModelTraining(dataset, configuration, threads: 2).run(
        files, provenance: ["command": "train it"], isQuiet: true)
      let model = try LoadedModel(path: files.output)
      #expect(model.description.family == "point")
      #expect(model.description.shape == (try configuration.shape(observationSize: 2, actionSize: 2)))
      #expect(model.description.periodNanoseconds == 100_000_000 && model.description.actionLimit == 1)
      #expect(model.description.provenance["command"] == "train it")
      #expect(model.description.provenance["dataset.command"] == "by hand")
      let settings = try #require(model.description.provenance["training"])
      #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: Data(settings.utf8)) == configuration)
      #expect(model.weights.statistics.rewardMean == Statistics(dataset).reward.mean[0])

      let reference = try ReferenceModel(file: SafetensorsFile(path: files.output))
      let samples = normalNumbers(2 * 4 * 4, seed: 1)
      let both = reference.denoise(samples, step: 3, contexts: normalNumbers(8, seed: 2))
      let second = reference.denoise(Array(samples[16...]), step: 3, contexts: Array(normalNumbers(8, seed: 2)[4...]))
      #expect(zip(both[16...], second).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(reference.denoise(samples, step: 3, contexts: nil) != both)
      #expect(reference.encode(normalNumbers(3 * 7, seed: 3)).allSatisfy { abs($0) < 1 })
      #expect(reference.dynamics(normalNumbers(5 * 8, seed: 4)).count == 10)
      #expect(reference.reward(normalNumbers(5 * 8, seed: 4)).count == 5)
    }
  }

  @Test func `a contrastive model is a pool that says how it learnt, and an oracle needs to be told the tasks`()
    throws
  {
    try withFolder { folder in
      var configuration = short()
      configuration.context = .contrastive
      let files = files(folder, "model")
      _ = try ModelTraining(pointDataset(), configuration, threads: 1).run(files, isQuiet: true)
      let contrastive = try LoadedModel(path: files.output)
      #expect(contrastive.description.shape.contextKind == .pool)
      #expect(contrastive.description.provenance["training"]?.contains(#""context":"contrastive""#) == true)
      #expect(ContextTraining(of: contrastive) == .contrastive)

      configuration.context = .oracle
      #expect(throws: LearningError.self) { try ModelTraining(pointDataset(), configuration, threads: 1) }
      var dataset = pointDataset()
      for index in dataset.episodes.indices {
        dataset.episodes[index].parameters = [Double(dataset.episodes[index].task), 7]
      }
      _ = try ModelTraining(dataset, configuration, threads: 1).run(files, isQuiet: true)
      let model = try LoadedModel(path: files.output)
      #expect(model.description.shape.contextKind == .oracle && model.description.shape.parameterCount == 2)
      // Six tasks, numbered 0, 10 … 50; a parameter that never changes keeps a spread to divide by.
      #expect(model.weights.statistics.parameterMean == [25, 7])
      #expect(abs(model.weights.statistics.parameterStd[0] - 17.0783) < 1e-3)
      #expect(model.weights.statistics.parameterStd[1] == 7)
    }
  }

  @Test func `a probe sees the model at its steps, has a column of the table, and changes nothing`() throws {
    try withFolder { folder in
      _ = try ModelTraining(pointDataset(), short(), threads: 1).run(files(folder, "plain"), isQuiet: true)
      let probed = files(folder, "probed")
      var seen: [LoadedModel] = []
      let probe = ModelTraining.Probe(interval: 5) { model in
        seen.append(model)
        return -Double(seen.count)
      }
      _ = try ModelTraining(pointDataset(), short(), threads: 1).run(probed, isQuiet: true, probe: probe)
      let models = try ["plain", "probed"].map {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0).safetensors"))
      }
      #expect(models[0] == models[1])
      // Steps 5, 10 and the last, 12; the last is what is written.
      #expect(seen.count == 3 && seen[0].weights.tensors != seen[1].weights.tensors)
      #expect(try LoadedModel(path: probed.output).weights.tensors == seen[2].weights.tensors)
      let rows = try String(contentsOfFile: probed.log!, encoding: .utf8).split(separator: "\n").filter {
        $0.hasPrefix("denoiser,")
      }
      #expect(rows.map { $0.split(separator: ",", omittingEmptySubsequences: false)[4] } == ["-1", "-2", "-3"])

      struct Broken: Error {}
      let broken = ModelTraining.Probe(interval: 5) { _ in throw Broken() }
      #expect(throws: LearningError.evaluation(step: 5, reason: "Broken()")) {
        try ModelTraining(pointDataset(), short(), threads: 1).run(
          files(folder, "broken"), isQuiet: true, probe: broken)
      }
    }
  }

  @Test func `settings that cannot work are refused by name`() {
    func problem(_ change: (inout TrainingConfiguration) -> Void) -> LearningError? {
      var configuration = short()
      change(&configuration)
      do {
        _ = try ModelTraining(pointDataset(), configuration, threads: 1)
        return nil
      } catch {
        return error
      }
    }
    #expect(problem { $0.batch = 7 } == .setting(name: "batch", problem: "is 7, expected even, 2...65536"))
    for change in [
      { $0.horizon = 5 }, { $0.channels = [16, 20] }, { $0.worldModelSteps = 0 }, { $0.bestEpisodes = 0 },
      { $0.averageDecay = 1 }, { $0.denoiserLearningRate = .nan }, { $0.fewestContextTransitions = 30 },
      { $0.mostContextEpisodes = 0 }, { $0.mostContextEpisodes = 11 },
    ] as [(inout TrainingConfiguration) -> Void] {
      #expect(problem(change) != nil)
    }
    #expect(throws: LearningError.self) { try ModelTraining(pointDataset(), short(), threads: 0) }
  }
}
