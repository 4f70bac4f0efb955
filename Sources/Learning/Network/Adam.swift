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

  /// What one step's loop over the parameters needs.
  public struct StepSize: Sendable {
    let size: Float
    let epsilon: Float
    let gradientScale: Float
  }

  /// One step on `values`; `gradients` is left as it is.
  public func update(_ values: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>) {
    update(values, gradients: gradients, 0..<firstMoment.count, beginStep(gradients: gradients))
  }

  /// Counts a step and works out its size, to be followed by `update` for ranges that cover all parameters, on any
  /// thread. Clipping needs all gradients.
  public func beginStep(gradients: UnsafePointer<Float>) -> StepSize {
    step += 1
    var scale: Float = 1
    if let clipNorm {
      let norm = Float(lk_sum_of_squares(firstMoment.count, gradients).squareRoot())
      if norm > clipNorm { scale = clipNorm / norm }
    }
    // θ −= lr · m̂ / (√v̂ + ε) with the corrections pulled out of the loop.
    let correction2 = (1 - pow(Double(beta2), Double(step))).squareRoot()
    let stepSize = Double(learningRate) * correction2 / (1 - pow(Double(beta1), Double(step)))
    return StepSize(size: Float(stepSize), epsilon: epsilon * Float(correction2), gradientScale: scale)
  }

  /// The part of a step that falls on `range` of the parameters; `values` and `gradients` begin at parameter 0.
  public func update(
    _ values: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, _ range: Range<Int>, _ step: StepSize
  ) {
    let start = range.lowerBound
    lk_adam(
      range.count, values + start, gradients + start, firstMoment.pointer + start, secondMoment.pointer + start,
      step.gradientScale, beta1, beta2, step.size, step.epsilon)
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
  public func update(_ current: UnsafePointer<Float>) { update(current, 0..<values.count, decay: decay) }

  /// The same for `range` of the parameters with another decay; `current` begins at parameter 0.
  public func update(_ current: UnsafePointer<Float>, _ range: Range<Int>, decay: Float) {
    lk_average(range.count, decay, current + range.lowerBound, values.pointer + range.lowerBound)
  }

  /// A decay that is smaller at first, so that the random start does not linger in the average.
  public func decay(atUpdate number: Int) -> Float { min(decay, Float(1 + number) / Float(10 + number)) }
}
