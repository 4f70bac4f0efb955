// Which windows to imitate: more often those in which the robot did better than it could expect.

import Foundation
import PlannerRuntime

/// Draws windows with a probability that grows with their advantage, A = Σ γᵗ r + γᴴ⁻¹ V(last state) − V(first state).
///
/// The weight is exp(w A / spread of A), as in advantage-weighted regression (Peng et al., 2019): a good stretch of a
/// bad episode counts, and a bad stretch of a good one does not.
package struct AdvantageWeights: Sendable {
  /// The weights of windows `0 ... i`, summed.
  private let sums: [Double]
  /// Beyond so many spreads, a window counts no more: one strange value must not be all that is imitated.
  private static let mostSpreads = 3.0

  /// Of the windows of `data`, with `values` as `ValueTraining.values` gives them.
  package init(_ data: TrainingData, values: FloatBuffer, _ configuration: TrainingConfiguration) {
    let steps = data.shape.horizon - 1
    let discounts = (0...steps).map { pow(Double(configuration.valueDiscount), Double($0)) }
    var advantages: [Double] = []
    advantages.reserveCapacity(data.windowCount)
    for window in 0..<data.windowCount {
      let start = data.window(window).start
      let rewards = (0..<steps).reduce(0.0) { $0 + discounts[$1] * Double(data.reward(start + $1)) }
      let (first, last) = (Double(values.pointer[start]), Double(values.pointer[start + steps]))
      advantages.append(rewards + discounts[steps] * last - first)
    }
    let mean = advantages.reduce(0, +) / Double(advantages.count)
    let variance = advantages.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(advantages.count)
    let spread = max(variance.squareRoot(), 1e-6)
    var sum = 0.0
    sums = advantages.map { advantage in
      sum += exp(Double(configuration.advantageWeight) * min((advantage - mean) / spread, Self.mostSpreads))
      return sum
    }
  }

  /// The number of a window.
  package func draw(_ random: inout RandomSource) -> Int {
    let place = random.uniform(0, sums[sums.count - 1])
    var low = 0
    var high = sums.count - 1
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > place { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// How many equally likely windows would vary as much: 1 / Σ p².
  package var effectiveCount: Double {
    let total = sums[sums.count - 1]
    let squares = sums.indices.reduce(0.0) { sum, index in
      let share = (sums[index] - (index > 0 ? sums[index - 1] : 0)) / total
      return sum + share * share
    }
    return 1 / squares
  }
}
