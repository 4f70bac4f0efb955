// Convolution over time, plain, strided or transposed, with its gradients.

import CLearningKernels

/// A convolution over activations `[time][rows][channel]`, weight `[outputs][taps][inputs]`. Real-time: no.
///
/// The forward pass wants the weight as `[taps][inputs][outputs]`: `transpose` puts that copy into a buffer laid out like
/// the parameters, once after every change of the parameters.
package struct Convolution: Sendable {
  let weight: Slot
  let bias: Slot
  package let inputs: Int
  package let outputs: Int
  package let taps: Int
  package let inputTime: Int
  package let outputTime: Int
  private let forwardMeetings: Meetings
  private let inputMeetings: Meetings
  private let weightMeetings: Meetings

  package init(
    _ store: ParameterStore, _ name: String, _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry,
    inputTime: Int
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.inputTime = inputTime
    taps = geometry.taps
    outputTime = geometry.outputTime(inputTime)
    // PyTorch counts the fan-in of a transposed convolution from its outputs.
    let fanIn = if case .upsampling = geometry { outputs * taps } else { inputs * taps }
    weight = store.add("\(name).weight", shape: [outputs, taps, inputs], initial: .uniform(fanIn: fanIn))
    bias = store.add("\(name).bias", shape: [outputs], initial: .uniform(fanIn: fanIn))
    let all = geometry.meetings(inputTime: inputTime)
    forwardMeetings = Meetings(count: outputTime, all.map { ($0.output, $0.input, $0.tap) })
    inputMeetings = Meetings(count: inputTime, all.map { ($0.input, $0.output, $0.tap) })
    weightMeetings = Meetings(count: taps, all.map { ($0.tap, $0.input, $0.output) })
  }

  /// Writes the weight as `[taps][inputs][outputs]` to its slot in `transposed`.
  package func transpose(_ parameters: UnsafePointer<Float>, _ transposed: UnsafeMutablePointer<Float>) {
    lk_transpose(outputs, taps * inputs, parameters + weight.offset, transposed + weight.offset)
  }

  /// `input` is `[inputTime][rows][inputs]`, `output` `[outputTime][rows][outputs]`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ transposed: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, rows: Int
  ) {
    withUnsafePointer(to: forwardMeetings.table) {
      lk_convolve(
        $0, rows, inputs, outputs, input, transposed + weight.offset, inputs * outputs, outputs,
        parameters + bias.offset, output)
    }
  }

  /// Sets the gradients of weight and bias in `gradients` and that of the input (nil: not needed).
  package func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?, rows: Int
  ) {
    (gradients + bias.offset).update(repeating: 0, count: outputs)
    lk_add_column_sums(outputTime * rows, outputs, outputGradient, gradients + bias.offset)
    withUnsafePointer(to: weightMeetings.table) {
      lk_convolution_weight_gradient($0, rows, outputs, inputs, outputGradient, input, gradients + weight.offset)
    }
    guard let inputGradient else { return }
    withUnsafePointer(to: inputMeetings.table) {
      lk_convolve(
        $0, rows, outputs, inputs, outputGradient, parameters + weight.offset, inputs, taps * inputs, nil,
        inputGradient)
    }
  }
}
