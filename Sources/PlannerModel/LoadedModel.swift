// A model file as the runtime takes it, and the one place that knows the names of its tensors on both sides.

import PlannerRuntime

/// A model file, read and checked whole: metadata, statistics, every tensor's shape and finiteness.
///
/// Real-time: no (start-up only).
public struct LoadedModel: Sendable {
  /// The file, as the user named it.
  public let path: String
  /// What the file says about itself.
  public private(set) var description: ModelDescription
  /// Statistics and tensors, as `Planner` takes them.
  public let weights: PlannerWeights

  /// A model that was made in memory. Precondition: `weights` hold every tensor of `description.shape`.
  package init(path: String, description: ModelDescription, weights: PlannerWeights) {
    self.path = path
    self.description = description
    self.weights = weights
  }

  /// Reads and checks the model file at `path`. Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be read or is no sound model.
  public init(path: String) throws(ModelError) {
    try self.init(file: SafetensorsFile(path: path))
  }

  /// The model in a file that was opened already. Real-time: no.
  ///
  /// - Throws: `ModelError` where it is no sound model.
  public init(file: SafetensorsFile) throws(ModelError) {
    let description = try ModelDescription(file: file)
    let statistics = try PlannerStatistics(
      file: file, observationSize: description.shape.observationSize, actionSize: description.shape.actionSize,
      parameterCount: description.shape.parameterCount)
    var tensors: [String: [Float16]] = [:]
    for tensor in description.shape.tensors {
      tensors[tensor.name] = try file.halves(tensor.name, shape: tensor.shape)
    }
    path = file.path
    self.description = description
    let bank = try ContextBank(file: file, shape: description.shape)
    weights = PlannerWeights(
      shape: description.shape, statistics: statistics, actionRanges: description.actionRanges, tensors: tensors,
      bank: bank)
    if bank != nil { self.description.options.contextInference = .belief }
  }

  /// Writes this model to `path` under another description of the same shape: other settings, more provenance. Exact:
  /// the weights are fp16 already. Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be written; the old one stays.
  public func write(to path: String, as description: ModelDescription) throws(ModelError) {
    precondition(description.shape == self.description.shape)
    try Self.write(description, statistics: weights.statistics, bank: weights.bank, to: path) { shape in
      guard let tensor = weights.tensors[shape.name] else { preconditionFailure("a model without one of its tensors") }
      return tensor.map { Float($0) }
    }
  }

  /// Writes a model file: `tensor` gives each tensor of `description.shape.tensors` as fp32, to be rounded to fp16.
  /// Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be written; the old one stays.
  public static func write(
    _ description: ModelDescription, statistics: PlannerStatistics, bank: ContextBank? = nil, to path: String,
    tensor: (TensorShape) -> [Float]
  ) throws(ModelError) {
    var writer = SafetensorsWriter(metadata: description.metadata)
    writer.add(statistics)
    for shape in description.shape.tensors {
      writer.add(shape.name, shape: shape.shape, type: .float16, values: tensor(shape))
    }
    if let bank { writer.add(bank, contextSize: description.shape.contextSize) }
    try writer.write(to: path)
  }

  /// The same model with another bank of contexts, and a belief as its way to a context. Real-time: no.
  public func with(bank: ContextBank) -> LoadedModel {
    var weights = weights
    weights.bank = bank
    var description = description
    description.options.contextInference = .belief
    return LoadedModel(path: path, description: description, weights: weights)
  }
}

extension SafetensorsWriter {
  /// Adds all statistics, as `PlannerStatistics(file:observationSize:actionSize:parameterCount:)` reads them.
  package mutating func add(_ statistics: PlannerStatistics) {
    for (name, keyPath) in PlannerStatistics.fields {
      let values = statistics[keyPath: keyPath]
      add("statistics.\(name)", shape: [values.count], type: .float32, values: values)
    }
    add("statistics.reward.mean", shape: [1], type: .float32, values: [statistics.rewardMean])
    add("statistics.reward.std", shape: [1], type: .float32, values: [statistics.rewardStd])
    guard !statistics.parameterMean.isEmpty else { return }
    for (name, values) in [("mean", statistics.parameterMean), ("std", statistics.parameterStd)] {
      add("statistics.parameters.\(name)", shape: [values.count], type: .float32, values: values)
    }
  }
}

extension PlannerStatistics {
  /// Far below what any unit makes of a channel that moves, and what it divides stays finite.
  static var smallestSpread: Float { 1e-20 }

  /// Names in the file of the statistics that have one entry per channel.
  static var fields: [(String, WritableKeyPath<PlannerStatistics, [Float]>)] {
    [
      ("observation.mean", \.observationMean), ("observation.std", \.observationStd),
      ("observation.min", \.observationMin), ("observation.max", \.observationMax),
      ("action.mean", \.actionMean), ("action.std", \.actionStd), ("action.min", \.actionMin),
      ("action.max", \.actionMax), ("difference.mean", \.differenceMean), ("difference.std", \.differenceStd),
    ]
  }

  /// Reads and checks the statistics of a model of these sizes; only an oracle has task parameters.
  package init(
    file: SafetensorsFile, observationSize: Int, actionSize: Int, parameterCount: Int = 0
  ) throws(ModelError) {
    self.init(
      observationMean: [], observationStd: [], observationMin: [], observationMax: [], actionMean: [], actionStd: [],
      actionMin: [], actionMax: [], differenceMean: [], differenceStd: [],
      rewardMean: try file.tensor("statistics.reward.mean", shape: [1])[0],
      rewardStd: try file.tensor("statistics.reward.std", shape: [1])[0])
    for (name, keyPath) in Self.fields {
      let size = name.hasPrefix("action") ? actionSize : observationSize
      self[keyPath: keyPath] = try file.tensor("statistics.\(name)", shape: [size])
    }
    if parameterCount > 0 {
      parameterMean = try file.tensor("statistics.parameters.mean", shape: [parameterCount])
      parameterStd = try file.tensor("statistics.parameters.std", shape: [parameterCount])
    }
    // A missing or zero spread turns every number it divides into NaN: the classic way to make a robot jump.
    for (name, values) in [
      ("observation.std", observationStd), ("action.std", actionStd), ("difference.std", differenceStd),
      ("reward.std", [rewardStd]), ("parameters.std", parameterStd),
    ] {
      if let bad = values.first(where: { $0 < Self.smallestSpread }) {
        throw .invalid(
          file: file.path, field: "statistics.\(name)", found: "\(bad)", expected: "at least \(Self.smallestSpread)")
      }
    }
    // Nor can a spread be far below the range that it is a spread of, whatever the unit.
    let ranges = { (low: [Float], high: [Float]) in zip(low, high).map { $1 - $0 } }
    for (name, spreads, wholes) in [
      ("observation.std", observationStd, ranges(observationMin, observationMax)),
      ("action.std", actionStd, ranges(actionMin, actionMax)), ("difference.std", differenceStd, observationStd),
    ] {
      for (spread, whole) in zip(spreads, wholes) where spread < 1e-7 * whole {
        throw .invalid(
          file: file.path, field: "statistics.\(name)", found: "\(spread) of a whole of \(whole)",
          expected: "at least 1e-7 of that")
      }
    }
    for (name, low, high) in [
      ("observation", observationMin, observationMax), ("action", actionMin, actionMax),
    ] where zip(low, high).contains(where: { $0 > $1 }) {
      throw .invalid(file: file.path, field: "statistics.\(name).min", found: "above the maximum", expected: "below it")
    }
  }
}
