// What every residual block is told besides its input: the denoising step, the context unless dropped, the current
// state.

import CLearningKernels
import PlannerRuntime

/// [MLP(sinusoids of the step), MLP(context · kept, current state)], and Mish of both. Real-time: no.
struct ConditionEmbedding: Sendable {
  /// Linear, Mish, linear.
  private struct Network: Sendable {
    let first, second: Linear

    init(_ store: ParameterStore, _ name: String, _ inputs: Int, hidden: Int, _ outputs: Int) {
      first = Linear(store, LayerName.perceptron(name, 0), inputs, hidden)
      second = Linear(store, LayerName.perceptron(name, 1), hidden, outputs)
    }

    /// Writes to `a.output`.
    func forward(_ parameters: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ a: Activations, rows: Int) {
      first.forward(parameters, input, a.wide, rows: rows)
      lk_mish_forward(rows * first.outputSize, a.wide, a.hidden)
      second.forward(parameters, a.hidden, a.output, rows: rows)
    }

    /// Sets the gradients of both layers; `a.output` holds the gradient of the output.
    func backward(
      _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ input: UnsafePointer<Float>,
      _ a: Activations, rows: Int
    ) {
      first.clear(gradients)
      second.clear(gradients)
      second.backward(
        parameters, gradients, input: a.hidden, outputGradient: a.output, inputGradient: a.wideGradient, rows: rows)
      lk_mish_backward(rows * first.outputSize, a.wide, a.wideGradient, a.wideGradient)
      first.backward(
        parameters, gradients, input: input, outputGradient: a.wideGradient, inputGradient: nil, rows: rows)
    }

    func makeActivations(_ arena: FloatArena, rows: Int) -> Activations {
      let wide = rows * first.outputSize
      return Activations(
        wide: arena.floats(wide), hidden: arena.floats(wide), wideGradient: arena.floats(wide),
        output: arena.floats(rows * second.outputSize))
    }
  }

  /// Of one network; `wide`, `hidden` and `wideGradient` are `[rows][hidden]`, `output` `[rows][outputs]`.
  struct Activations {
    let wide, hidden, wideGradient, output: UnsafeMutablePointer<Float>
  }

  /// What the backward pass needs; `input` is `[rows][conditionSize]`, `joined` `[rows][outputSize]`.
  struct Workspace {
    let time, condition: Activations
    let input, joined: UnsafeMutablePointer<Float>
  }

  private let time, condition: Network
  private let shape: PlannerShape
  var outputSize: Int { time.second.outputSize + condition.second.outputSize }

  init(_ store: ParameterStore, _ shape: PlannerShape) {
    let size = shape.embeddingSize
    let (hidden, embedding) = shape.conditionWidths
    self.shape = shape
    time = Network(store, LayerName.time, size, hidden: 4 * size, size)
    condition = Network(store, LayerName.condition, shape.conditionSize, hidden: hidden, embedding)
  }

  func makeWorkspace(_ arena: FloatArena, rows: Int) -> Workspace {
    Workspace(
      time: time.makeActivations(arena, rows: rows), condition: condition.makeActivations(arena, rows: rows),
      input: arena.floats(rows * shape.conditionSize), joined: arena.floats(rows * outputSize))
  }

  /// Fills `mishEmbedding`.
  func forward(_ parameters: UnsafePointer<Float>, _ w: DenoiserWorkspace) {
    let a = w.condition
    for row in 0..<w.rows {
      let input = a.input + row * shape.conditionSize
      for i in 0..<shape.contextSize { input[i] = w.context[row * shape.contextSize + i] * w.contextKept[row] }
      // The sample's first state is the current one, without noise.
      (input + shape.contextSize).update(from: w.sample + row * shape.rowSize, count: shape.observationSize)
    }
    time.forward(parameters, w.stepEmbedding, a.time, rows: w.rows)
    condition.forward(parameters, a.input, a.condition, rows: w.rows)
    let (left, right) = (time.second.outputSize, condition.second.outputSize)
    for row in 0..<w.rows {
      let target = a.joined + row * outputSize
      target.update(from: a.time.output + row * left, count: left)
      (target + left).update(from: a.condition.output + row * right, count: right)
    }
    lk_mish_forward(w.rows * outputSize, a.joined, w.mishEmbedding)
  }

  /// From `mishEmbeddingGradient` (used up), sets the gradients of all four layers.
  func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ w: DenoiserWorkspace
  ) {
    let a = w.condition
    let joinedGradient = w.mishEmbeddingGradient
    lk_mish_backward(w.rows * outputSize, a.joined, joinedGradient, joinedGradient)
    let (left, right) = (time.second.outputSize, condition.second.outputSize)
    for row in 0..<w.rows {
      let source = joinedGradient + row * outputSize
      (a.time.output + row * left).update(from: source, count: left)
      (a.condition.output + row * right).update(from: source + left, count: right)
    }
    time.backward(parameters, gradients, w.stepEmbedding, a.time, rows: w.rows)
    condition.backward(parameters, gradients, a.input, a.condition, rows: w.rows)
  }
}
