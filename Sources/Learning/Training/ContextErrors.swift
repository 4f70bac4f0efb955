// What the dynamics and reward models get wrong under given contexts, as losses in units of their own spread.

import Foundation
import PlannerRuntime

/// Scales of the models' errors, normalised units.
struct ErrorScales {
  var reward: Float
  /// One per channel.
  var dynamics: [Float]
}

/// Predictions of some transitions under one context, normalised units.
struct ContextPredictions {
  var reward: [Float]  // [transition]
  var dynamics: [Float]  // [transition][observationSize]
}

/// The models of a trained model, asked about transitions of its data. Real-time: no.
struct ContextErrors {
  let model: ReferenceModel
  private let data: TrainingData
  private var shape: PlannerShape { data.shape }

  init(_ model: ReferenceModel, _ data: TrainingData) {
    self.model = model
    self.data = data
  }

  func predict(_ transitions: [Int], _ context: [Float]) -> ContextPredictions {
    let inputs = transitions.flatMap {
      Array(UnsafeBufferPointer(start: data.transition($0), count: shape.rowSize)) + context
    }
    return ContextPredictions(reward: model.reward(inputs), dynamics: model.dynamics(inputs))
  }

  /// Losses of both models for each transition; that of the dynamics is the mean over the channels.
  func losses(
    _ predictions: ContextPredictions, _ transitions: [Int], _ scales: ErrorScales
  ) -> (reward: [Float], dynamics: [Float]) {
    let errors = errors(predictions, transitions)
    return (
      errors.reward.map { ContextBank.loss($0 / scales.reward) },
      transitions.indices.map { mean(errors.dynamics, $0, scales) }
    )
  }

  /// Scales under which Student's t with 3 degrees of freedom fits the errors of all `samples` best.
  func scales(_ samples: [(transitions: [Int], context: [Float])]) -> ErrorScales {
    let states = shape.observationSize
    var reward: [Float] = []
    var dynamics = [[Float]](repeating: [], count: states)
    for (transitions, context) in samples {
      let errors = errors(predict(transitions, context), transitions)
      reward += errors.reward
      for (index, error) in errors.dynamics.enumerated() { dynamics[index % states].append(error) }
    }
    return ErrorScales(reward: Self.scale(reward), dynamics: dynamics.map(Self.scale))
  }

  /// Mean weighted loss of what one of `profiles` predicts where another holds, `[profile][profile]`.
  func distances(
    _ profiles: [ContextPredictions], _ scales: ErrorScales, reward rewardWeight: Float, dynamics dynamicsWeight: Float
  ) -> [[Float]] {
    let count = Float(profiles[0].reward.count)
    var all = profiles.map { _ in [Float](repeating: 0, count: profiles.count) }
    for a in profiles.indices {
      for b in 0..<a {
        var loss: Float = 0
        for index in profiles[a].reward.indices {
          loss +=
            rewardWeight * ContextBank.loss((profiles[a].reward[index] - profiles[b].reward[index]) / scales.reward)
        }
        let differences = zip(profiles[a].dynamics, profiles[b].dynamics).map { $0 - $1 }
        for index in profiles[a].reward.indices { loss += dynamicsWeight * mean(differences, index, scales) }
        all[a][b] = loss / count
        all[b][a] = loss / count
      }
    }
    return all
  }

  /// What was predicted less what was, laid out as predictions are.
  private func errors(_ predictions: ContextPredictions, _ transitions: [Int]) -> (reward: [Float], dynamics: [Float]) {
    let states = shape.observationSize
    let targets = transitions.map { data.transition($0) + shape.rowSize }
    return (
      zip(predictions.reward, targets).map { $0 - $1[0] },
      targets.indices.flatMap { row in
        (0..<states).map { predictions.dynamics[row * states + $0] - targets[row][1 + $0] }
      }
    )
  }

  /// Mean loss over the channels of row `row` of `errors`.
  private func mean(_ errors: [Float], _ row: Int, _ scales: ErrorScales) -> Float {
    let states = shape.observationSize
    return (0..<states).reduce(0) { $0 + ContextBank.loss(errors[row * states + $1] / scales.dynamics[$1]) }
      / Float(states)
  }

  /// The maximum of the likelihood, as its fixed point: s² = mean 4 e² / (3 + e² / s²). No error is known to be smaller
  /// than a thousandth of its channel's spread.
  private static func scale(_ errors: [Float]) -> Float {
    var square = errors.reduce(0) { $0 + $1 * $1 } / Float(errors.count)
    for _ in 0..<50 {
      square = max(1e-8, errors.reduce(0) { $0 + 4 * $1 * $1 / (3 + $1 * $1 / square) } / Float(errors.count))
    }
    return max(1e-3, square.squareRoot())
  }
}
