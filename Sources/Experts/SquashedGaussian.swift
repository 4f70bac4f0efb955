// The policy's distribution: a Gaussian pushed through tanh, its log-probability, and the gradient of both.

import Foundation
import Learning

/// A diagonal Gaussian in front of tanh (Haarnoja et al., 2018, appendix C). Rows of the network's output are
/// `[mean, log standard deviation]`, each `[actionSize]`; actions lie in −1 … 1.
package struct SquashedGaussian {
  package let actionSize: Int
  /// Limits of log σ; outside them its gradient is zero.
  static let logDeviationRange: ClosedRange<Float> = -5...2

  package init(actionSize: Int) { self.actionSize = actionSize }

  /// Draws `actions`, `[rows][actionSize]` with a row stride, from standard normal `noise` and gives each row's
  /// log-probability.
  package func sample(
    _ outputs: UnsafePointer<Float>, noise: UnsafePointer<Float>, actions: UnsafeMutablePointer<Float>, stride: Int,
    logProbabilities: UnsafeMutablePointer<Float>, rows: Int
  ) {
    for row in 0..<rows {
      let mean = outputs + row * 2 * actionSize
      var sum: Float = 0
      for i in 0..<actionSize {
        let logDeviation = Self.clamped(mean[actionSize + i])
        let e = noise[row * actionSize + i]
        let u = mean[i] + Foundation.exp(logDeviation) * e
        actions[row * stride + i] = Foundation.tanh(u)
        // log(1 − tanh²u) = 2 (log 2 − u − log(1 + e^−2u)), written for |u| so that nothing overflows.
        let size = abs(u)
        let logSlope = 2 * (0.693_147_18 - size - Foundation.log1p(Foundation.exp(-2 * size)))
        sum += -0.5 * e * e - logDeviation - 0.918_938_53 - logSlope
      }
      logProbabilities[row] = sum
    }
  }

  /// The gradient on the network's outputs of Σ over rows of (actionGradient · action + weight · logProbability), for
  /// the actions that `sample` drew with the same noise.
  package func backward(
    _ outputs: UnsafePointer<Float>, noise: UnsafePointer<Float>, actions: UnsafePointer<Float>, stride: Int,
    actionGradient: UnsafePointer<Float>, gradientStride: Int, weight: Float,
    outputGradient: UnsafeMutablePointer<Float>, rows: Int
  ) {
    for row in 0..<rows {
      let mean = outputs + row * 2 * actionSize
      let gradient = outputGradient + row * 2 * actionSize
      for i in 0..<actionSize {
        let a = actions[row * stride + i]
        let raw = mean[actionSize + i]
        // d/du of tanh u, and of −log(1 − tanh² u) = 2 tanh u.
        let onU = actionGradient[row * gradientStride + i] * (1 - a * a) + weight * 2 * a
        gradient[i] = onU
        let deviation = Foundation.exp(Self.clamped(raw))
        gradient[actionSize + i] =
          Self.logDeviationRange.contains(raw) ? onU * deviation * noise[row * actionSize + i] - weight : 0
      }
    }
  }

  private static func clamped(_ value: Float) -> Float {
    min(max(value, logDeviationRange.lowerBound), logDeviationRange.upperBound)
  }
}
