// Diffuser as a driver of episodes: the planner's denoiser and reward guide, told nothing and inferring nothing.

import PlannerRuntime

/// A planner whose context is zeros from the first plan to the last, whatever it is shown.
package final class DiffuserDriver: EpisodeDriver {
  package let inference: any TaskInference = NoInference()
  private let planner: PlannerDriver

  /// `options`: with a condition weight of 0, or the denoiser is told those zeros. Throws what making a planner throws.
  package init(weights: PlannerWeights, options: PlannerOptions, kernels: String? = nil) throws(PlannerError) {
    var options = options
    // A belief always has a context.
    options.contextInference = .encoder
    planner = try PlannerDriver(weights: weights.withoutContext, options: options, kernels: kernels)
    // Without any context a planner does not guide. This encoder answers everything with zeros.
    guard planner.infers else {
      planner.tell(parameters: [Double](repeating: 0, count: weights.shape.parameterCount))
      return
    }
    let data = weights.statistics
    planner.addTransition(
      observation: data.observationMean, action: data.actionMean, reward: data.rewardMean,
      next: zip(data.observationMean, data.differenceMean).map { $0 + $1 })
    planner.updateContext()
  }

  /// As the planner has it, `[contextSize]`.
  package var context: [Float] { planner.context }

  package func reset(seed: UInt64) { planner.reset(seed: seed) }
  package func act(_ observation: [Float]) -> [Float] { planner.act(observation) }
  package var isComplete: Bool { planner.isComplete }
  package func prepare() { planner.prepare() }
  package func intention(steps count: Int) -> IntendedSteps? { planner.intention(steps: count) }
}

/// Takes what it is shown and makes nothing of it.
private final class NoInference: TaskInference {
  func clearContext() {}
  func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float]) {}
  func updateContext() {}
  func updateContextIfDue() {}
}

extension PlannerWeights {
  /// The same with an encoder that answers every warm start with a context of zeros.
  fileprivate var withoutContext: PlannerWeights {
    var weights = self
    for (name, values) in weights.tensors where name.hasPrefix("encoder.output.") {
      weights.tensors[name] = [Float16](repeating: 0, count: values.count)
    }
    return weights
  }
}
