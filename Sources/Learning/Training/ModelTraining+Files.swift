// What a training leaves on disk: the checkpoint that it resumes from, and the model.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime

extension ModelTraining.Files {
  /// Finds out before a training of so many parameters whether it can write what it is to write. A checkpoint holds
  /// each parameter, its average and two moments.
  func prepare(parameters: Int) throws(LearningError) {
    for (path, bytes) in [(output, 2 * parameters), (checkpoint, 16 * parameters), (log ?? checkpoint, 0)] {
      try LearningError.writing(path) { () throws(ModelError) in
        try OutputFile.prepare(path, bytes: bytes + (1 << 16))
      }
    }
  }
}

extension ModelTraining {
  /// Saves all that decides how the run goes on. Nothing random is in it: every step draws from a stream of its own.
  func save(path: String) throws(LearningError) {
    var checkpoint = Checkpoint()
    checkpoint.set("run", try identity())
    checkpoint.set("stage", [UInt8(denoiser != nil ? 2 : value != nil ? 1 : 0)])
    worldModel.optimiser.save("world", to: &checkpoint)
    value?.optimiser.save("value", to: &checkpoint)
    denoiser?.optimiser.save("denoiser", to: &checkpoint)
    try checkpoint.save(path: path)
  }

  /// Continues the run that wrote `path`, which must have had the same data and settings.
  func restore(path: String) throws(LearningError) {
    let checkpoint = try Checkpoint.load(path: path)
    guard checkpoint.numbers("run", as: UInt8.self) == (try identity()) else {
      throw .file(path: path, problem: "was written with other data or settings: delete it to start anew")
    }
    let stage: [UInt8] = try checkpoint.numbers("stage", count: 1, path: path)
    try worldModel.optimiser.restore("world", from: checkpoint, path: path)
    if stage[0] >= 1, configuration.valueSteps > 0 {
      let value = makeValue()
      try value.optimiser.restore("value", from: checkpoint, path: path)
      self.value = value
    }
    if stage[0] == 2 {
      let denoiser = makeDenoiser()
      try denoiser.optimiser.restore("denoiser", from: checkpoint, path: path)
      denoiser.parametersChanged()
      self.denoiser = denoiser
    }
  }

  /// Tells this run from others: data and settings, steps included, because they set the learning rates.
  private func identity() throws(LearningError) -> [UInt8] {
    Array((Self.json(configuration) + data.fingerprint).utf8)
  }

  /// The model as it is, called `path`: averaged weights rounded to fp16, statistics, settings and provenance.
  func model(
    _ path: String, _ denoiser: DenoiserTraining, _ provenance: [String: String]
  ) throws(LearningError) -> LoadedModel {
    var tensors: [String: [Float16]] = [:]
    for optimiser in [worldModel.optimiser, value?.optimiser, denoiser.optimiser].compactMap({ $0 }) {
      for entry in optimiser.store.entries {
        let values = optimiser.store.tensor(entry, from: optimiser.average.values.pointer).map { Float16($0) }
        guard values.allSatisfy(\.isFinite) else {
          throw .diverged(what: "tensor \(entry.name)", step: optimiser.adam.step)
        }
        tensors[entry.name] = values
      }
    }
    var provenance = provenance
    provenance["training"] = Self.json(configuration)
    provenance["seed"] = "\(configuration.seed)"
    provenance["dataset.fingerprint"] = data.fingerprint
    provenance["dataset.check"] = dataset.check
    let heldOut = dataset.heldOutTasks(configuration)
    if !heldOut.isEmpty {
      provenance[ModelDescription.heldOutTasksKey] = heldOut.map { "\($0)" }.joined(separator: " ")
    }
    for (key, value) in dataset.provenance { provenance["dataset.\(key)"] = value }
    let description = ModelDescription(
      family: dataset.family, shape: data.shape, periodNanoseconds: dataset.periodNanoseconds,
      observationChannels: dataset.observationChannels, actionChannels: dataset.actionChannels, provenance: provenance)
    let weights = PlannerWeights(
      shape: data.shape, statistics: data.plannerStatistics, actionRanges: description.actionRanges, tensors: tensors)
    return LoadedModel(path: path, description: description, weights: weights)
  }

  /// Writes the model.
  func write(to path: String, _ denoiser: DenoiserTraining, _ provenance: [String: String]) throws(LearningError) {
    var model = try model(path, denoiser, provenance)
    if data.shape.contextKind != .oracle {
      model = model.with(bank: ContextBankBuilder(model, data, configuration).build(count: configuration.bankSize))
    }
    try LearningError.writing(path) { () throws(ModelError) in try model.write(to: path, as: model.description) }
  }

  /// `model` with a bank of contexts from the data set that it was trained on; not for an oracle, which is told its
  /// task. `note` is told what was found.
  public static func addBank(
    to model: LoadedModel, _ dataset: Dataset, _ configuration: TrainingConfiguration, note: (String) -> Void
  ) throws(LearningError) -> LoadedModel {
    try configuration.check()
    let shape = model.description.shape
    guard shape.contextKind != .oracle else {
      throw .file(path: model.path, problem: "an oracle's model has no use for a bank of contexts")
    }
    for (field, found, expected) in [
      ("observation_size", dataset.observationSize, shape.observationSize),
      ("action_size", dataset.actionSize, shape.actionSize),
    ] where found != expected {
      throw .file(path: model.path, problem: "\(field) is \(expected), the data set's is \(found): give its own data")
    }
    let data = try TrainingData(dataset, shape, configuration)
    // What another data set is normalised by would put all hypotheses in the wrong place.
    let (own, other) = (model.weights.statistics, data.plannerStatistics)
    for (mean, otherMean, spread) in zip(zip(own.observationMean, other.observationMean), own.observationStd)
      .map({ ($0.0, $0.1, $1) }) + [(own.rewardMean, other.rewardMean, own.rewardStd)]
    where abs(mean - otherMean) > 0.02 * spread {
      throw .file(path: model.path, problem: "was trained on other data than these: give its own data set")
    }
    let bank = ContextBankBuilder(model, data, configuration).build(count: configuration.bankSize, note: note)
    return model.with(bank: bank)
  }

  private static func json(_ configuration: TrainingConfiguration) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let text = try? encoder.encode(configuration) else { preconditionFailure("plain numbers always encode") }
    return String(decoding: text, as: UTF8.self)
  }
}

extension TrainingData {
  /// The statistics as a model file has them.
  var plannerStatistics: PlannerStatistics {
    var all = PlannerStatistics(statistics)
    all.parameterMean = parameterMean
    all.parameterStd = parameterStd
    return all
  }
}

extension PlannerStatistics {
  /// The statistics of a data set as a model file has them.
  init(_ statistics: Statistics) {
    self.init(
      observationMean: statistics.observation.mean, observationStd: statistics.observation.deviation,
      observationMin: statistics.observation.minimum, observationMax: statistics.observation.maximum,
      actionMean: statistics.action.mean, actionStd: statistics.action.deviation,
      actionMin: statistics.action.minimum, actionMax: statistics.action.maximum,
      differenceMean: statistics.difference.mean, differenceStd: statistics.difference.deviation,
      rewardMean: statistics.reward.mean[0], rewardStd: statistics.reward.deviation[0])
  }
}

extension ShardedOptimiser {
  /// Weights, their average and Adam's state as sections `name.…`.
  func save(_ name: String, to checkpoint: inout Checkpoint) {
    checkpoint.set("\(name).weights", store.valueBuffer)
    checkpoint.set("\(name).average", average.values)
    checkpoint.set("\(name).adam", adam)
  }

  /// The reverse of `save`.
  func restore(_ name: String, from checkpoint: Checkpoint, path: String) throws(LearningError) {
    try checkpoint.restore("\(name).weights", into: store.valueBuffer, path: path)
    try checkpoint.restore("\(name).average", into: average.values, path: path)
    try checkpoint.restore("\(name).adam", into: adam, path: path)
  }
}
