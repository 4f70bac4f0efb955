// Adam over a flat parameter buffer, and the exponential average of weights that is saved in place of the last ones.

import CLearningKernels
import Foundation

/// Adam (Kingma and Ba, 2015) with bias correction and optional clipping of the gradient's global norm. Real-time: no.
public final class Adam {
  public var learningRate: Float
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  /// The gradient is scaled down to this Euclidean norm when it is longer.
  public let clipNorm: Float?
  /// Steps taken so far; a checkpoint holds it together with both moments.
  public internal(set) var step = 0
  public let firstMoment: FloatBuffer
  public let secondMoment: FloatBuffer

  public init(
    count: Int, learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    clipNorm: Float? = nil
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.clipNorm = clipNorm
    firstMoment = FloatBuffer(count: count)
    secondMoment = FloatBuffer(count: count)
  }

  /// One step on `values`; `gradients` is left as it is.
  public func update(_ values: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>) {
    step += 1
    var scale: Float = 1
    if let clipNorm {
      let norm = Float(lk_sum_of_squares(firstMoment.count, gradients).squareRoot())
      if norm > clipNorm { scale = clipNorm / norm }
    }
    // θ −= lr · m̂ / (√v̂ + ε) with the corrections pulled out of the loop.
    let correction2 = (1 - pow(Double(beta2), Double(step))).squareRoot()
    let stepSize = Double(learningRate) * correction2 / (1 - pow(Double(beta1), Double(step)))
    lk_adam(
      firstMoment.count, values, gradients, firstMoment.pointer, secondMoment.pointer, scale, beta1, beta2,
      Float(stepSize), epsilon * Float(correction2))
  }

  /// Continues from a checkpoint.
  public func restore(step: Int, firstMoment: [Float], secondMoment: [Float]) {
    self.step = step
    self.firstMoment.assign(firstMoment)
    self.secondMoment.assign(secondMoment)
  }
}

/// The exponential moving average of a network's weights.
public final class WeightAverage {
  public let decay: Float
  public let values: FloatBuffer

  /// Starts at the store's present values.
  public init(_ store: ParameterStore, decay: Float) {
    self.decay = decay
    values = store.makeBuffer()
    values.pointer.update(from: store.values, count: store.count)
  }

  /// average ← decay · average + (1 − decay) · values.
  public func update(_ current: UnsafePointer<Float>) {
    lk_average(values.count, decay, current, values.pointer)
  }
}
