// A trained baseline as a file, and as the policy that acts.

import Foundation
import PlannerModel
import PlannerRuntime

/// A baseline's file, read and checked whole. Real-time: no.
public struct BaselineModel: Sendable {
  /// First thing checked in a file.
  public static let kind = "baseline"

  public let path: String
  public let method: BaselineMethod
  public let family: String
  public let observationSize: Int, actionSize: Int, contextSize: Int, hiddenSize: Int
  /// Actions lie in `-actionLimit ... actionLimit`.
  public let actionLimit: Float
  /// Which encoder the contexts come from: the model's that it was trained beside, or its own.
  public let encoder: String
  /// Everything else in the metadata: seed, command, settings.
  public let provenance: [String: String]
  /// Numbers of all networks together.
  public var parameterCount: Int { tensors.values.reduce(0) { $0 + $1.count } }
  let statistics: PlannerStatistics
  let tensors: [String: [Float]]

  public init(path: String) throws(ModelError) { try self.init(file: SafetensorsFile(path: path)) }

  /// The baseline in a file that was opened already.
  public init(file: SafetensorsFile) throws(ModelError) {
    let kind = try file.field("kind")
    guard kind == Self.kind else {
      throw .invalid(file: file.path, field: "__metadata__.kind", found: "'\(kind)'", expected: "'\(Self.kind)'")
    }
    let name = try file.field("method")
    guard let method = BaselineMethod(rawValue: name) else {
      throw .invalid(
        file: file.path, field: "__metadata__.method", found: "'\(name)'",
        expected: BaselineMethod.allCases.map(\.rawValue).joined(separator: " or "))
    }
    path = file.path
    self.method = method
    family = try file.field("family")
    observationSize = try file.integer("observation_size", in: 1...1024)
    actionSize = try file.integer("action_size", in: 1...256)
    contextSize = try file.integer("context_size", in: 1...256)
    hiddenSize = try file.integer("hidden_size", in: 1...4096)
    actionLimit = Float(try file.number("action_limit", in: 1e-6...1e6))
    encoder = try file.field("encoder")
    statistics = try PlannerStatistics(file: file, observationSize: observationSize, actionSize: actionSize)
    var tensors: [String: [Float]] = [:]
    let networks = Networks(
      method, observationSize: observationSize, actionSize: actionSize, contextSize: contextSize,
      hiddenSize: hiddenSize)
    for entry in networks.store.entries { tensors[entry.name] = try file.tensor(entry.name, shape: entry.shape) }
    self.tensors = tensors
    let described: Set = [
      "kind", "method", "family", "observation_size", "action_size", "context_size", "hidden_size", "action_limit",
    ]
    provenance = file.metadata.filter { !described.contains($0.key) }
  }

  /// Throws, naming the field, unless this baseline was trained beside `model`.
  public func check(fits model: LoadedModel) throws(ModelError) {
    let shape = model.description.shape
    for (field, found, expected) in [
      ("family", family, model.description.family),
      ("observation_size", "\(observationSize)", "\(shape.observationSize)"),
      ("action_size", "\(actionSize)", "\(shape.actionSize)"),
      ("action_limit", "\(actionLimit)", "\(model.description.actionLimit)"),
      ("encoder", encoder, method == .cloning ? model.encoderFingerprint : encoder),
    ] where found != expected {
      throw .invalid(
        file: path, field: "__metadata__.\(field)", found: found,
        expected: "\(expected) as in \(model.path): train it anew beside this model")
    }
  }

  /// The networks of a baseline and where their parameters lie.
  struct Networks {
    let store = ParameterStore()
    let policy: TanhPolicy
    /// Only of a baseline that has its own.
    let encoder: PoolEncoder?

    init(_ method: BaselineMethod, observationSize: Int, actionSize: Int, contextSize: Int, hiddenSize: Int) {
      policy = TanhPolicy(
        store, inputSize: observationSize + contextSize, hiddenSize: hiddenSize, actionSize: actionSize)
      // The encoder looks at the first three sizes only.
      let shape = PlannerShape(
        observationSize: observationSize, actionSize: actionSize, contextSize: contextSize, horizon: 2,
        channels: [16], denoisingSteps: 1)
      encoder = method == .focal ? PoolEncoder(store, shape) : nil
    }
  }

  /// A policy of its own; one per thread.
  public func makePolicy() -> BaselinePolicy { BaselinePolicy(self) }
}

extension LoadedModel {
  /// Tells the contexts of one encoder from those of another.
  public var encoderFingerprint: String {
    var hash = Fingerprint()
    for (name, values) in weights.tensors.sorted(by: { $0.key < $1.key }) where name.hasPrefix("encoder.") {
      for value in values { hash.add(word: UInt64(value.bitPattern)) }
    }
    return hash.text
  }
}

/// A trained baseline that acts. Not thread-safe. Real-time: no.
public final class BaselinePolicy {
  private let model: BaselineModel
  private let networks: BaselineModel.Networks
  private let workspace: MultilayerPerceptron.Workspace
  private let input: FloatBuffer

  init(_ model: BaselineModel) {
    self.model = model
    networks = .init(
      model.method, observationSize: model.observationSize, actionSize: model.actionSize,
      contextSize: model.contextSize, hiddenSize: model.hiddenSize)
    networks.store.seal(seed: 0)
    for entry in networks.store.entries {
      let values = model.tensors[entry.name]!
      (networks.store.values + entry.slot.offset).update(from: values, count: values.count)
    }
    workspace = .init(networks.policy.network, rows: 1)
    input = FloatBuffer(count: networks.policy.network.inputSize)
  }

  /// The action for `observation`, `[observationSize]`, in the task of `context`, `[contextSize]`: `[actionSize]`,
  /// physical units.
  public func action(observation: [Float], context: [Float]) -> [Float] {
    precondition(observation.count == model.observationSize && context.count == model.contextSize)
    let statistics = model.statistics
    for (i, value) in observation.enumerated() {
      input.pointer[i] = (value - statistics.observationMean[i]) / statistics.observationStd[i]
    }
    for (i, value) in context.enumerated() { input.pointer[observation.count + i] = value }
    networks.policy.forward(networks.store.values, input.pointer, workspace, rows: 1)
    return (0..<model.actionSize).map { workspace.output[$0] * model.actionLimit }
  }

  /// A transition, physical units, as the encoder reads it: `[state, action, reward, change of state]`, normalised.
  public func row(observation: [Float], action: [Float], reward: Float, next: [Float]) -> [Float] {
    let s = model.statistics
    return observation.indices.map { (observation[$0] - s.observationMean[$0]) / s.observationStd[$0] }
      + action.indices.map { (action[$0] - s.actionMean[$0]) / s.actionStd[$0] }
      + [(reward - s.rewardMean) / s.rewardStd]
      + next.indices.map { (next[$0] - observation[$0] - s.differenceMean[$0]) / s.differenceStd[$0] }
  }

  /// The context of `rows`, `[n][transitionSize]` with n ≥ 1; zeros where the baseline has no encoder of its own.
  public func context(of rows: [Float]) -> [Float] {
    guard let encoder = networks.encoder else { return [Float](repeating: 0, count: model.contextSize) }
    let count = rows.count / (2 * model.observationSize + model.actionSize + 1)
    let pass = encoder.makePass(contexts: 1, rows: count)
    pass.forward(networks.store.values, rows, counts: [count])
    return Array(UnsafeBufferPointer(start: pass.context, count: model.contextSize))
  }
}
