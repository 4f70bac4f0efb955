// Activation functions as values, so that layers can be listed with their non-linearity.

import CLearningKernels

/// An elementwise non-linearity. Real-time: no.
public enum Activation: Sendable {
  case relu, silu, mish, tanh

  /// The gradient needs the output only, so that `forward` may overwrite its input.
  public var worksInPlace: Bool { self == .relu || self == .tanh }

  /// output = f(input); may be in place for ReLU and tanh, whose gradient needs the output only.
  public func forward(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .relu: lk_relu_forward(count, input, output)
    case .silu: lk_silu_forward(count, input, output)
    case .mish: lk_mish_forward(count, input, output)
    case .tanh: lk_tanh_forward(count, input, output)
    }
  }

  /// inputGradient = f'(input) · outputGradient; `inputGradient` may be `outputGradient`.
  public func backward(
    input: UnsafePointer<Float>, output: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch self {
    case .relu: lk_relu_backward(count, output, outputGradient, inputGradient)
    case .silu: lk_silu_backward(count, input, outputGradient, inputGradient)
    case .mish: lk_mish_backward(count, input, outputGradient, inputGradient)
    case .tanh: lk_tanh_backward(count, output, outputGradient, inputGradient)
    }
  }
}
