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
  /// Largest action, in the family's unit.
  public let actionLimit: Float
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
    actionLimit: Float
  ) {
    self.network = network
    self.weights = weights
    self.actionLimit = actionLimit
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
    self.init(
      network: network, weights: weights, observation: try normaliser("observation", observationSize),
      parameters: try normaliser("parameters", parameterCount),
      actionLimit: Float(try file.number("action_limit", in: 1e-6...1e6)))
  }

  /// The middle of the policy's distribution: what evaluation uses. `observation` `[observationSize]`, `parameters`
  /// `[parameterCount]`; returns `[actionSize]` in the family's unit.
  public func meanAction(observation: [Float], parameters: [Double]) -> [Float] {
    run(observation, parameters)
    return (0..<actionSize).map { Foundation.tanh(workspace.output[$0]) * actionLimit }
  }

  /// An action drawn from the policy's distribution: what collection uses. Shapes as for `meanAction`.
  public func sampledAction(observation: [Float], parameters: [Double], random: inout RandomSource) -> [Float] {
    run(observation, parameters)
    for i in 0..<actionSize { noise.pointer[i] = random.normal() }
    distribution.sample(
      workspace.output, noise: noise.pointer, actions: unitAction.pointer, stride: actionSize,
      logProbabilities: logProbability.pointer, rows: 1)
    return unitAction.array.map { $0 * actionLimit }
  }

  private func run(_ observation: [Float], _ parameters: [Double]) {
    precondition(observation.count == observationSize && parameters.count == parameterCount)
    observationNormaliser.normalise(observation, into: input.pointer)
    parameterNormaliser.normalise(parameters.map { Float($0) }, into: input.pointer + observationSize)
    network.forward(weights.pointer, input.pointer, workspace, rows: 1)
  }
}
