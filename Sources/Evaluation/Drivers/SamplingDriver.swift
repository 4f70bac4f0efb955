// MPPI through the planner's own learned models, as a driver of episodes.

import PlannerRuntime

/// Plans by sampling where the planner denoises: the same dynamics and reward models, the same context.
public final class SamplingDriver: EpisodeDriver {
  public let inference: any TaskInference
  public let isComplete = true
  private let planner: PlannerDriver
  private let model: LearnedRollout
  private let sampler: PathIntegral
  private let actionLimit: Float
  private var observation: [Float] = []

  public init(weights: PlannerWeights, options: PathIntegral.Options, kernels: String? = nil) throws(PlannerError) {
    planner = try PlannerDriver(inferringWith: weights, kernels: kernels)
    inference = planner
    model = try LearnedRollout(weights, rows: options.samples, kernels: kernels)
    sampler = PathIntegral(model, options)
    actionLimit = weights.actionLimit
  }

  public func reset(seed: UInt64) { sampler.reset(seed: seed) }

  public func act(_ observation: [Float]) -> [Float] {
    self.observation = observation
    model.setContext(planner.context)
    return sampler.plan(observation).map { $0 * actionLimit }
  }

  public func prepare() { sampler.shift() }

  public func intention(steps count: Int) -> IntendedSteps? {
    let size = model.actionSize
    let actions = (0..<min(count, sampler.options.horizon)).map { Array(sampler.mean[($0 * size)..<(($0 + 1) * size)]) }
    var state = model.state(of: observation)
    var total: Float = 0
    let states = actions.map { action in
      model.step(&state, action, &total, count: 1)
      return model.observation(of: state)
    }
    return IntendedSteps(actions: actions.map { $0.map { $0 * actionLimit } }, states: states)
  }
}

/// The learned models as rollouts see them; states are normalised and kept within what the data held, as plans are.
package final class LearnedRollout: RolloutModel {
  package let stateSize: Int, actionSize: Int
  private let statistics: PlannerStatistics
  private let actionLimit: Float
  private let lowest: [Float], highest: [Float]
  private let models: StandalonePerceptron

  package init(_ weights: PlannerWeights, rows: Int, kernels: String?) throws(PlannerError) {
    models = try StandalonePerceptron(weights: weights, rows: rows, kernels: kernels)
    let statistics = weights.statistics
    self.statistics = statistics
    actionLimit = weights.actionLimit
    stateSize = weights.shape.observationSize
    actionSize = weights.shape.actionSize
    func normalised(_ values: [Float]) -> [Float] {
      values.indices.map { (values[$0] - statistics.observationMean[$0]) / statistics.observationStd[$0] }
    }
    lowest = normalised(statistics.observationMin)
    highest = normalised(statistics.observationMax)
  }

  package func setContext(_ context: [Float]) { models.setContext(context) }

  package func state(of observation: [Float]) -> [Float] {
    observation.indices.map { (observation[$0] - statistics.observationMean[$0]) / statistics.observationStd[$0] }
  }

  package func observation(of state: [Float]) -> [Float] {
    state.indices.map { state[$0] * statistics.observationStd[$0] + statistics.observationMean[$0] }
  }

  package func step(
    _ states: UnsafeMutablePointer<Float>, _ actions: UnsafePointer<Float>, _ returns: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for row in 0..<count {
      let input = models.input(row)
      input.update(from: states + row * stateSize, count: stateSize)
      for i in 0..<actionSize {
        input[stateSize + i] =
          (actions[row * actionSize + i] * actionLimit - statistics.actionMean[i]) / statistics.actionStd[i]
      }
    }
    models.run(rows: count)
    for row in 0..<count {
      returns[row] += models.reward(row)
      let (state, change) = (states + row * stateSize, models.change(row))
      for i in 0..<stateSize {
        let physical = change[i] * statistics.differenceStd[i] + statistics.differenceMean[i]
        state[i] = min(max(state[i] + physical / statistics.observationStd[i], lowest[i]), highest[i])
      }
    }
  }
}
