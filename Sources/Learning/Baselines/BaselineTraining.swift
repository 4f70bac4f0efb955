// The training of a baseline: its stages one after the other, a checkpoint to resume from, the file at the end.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime

/// What a finished training of a baseline says about itself.
public struct BaselineReport: Codable, Equatable, Sendable {
  public var family: String
  public var method: BaselineMethod
  public var transitions: Int
  public var tasks: Int
  public var parameters: Int
  /// Losses of each stage's last step, by its name.
  public var losses: [String: [Double]]
  /// Of this run, not of those it was resumed from.
  public var seconds: Double
}

/// Trains a baseline on the data of a model, with contexts drawn as the model's were. The same data, model, options and
/// seed give the same file, whatever the number of threads and however often the run was interrupted. Real-time: no.
public final class BaselineTraining {
  /// How a run ended.
  public enum Outcome: Equatable, Sendable {
    case finished(BaselineReport)
    /// Stopped on request; the same run resumes from this checkpoint.
    case interrupted(checkpoint: String)
  }

  private let method: BaselineMethod
  private let model: LoadedModel
  private let dataset: Dataset
  private let data: BaselineData
  private let options: BaselineOptions
  private let workers: Workers
  private var stages: [any TrainingStage] = []
  private var saved = ContinuousClock.now
  private var losses: [String: [Double]] = [:]

  /// Checks that `model` and `dataset` belong together, and prepares the data. `threads` ≥ 1; more than two bring
  /// little.
  public init(
    _ method: BaselineMethod, _ dataset: Dataset, model: LoadedModel, _ options: BaselineOptions, threads: Int
  ) throws {
    try options.check()
    guard threads >= 1 else {
      throw LearningError.setting(name: "threads", problem: "is \(threads), expected at least 1")
    }
    var configuration = try TrainingConfiguration(of: model)
    configuration.bestEpisodes = options.bestEpisodes
    data = try BaselineData(dataset, model.description.shape, configuration)
    guard PlannerStatistics(data.data.statistics) == model.weights.statistics else {
      throw LearningError.file(
        path: model.path, problem: "was trained on other data: a baseline learns from the same as the model")
    }
    self.method = method
    self.dataset = dataset
    self.model = model
    self.options = options
    workers = Workers(threads: threads)
  }

  /// Trains, resuming where a checkpoint exists, and writes the baseline. `shouldStop` is asked after every step;
  /// `provenance` goes into the file beside the settings and the data set's own.
  public func run(
    _ files: ModelTraining.Files, provenance: [String: String] = [:], isQuiet: Bool = false,
    shouldStop: () -> Bool = { false }
  ) throws -> Outcome {
    let began = ContinuousClock.now
    try files.prepare(parameters: Self.mostParameters)
    let log = TrainingLog(
      path: files.log, stages: Self.stageNames(method), lossNames: "loss,second_loss", isQuiet: isQuiet)
    stages = [try makeStage(0)]
    if FileManager.default.fileExists(atPath: files.checkpoint) {
      try restore(path: files.checkpoint)
      log.note("resuming from \(files.checkpoint)")
    }
    saved = .now
    while true {
      let stage = stages[stages.count - 1]
      try log.begin(stage.name, step: stage.done, of: stage.total)
      while stage.done < stage.total {
        let losses = stage.step()
        self.losses[stage.name] = losses
        try log.add(step: stage.done, losses: losses)
        guard losses.allSatisfy(\.isFinite) else {
          throw LearningError.diverged(what: "the loss of the \(stage.name)", step: stage.done)
        }
        let stops = shouldStop()
        if stops || ContinuousClock.now - saved > .seconds(120) {
          try save(path: files.checkpoint)
          saved = .now
        }
        if stops { return .interrupted(checkpoint: files.checkpoint) }
      }
      guard stages.count < Self.stageNames(method).count else { break }
      stages.append(try makeStage(stages.count))
    }
    let parameters = try write(to: files.output, provenance)
    try? FileManager.default.removeItem(atPath: files.checkpoint)
    return .finished(
      BaselineReport(
        family: dataset.family, method: method, transitions: data.data.transitionCount, tasks: data.data.tasks.count,
        parameters: parameters, losses: losses, seconds: (ContinuousClock.now - began) / .seconds(1)))
  }

  /// More than any baseline has.
  private static let mostParameters = 1 << 20

  private static func stageNames(_ method: BaselineMethod) -> [String] {
    method == .cloning ? ["policy"] : ["encoder", "actor-critic"]
  }

  /// Stage `index`; those before it are finished.
  private func makeStage(_ index: Int) throws -> any TrainingStage {
    switch (method, index) {
    case (.cloning, _):
      let reference = try ReferenceModel(file: SafetensorsFile(path: model.path))
      return BehaviourCloning(data, contexts: pool(reference.encode), options, workers: workers)
    case (.focal, 0):
      return MetricEncoding(data, options, workers: workers)
    case (.focal, _):
      guard let encoding = stages[0] as? MetricEncoding else { preconditionFailure("the encoder comes first") }
      return OfflineActorCritic(data, contexts: pool(encoding.encode), options, workers: workers)
    }
  }

  private func pool(_ encode: @escaping ([Float]) -> [Float]) -> ContextPool {
    data.contextPool(count: options.contextsPerTask, seed: options.seed, workers: workers, encode: encode)
  }

  // MARK: Files

  private func save(path: String) throws(LearningError) {
    var checkpoint = Checkpoint()
    checkpoint.set("run", identity)
    checkpoint.set("stages", [UInt8(stages.count)])
    for (index, stage) in stages.enumerated() {
      for (number, optimiser) in stage.optimisers.enumerated() { optimiser.save("\(index).\(number)", to: &checkpoint) }
    }
    try checkpoint.save(path: path)
  }

  private func restore(path: String) throws {
    let checkpoint = try Checkpoint.load(path: path)
    guard checkpoint.numbers("run", as: UInt8.self) == identity else {
      throw LearningError.file(path: path, problem: "was written with other data or settings: delete it to start anew")
    }
    let count: [UInt8] = try checkpoint.numbers("stages", count: 1, path: path)
    for index in 0..<Int(count[0]) {
      if index == stages.count { stages.append(try makeStage(index)) }
      for (number, optimiser) in stages[index].optimisers.enumerated() {
        try optimiser.restore("\(index).\(number)", from: checkpoint, path: path)
      }
    }
  }

  /// Tells this run from others.
  private var identity: [UInt8] {
    Array((method.rawValue + json(options) + json(data.configuration) + model.encoderFingerprint).utf8)
      + Array(data.data.fingerprint.utf8)
  }

  /// Averaged weights, fp16, with statistics and provenance; returns how many numbers they are.
  private func write(to path: String, _ provenance: [String: String]) throws -> Int {
    let shape = data.shape
    var writer = SafetensorsWriter(metadata: [
      "kind": BaselineModel.kind, "method": method.rawValue, "family": dataset.family,
      "observation_size": "\(shape.observationSize)", "action_size": "\(shape.actionSize)",
      "context_size": "\(shape.contextSize)", "hidden_size": "\(options.hiddenSize)",
      "action_limit": "\(dataset.actionLimit)",
      "encoder": method == .cloning ? model.encoderFingerprint : "its own", "training": json(options),
      "windows_and_contexts": json(data.configuration), "seed": "\(options.seed)",
      "dataset.fingerprint": data.data.fingerprint,
    ])
    for (key, value) in provenance { writer.metadata[key] = value }
    for (key, value) in dataset.provenance { writer.metadata["dataset.\(key)"] = value }
    writer.add(model.weights.statistics)
    var count = 0
    for optimiser in stages.flatMap(\.optimisers) {
      for entry in optimiser.store.entries where !entry.name.hasPrefix("critic.") {
        let values = optimiser.store.tensor(entry, from: optimiser.average.values.pointer)
        guard values.allSatisfy({ Float16($0).isFinite }) else {
          throw LearningError.diverged(what: "tensor \(entry.name)", step: optimiser.adam.step)
        }
        writer.add(entry.name, shape: entry.shape, type: .float16, values: values)
        count += values.count
      }
    }
    try writer.write(to: path)
    return count
  }

  private func json(_ settings: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let text = try? encoder.encode(settings) else { preconditionFailure("plain numbers always encode") }
    return String(decoding: text, as: UTF8.self)
  }
}

extension ContextTraining {
  /// As the provenance of `model` says; where that says nothing, or another kind than the model is, as the model says.
  public init(of model: LoadedModel) {
    let kind = model.description.shape.contextKind
    let said = try? TrainingConfiguration(of: model).context
    self = said?.kind == kind ? said ?? .pool : Self.allCases.first { $0.kind == kind } ?? .pool
  }
}

extension TrainingConfiguration {
  /// The settings that `model` was trained with, as its file says; what it does not say has its default.
  init(of model: LoadedModel) throws(LearningError) {
    let text = model.description.provenance["training"] ?? "{}"
    guard let given = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let defaults = try? JSONEncoder().encode(TrainingConfiguration()),
      let known = try? JSONSerialization.jsonObject(with: defaults) as? [String: Any],
      let merged = try? JSONSerialization.data(withJSONObject: known.merging(given) { $1 }),
      let settings = try? JSONDecoder().decode(TrainingConfiguration.self, from: merged)
    else {
      throw .file(path: model.path, problem: "'provenance.training' is not the settings of a training: \(text)")
    }
    self = settings
  }
}
