// Convolution over time, plain, strided or transposed, with its gradients.

import CLearningKernels
import ModelLayout

/// A convolution over activations `[time][rows][channel]`, weight `[outputs][taps][inputs]`. Real-time: no.
///
/// The kernels want the weight in panels of 16 columns: `pack` puts such copies for both directions into a buffer of
/// `PanelLayout.count` floats, once after every change of the parameters.
package struct Convolution: Sendable {
  let weight: Slot
  let bias: Slot
  package let inputs: Int
  package let outputs: Int
  package let taps: Int
  package let inputTime: Int
  package let outputTime: Int
  private let forwardPanels: Int
  private let backwardPanels: Int
  private let forwardPairs: TapPairs
  private let inputPairs: TapPairs
  private let weightPairs: TapPairs

  package init(
    _ store: ParameterStore, _ name: String, _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry,
    inputTime: Int, _ panels: PanelLayout
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.inputTime = inputTime
    taps = geometry.taps
    outputTime = geometry.outputTime(inputTime)
    // PyTorch counts the fan-in of a transposed convolution from its outputs.
    let fanIn = if case .upsampling = geometry { outputs * taps } else { inputs * taps }
    weight = store.add(LayerName.weight(name), shape: [outputs, taps, inputs], initial: .uniform(fanIn: fanIn))
    bias = store.add(LayerName.bias(name), shape: [outputs], initial: .uniform(fanIn: fanIn))
    forwardPanels = panels.reserve(columns: outputs, depth: taps * inputs)
    backwardPanels = panels.reserve(columns: inputs, depth: taps * outputs)
    let all = geometry.tapPairs(inputTime: inputTime)
    forwardPairs = TapPairs(count: outputTime, all.map { ($0.output, $0.input, $0.tap) })
    inputPairs = TapPairs(count: inputTime, all.map { ($0.input, $0.output, $0.tap) })
    weightPairs = TapPairs(count: taps, all.map { ($0.tap, $0.input, $0.output) })
  }

  /// Packs the weight into this layer's places in `panels`.
  package func pack(_ parameters: UnsafePointer<Float>, _ panels: UnsafeMutablePointer<Float>) {
    lk_pack_panels(
      outputs, taps, inputs, parameters + weight.offset, panels + forwardPanels, panels + backwardPanels)
  }

  /// `input` is `[inputTime][rows][inputs]`, `output` `[outputTime][rows][outputs]`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, rows: Int
  ) {
    withUnsafePointer(to: forwardPairs.table) {
      lk_convolve(
        $0, taps, rows, inputs, outputs, input, panels + forwardPanels, parameters + bias.offset, output)
    }
  }

  /// Sets the gradients of weight and bias in `gradients` and that of the input (nil: not needed).
  package func backward(
    _ panels: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?, rows: Int
  ) {
    (gradients + bias.offset).update(repeating: 0, count: outputs)
    lk_add_column_sums(outputTime * rows, outputs, outputGradient, gradients + bias.offset)
    withUnsafePointer(to: weightPairs.table) {
      lk_convolution_weight_gradient($0, rows, outputs, inputs, outputGradient, input, gradients + weight.offset)
    }
    guard let inputGradient else { return }
    withUnsafePointer(to: inputPairs.table) {
      lk_convolve(
        $0, taps, rows, outputs, inputs, outputGradient, panels + backwardPanels, nil, inputGradient)
    }
  }
}

/// Where each convolution's panels lie in one buffer. Grows while a network is built.
package final class PanelLayout {
  /// Floats of all panels together.
  package private(set) var count = 0

  package init() {}

  /// Room for a matrix, its columns padded to whole panels.
  func reserve(columns: Int, depth: Int) -> Int {
    defer { count += (columns + 15) / 16 * 16 * depth }
    return count
  }
}
