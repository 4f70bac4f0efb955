// Encoder, dynamics and reward model as one network, trained together because the context is what the models need to
// know.

import CLearningKernels
import PlannerRuntime

/// Contexts from transitions; the change of state and the reward from state, action and context. Everything in
/// normalised units; a transition is `[observation, action, reward, difference]`. Real-time: no.
package struct WorldModel: Sendable {
  package let shape: PlannerShape
  package let encoder: any ContextEncoder
  package let dynamics: MultilayerPerceptron
  package let reward: MultilayerPerceptron

  /// Activations for one part of a batch. One thread at a time.
  package final class Workspace {
    package let encoder: any EncoderPass
    let dynamics, reward: MultilayerPerceptron.Workspace
    /// `[contexts][rows each]` of `evidenceSize`, filled by the caller; contexts one after the other.
    package let evidence: UnsafeMutablePointer<Float>
    /// Rows of evidence of each context.
    package var counts: [Int] = []
    /// The task of each context.
    package var tasks: [Int] = []
    /// `[contexts][queries]` of `transitionSize`, filled by the caller.
    package let queries: UnsafeMutablePointer<Float>
    package let queriesPerContext: Int
    /// `[contexts · queries]` of `rowSize + contextSize`
    let input, inputGradient, inputGradient2: UnsafeMutablePointer<Float>
    let dynamicsGradient, rewardGradient: UnsafeMutablePointer<Float>
    private let arena: FloatArena

    package init(_ model: WorldModel, contexts: Int, evidence rowCount: Int, queriesPerContext: Int) {
      let arena = FloatArena()
      let shape = model.shape
      let rows = contexts * queriesPerContext
      let inputSize = shape.rowSize + shape.contextSize
      self.arena = arena
      self.queriesPerContext = queriesPerContext
      encoder = model.encoder.makePass(contexts: contexts, rows: rowCount)
      dynamics = MultilayerPerceptron.Workspace(model.dynamics, rows: rows)
      reward = MultilayerPerceptron.Workspace(model.reward, rows: rows)
      evidence = arena.floats(rowCount * shape.evidenceSize)
      queries = arena.floats(rows * shape.transitionSize)
      input = arena.floats(rows * inputSize)
      inputGradient = arena.floats(rows * inputSize)
      inputGradient2 = arena.floats(rows * inputSize)
      dynamicsGradient = arena.floats(rows * shape.observationSize)
      rewardGradient = arena.floats(rows)
    }
  }

  /// Sums of squared errors over the queries, divided by the channels: a share of the variance a query.
  package struct Errors: Equatable, Sendable {
    package var dynamics = 0.0
    package var reward = 0.0
  }

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    let input = shape.rowSize + shape.contextSize
    let width = PlannerShape.worldModelWidth
    self.shape = shape
    encoder = makeContextEncoder(store, shape)
    dynamics = MultilayerPerceptron(
      store, LayerName.dynamics, sizes: [input, width, width, shape.observationSize], activation: .silu)
    reward = MultilayerPerceptron(store, LayerName.reward, sizes: [input, width, width, 1], activation: .silu)
  }

  /// Encodes `workspace.evidence`, predicts `workspace.queries`, returns the errors.
  package func forward(_ parameters: UnsafePointer<Float>, _ workspace: Workspace) -> Errors {
    let w = workspace
    let rows = w.counts.count * w.queriesPerContext
    let rowSize = shape.rowSize
    let inputSize = rowSize + shape.contextSize
    w.encoder.forward(parameters, w.evidence, counts: w.counts)
    for row in 0..<rows {
      let input = w.input + row * inputSize
      input.update(from: w.queries + row * shape.transitionSize, count: rowSize)
      (input + rowSize).update(
        from: w.encoder.context + row / w.queriesPerContext * shape.contextSize, count: shape.contextSize)
    }
    dynamics.forward(parameters, w.input, w.dynamics, rows: rows)
    reward.forward(parameters, w.input, w.reward, rows: rows)
    // Errors become gradients in place; `backward` scales them.
    var errors = Errors()
    for row in 0..<rows {
      let query = w.queries + row * shape.transitionSize
      let rewardError = w.reward.output[row] - query[rowSize]
      w.rewardGradient[row] = rewardError
      errors.reward += Double(rewardError * rewardError)
      var squares: Float = 0
      for i in 0..<shape.observationSize {
        let error = w.dynamics.output[row * shape.observationSize + i] - query[rowSize + 1 + i]
        w.dynamicsGradient[row * shape.observationSize + i] = error
        squares += error * error
      }
      errors.dynamics += Double(squares) / Double(shape.observationSize)
    }
    return errors
  }

  /// Adds to `gradients` those of (errors.dynamics + errors.reward) · `scale`, after `forward` with the same workspace;
  /// and of the contrastive loss between its contexts, if there is one.
  package func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ workspace: Workspace, scale: Float,
    contrast: ContrastiveLoss? = nil
  ) {
    let w = workspace
    let rows = w.counts.count * w.queriesPerContext
    let inputSize = shape.rowSize + shape.contextSize
    lk_scale(rows * shape.observationSize, 2 * scale / Float(shape.observationSize), w.dynamicsGradient)
    lk_scale(rows, 2 * scale, w.rewardGradient)
    dynamics.backward(
      parameters, gradients, input: w.input, outputGradient: w.dynamicsGradient, inputGradient: w.inputGradient,
      w.dynamics, rows: rows)
    reward.backward(
      parameters, gradients, input: w.input, outputGradient: w.rewardGradient, inputGradient: w.inputGradient2,
      w.reward, rows: rows)
    for context in w.counts.indices {
      let gradient = w.encoder.contextGradient + context * shape.contextSize
      gradient.update(repeating: 0, count: shape.contextSize)
      for row in (context * w.queriesPerContext)..<((context + 1) * w.queriesPerContext) {
        let start = row * inputSize + shape.rowSize
        for i in 0..<shape.contextSize { gradient[i] += w.inputGradient[start + i] + w.inputGradient2[start + i] }
      }
    }
    _ = contrast?.add(w.encoder.context, tasks: w.tasks, size: shape.contextSize, to: w.encoder.contextGradient)
    w.encoder.backward(parameters, gradients, w.evidence, counts: w.counts)
  }
}
