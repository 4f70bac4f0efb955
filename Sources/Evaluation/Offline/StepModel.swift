// A model's dynamics and reward, one step at a time, in physical units.

import OfflineData
import PlannerModel
import PlannerRuntime

/// The learned models of one step as the planner has them. One thread an instance. Real-time: no.
final class StepModel {
  let statistics: PlannerStatistics
  private let models: StandalonePerceptron
  private let observationSize: Int, actionSize: Int

  /// For up to `rows` steps at a time.
  init(_ model: LoadedModel, rows: Int, kernels: String?) throws(PlannerError) {
    statistics = model.weights.statistics
    observationSize = model.description.shape.observationSize
    actionSize = model.description.shape.actionSize
    models = try StandalonePerceptron(weights: model.weights, rows: rows, kernels: kernels)
  }

  /// The task that later predictions are of, `[contextSize]`.
  func setContext(_ context: [Float]) { models.setContext(context) }

  /// Reward and next state of each step: a state `[observationSize]` and an action `[actionSize]`.
  func predict(_ steps: [(state: [Float], action: [Float])]) -> [(reward: Float, next: [Float])] {
    for (index, (state, action)) in steps.enumerated() {
      let row = models.input(index)
      for channel in 0..<observationSize {
        row[channel] = (state[channel] - statistics.observationMean[channel]) / statistics.observationStd[channel]
      }
      for channel in 0..<actionSize {
        row[observationSize + channel] =
          (action[channel] - statistics.actionMean[channel]) / statistics.actionStd[channel]
      }
    }
    models.run(rows: steps.count)
    return steps.enumerated().map { index, step in
      let change = models.change(index)
      let next = (0..<observationSize).map {
        step.state[$0] + change[$0] * statistics.differenceStd[$0] + statistics.differenceMean[$0]
      }
      return (models.reward(index) * statistics.rewardStd + statistics.rewardMean, next)
    }
  }
}

extension Episode {
  /// `[observationSize]`, the state before action `step`.
  func state(_ step: Int) -> [Float] {
    let width = observations.count / (length + 1)
    return Array(observations[step * width..<(step + 1) * width])
  }

  /// `[actionSize]`
  func action(_ step: Int) -> [Float] {
    let width = actions.count / length
    return Array(actions[step * width..<(step + 1) * width])
  }
}
