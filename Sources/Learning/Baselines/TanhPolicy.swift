// The policy network of the baselines: state and context in, an action within −1 … 1 out.

import CLearningKernels

/// A deterministic policy: an MLP with ReLU and tanh at its end. Rows are `[state, context]`. Real-time: no.
package struct TanhPolicy: Sendable {
  package let network: MultilayerPerceptron

  package init(_ store: ParameterStore, inputSize: Int, hiddenSize: Int, actionSize: Int) {
    network = MultilayerPerceptron(
      store, "policy", sizes: [inputSize, hiddenSize, hiddenSize, actionSize], activation: .relu)
  }

  /// Leaves the actions in `workspace.output`, `[rows][actionSize]`.
  package func forward(
    _ parameters: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ workspace: MultilayerPerceptron.Workspace,
    rows: Int
  ) {
    network.forward(parameters, input, workspace, rows: rows)
    lk_tanh_forward(rows * network.outputSize, workspace.output, workspace.output)
  }

  /// Adds to `gradients` from the gradient of the last forward's actions, which is used up.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>,
    actionGradient: UnsafeMutablePointer<Float>, _ workspace: MultilayerPerceptron.Workspace, rows: Int
  ) {
    lk_tanh_backward(rows * network.outputSize, workspace.output, actionGradient, actionGradient)
    network.backward(
      parameters, gradients, input: input, outputGradient: actionGradient, inputGradient: nil, workspace, rows: rows)
  }
}
