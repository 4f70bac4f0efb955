// An expert as others use it: observation and true task parameters in, action out.

import Foundation
import Learning
import PlannerModel
import PlannerRuntime

/// A trained behaviour policy. It is told the task; experts make data and mark what is possible, they never plan.
///
/// One thread an instance. Real-time: no.
public final class ExpertPolicy {
  public let observationSize: Int
  public let parameterCount: Int
  public let actionSize: Int
  /// The limits of each entry of an action, in the family's unit, `[actionSize]`.
  public let actionLower: [Float]
  public let actionUpper: [Float]
  /// No entry of an action is larger in magnitude.
  public var actionLimit: Float { zip(actionLower, actionUpper).map { max(abs($0), abs($1)) }.max() ?? 0 }
  private let network: MultilayerPerceptron
  private let weights: FloatBuffer
  private let distribution: SquashedGaussian
  private let observationNormaliser: Normaliser
  private let parameterNormaliser: Normaliser
  private let workspace: MultilayerPerceptron.Workspace
  private let input: FloatBuffer
  private let noise: FloatBuffer
  private let logProbability = FloatBuffer(count: 1)
  private let unitAction: FloatBuffer

  /// A policy over `weights`, which may go on changing (the trainer's own are).
  init(
    network: MultilayerPerceptron, weights: FloatBuffer, observation: Normaliser, parameters: Normaliser,
    actionLower: [Float], actionUpper: [Float]
  ) {
    self.network = network
    self.weights = weights
    self.actionLower = actionLower
    self.actionUpper = actionUpper
    observationNormaliser = observation
    parameterNormaliser = parameters
    observationSize = observation.mean.count
    parameterCount = parameters.mean.count
    actionSize = network.outputSize / 2
    distribution = SquashedGaussian(actionSize: actionSize)
    workspace = .init(network, rows: 1)
    input = FloatBuffer(count: network.inputSize)
    noise = FloatBuffer(count: actionSize)
    unitAction = FloatBuffer(count: actionSize)
  }

  /// Loads one `level` ("medium", "expert") from a file that `metadiffuser train expert` wrote.
  public convenience init(path: String, level: String = "expert") throws {
    let file = try SafetensorsFile(path: path)
    let sizes = 1...65536
    let observationSize = try file.integer("observation_size", in: sizes)
    let parameterCount = try file.integer("parameter_count", in: sizes)
    let actionSize = try file.integer("action_size", in: sizes)
    let hiddenSize = try file.integer("hidden_size", in: sizes)
    guard file.entries["policy.\(level).0.weight"] != nil else {
      let levels = file.entries.keys.filter { $0.hasSuffix(".0.weight") }.map { $0.split(separator: ".")[1] }.sorted()
      throw LearningError.file(
        path: path, problem: "has no policy level '\(level)'; it has \(levels.joined(separator: ", "))")
    }
    let store = ParameterStore()
    let network = MultilayerPerceptron(
      store, "policy.\(level)",
      sizes: [observationSize + parameterCount, hiddenSize, hiddenSize, 2 * actionSize], activation: .relu)
    let weights = store.makeBuffer()
    for entry in store.entries {
      let values = try file.tensor(entry.name, shape: entry.shape)
      (weights.pointer + entry.slot.offset).update(from: values, count: values.count)
    }
    func normaliser(_ name: String, _ count: Int) throws -> Normaliser {
      Normaliser(
        mean: try file.tensor("statistics.\(name).mean", shape: [count]),
        deviation: try file.tensor("statistics.\(name).std", shape: [count]))
    }
    func limits(_ name: String, else limit: Float) throws -> [Float] {
      // Experts of earlier versions have one limit for all.
      guard file.entries["limits.action.\(name)"] != nil else { return [Float](repeating: limit, count: actionSize) }
      return try file.tensor("limits.action.\(name)", shape: [actionSize])
    }
    let limit = Float(try file.number("action_limit", in: 1e-6...1e6))
    let (lower, upper) = (try limits("lower", else: -limit), try limits("upper", else: limit))
    guard zip(lower, upper).allSatisfy({ $0 < $1 }) else {
      throw LearningError.file(path: path, problem: "has limits.action.lower above limits.action.upper")
    }
    self.init(
      network: network, weights: weights, observation: try normaliser("observation", observationSize),
      parameters: try normaliser("parameters", parameterCount),
      actionLower: lower, actionUpper: upper)
  }

  /// The middle of the policy's distribution: what evaluation uses. `observation` `[observationSize]`, `parameters`
  /// `[parameterCount]`; returns `[actionSize]` in the family's unit.
  public func meanAction(observation: [Float], parameters: [Double]) -> [Float] {
    run(observation, parameters)
    return (0..<actionSize).map { scaled(Foundation.tanh(workspace.output[$0]), $0) }
  }

  /// An action drawn from the policy's distribution: what collection uses. Shapes as for `meanAction`.
  public func sampledAction(observation: [Float], parameters: [Double], random: inout RandomSource) -> [Float] {
    run(observation, parameters)
    for i in 0..<actionSize { noise.pointer[i] = random.normal() }
    distribution.sample(
      workspace.output, noise: noise.pointer, actions: unitAction.pointer, stride: actionSize,
      logProbabilities: logProbability.pointer, rows: 1)
    return unitAction.array.enumerated().map { scaled($1, $0) }
  }

  /// An entry of an action from −1 … 1.
  private func scaled(_ value: Float, _ entry: Int) -> Float {
    let (lower, upper) = (actionLower[entry], actionUpper[entry])
    return (lower + upper) / 2 + value * ((upper - lower) / 2)
  }

  private func run(_ observation: [Float], _ parameters: [Double]) {
    precondition(observation.count == observationSize && parameters.count == parameterCount)
    observationNormaliser.normalise(observation, into: input.pointer)
    parameterNormaliser.normalise(parameters.map { Float($0) }, into: input.pointer + observationSize)
    network.forward(weights.pointer, input.pointer, workspace, rows: 1)
  }
}
