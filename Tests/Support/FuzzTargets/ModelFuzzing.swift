// Model files that may hold anything: what loads can be planned with, and no number leaves that is none.

import PlannerModel
import PlannerRuntime

enum ModelFuzzing {
  /// Multiplications beyond which a plan would take longer than an input may.
  private static let mostWork = 50_000_000.0

  /// True if the file was taken for a model.
  static func check(_ path: String) -> Bool {
    guard let model = try? LoadedModel(path: path) else { return false }
    let (shape, options) = (model.weights.shape, model.description.options)
    precondition(shape.defect == nil && options.defect(for: shape) == nil)
    let passes = Double(options.candidates * max(options.coldSteps, options.warmSteps) * (1 + options.guideRounds))
    let weights = Double(shape.tensors.reduce(0) { $0 + $1.count })
    guard passes * weights * Double(shape.horizon) < mostWork else { return true }
    do {
      var planner = try Planner(weights: model.weights, options: options)
      drive(&planner, model)
    } catch {
      fatalError("a model that loads makes no planner: \(error)")
    }
    return true
  }

  private static func drive(_ planner: inout Planner, _ model: LoadedModel) {
    let statistics = model.weights.statistics
    let mean = statistics.observationMean
    let shifted = zip(mean, statistics.observationStd).map { $0 + $1 }
    let absurd = mean.map { _ in Float(3e38) }
    let middle = [Float](repeating: 0, count: planner.actionSize)
    planner.reset(seed: 1)
    for observation in [mean, absurd, shifted, shifted, mean] {
      let result = planner.plan(observation: observation, budgetNanoseconds: .max)
      precondition(result.predictedReturn.isFinite && result.discrepancy.isFinite)
      for time in 0..<planner.horizon {
        for index in 0..<planner.actionSize {
          precondition(abs(planner.action(time)[index]) <= model.weights.actionLimit)
        }
        for index in 0..<planner.observationSize { precondition(planner.state(time)[index].isFinite) }
      }
      if planner.infersContext {
        _ = planner.addTransition(
          observation: observation, action: middle, reward: statistics.rewardMean, next: shifted)
        planner.updateContext()
      } else {
        planner.setContext(parameters: [Float](repeating: 0.5, count: model.weights.shape.parameterCount))
      }
      for index in 0..<model.weights.shape.contextSize where planner.hasContext {
        precondition(abs(planner.context(index)) <= 1)
      }
      if let belief = planner.belief { precondition(belief.confidence >= 0 && belief.confidence <= 1) }
      planner.prepare()
    }
  }

  /// A model of each kind of context, with and without a bank and a value, as small as they come.
  static func writeSeeds(_ write: (_ name: String, _ file: (String) throws -> Void) throws -> Void) throws {
    for kind in ContextKind.allCases {
      let shape = PlannerShape(
        observationSize: 1, actionSize: 1, contextSize: 1, horizon: 2, channels: [16], denoisingSteps: 2,
        contextKind: kind, parameterCount: kind == .oracle ? 2 : 0, hasValue: kind == .recurrent)
      let weights = PlannerWeights.random(shape, seed: 1)
      var options = PlannerOptions()
      (options.candidates, options.coldSteps) = (2, 2)
      (options.warmLevel, options.warmSteps) = kind == .pool ? (0.5, 1) : (0, 2)
      let description = ModelDescription(
        family: "f", shape: shape, periodNanoseconds: 1_000_000, actionLimit: 1, options: options)
      let bank = kind == .pool || kind == .recurrent ? ContextBank.random(shape, count: 3, seed: 1) : nil
      try write("\(kind)") { path in
        try LoadedModel.write(description, statistics: weights.statistics, bank: bank, to: path) { tensor in
          weights.tensors[tensor.name]!.map { Float($0) }
        }
      }
    }
  }
}

enum WarmStartFuzzing {
  /// What is read has the sizes that it states, no value that a planner could choke on, and can be inferred from.
  static func check(_ path: String) -> Bool {
    guard let start = try? WarmStart(path: path) else { return false }
    precondition(start.observations.count == start.count * start.observationSize)
    precondition(start.actions.count == start.count * start.actionSize)
    precondition(start.nextObservations.count == start.observations.count)
    for values in [start.observations, start.actions, start.rewards, start.nextObservations] {
      precondition(values.allSatisfy(\.isFinite))
    }
    guard start.observationSize <= 8, start.actionSize <= 8, start.count <= 64 else { return true }
    let shape = PlannerShape(
      observationSize: start.observationSize, actionSize: start.actionSize, contextSize: 2, horizon: 2,
      channels: [16], denoisingSteps: 2)
    var options = PlannerOptions()
    (options.candidates, options.coldSteps) = (1, 1)
    do {
      var planner = try Planner(weights: .random(shape, seed: 1), options: options)
      let taken = start.infer(into: &planner)
      precondition(taken >= 0 && taken <= start.count)
      for index in 0..<2 where planner.hasContext { precondition(abs(planner.context(index)) <= 1) }
    } catch {
      fatalError("\(error)")
    }
    return true
  }

  static func writeSeed(_ path: String) throws {
    var start = WarmStart(family: "f", observationSize: 2, actionSize: 1, behaviour: "random")
    start.append(observation: [0, 1], action: [0.5], reward: 1, next: [0.1, 1.1])
    start.append(observation: [0.1, 1.1], action: [-0.5], reward: -1, next: [0, 1])
    try start.write(to: path)
  }
}
