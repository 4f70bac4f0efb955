// A stack of linear layers with one activation between them: policies, critics, dynamics and reward models.

import ModelLayout

/// Linear layers with an activation after each but the last. It has no state: parameters and workspace are passed in.
/// Real-time: no.
public struct MultilayerPerceptron: Sendable {
  public let layers: [Linear]
  public let activation: Activation

  /// `sizes` is [input, hidden …, output]; the tensors are called `name.0`, `name.1` …
  public init(_ store: ParameterStore, _ name: String, sizes: [Int], activation: Activation) {
    precondition(sizes.count >= 2)
    layers = (1..<sizes.count).map { Linear(store, LayerName.perceptron(name, $0 - 1), sizes[$0 - 1], sizes[$0]) }
    self.activation = activation
  }

  public var inputSize: Int { layers[0].inputSize }
  public var outputSize: Int { layers[layers.count - 1].outputSize }

  /// The activations of one pass over up to `rows` rows, kept for the gradient; one thread an instance.
  public final class Workspace {
    let before: [FloatBuffer]  // [layer][rows][size], inputs of the activation
    let after: [FloatBuffer]  // the same buffers when the activation works in place
    let gradients: [FloatBuffer]  // two, taken in turns

    public init(_ network: MultilayerPerceptron, rows: Int) {
      before = network.layers.map { FloatBuffer(count: rows * $0.outputSize) }
      let inPlace = network.activation.worksInPlace
      after = before.map { inPlace ? $0 : FloatBuffer(count: $0.count) }
      let widest = network.layers.map(\.inputSize).max() ?? 0
      gradients = [FloatBuffer(count: rows * widest), FloatBuffer(count: rows * widest)]
    }

    /// The last forward pass's output, `[rows][outputSize]`.
    public var output: UnsafeMutablePointer<Float> { before[before.count - 1].pointer }
  }

  /// Computes `workspace.output` from `input`, `[rows][inputSize]`.
  public func forward(
    _ parameters: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ workspace: Workspace, rows: Int
  ) {
    var current = input
    for (index, layer) in layers.enumerated() {
      layer.forward(parameters, current, workspace.before[index].pointer, rows: rows)
      guard index < layers.count - 1 else { break }
      let after = workspace.after[index].pointer
      activation.forward(workspace.before[index].pointer, after, count: rows * layer.outputSize)
      current = UnsafePointer(after)
    }
  }

  /// The gradient of the last forward pass with the same input, rows and workspace. Adds to `gradients` (nil: not
  /// trained here), writes `inputGradient`, `[rows][inputSize]` (nil: not needed).
  public func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>?, input: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?, _ workspace: Workspace, rows: Int
  ) {
    var current = outputGradient
    for index in layers.indices.reversed() {
      let layer = layers[index]
      guard index > 0 else {
        layer.backward(
          parameters, gradients, input: input, outputGradient: current, inputGradient: inputGradient, rows: rows)
        return
      }
      let before = workspace.before[index - 1].pointer
      let after = workspace.after[index - 1].pointer
      let next = workspace.gradients[index % 2].pointer
      layer.backward(parameters, gradients, input: after, outputGradient: current, inputGradient: next, rows: rows)
      activation.backward(
        input: before, output: after, outputGradient: next, inputGradient: next, count: rows * layer.inputSize)
      current = UnsafePointer(next)
    }
  }
}
