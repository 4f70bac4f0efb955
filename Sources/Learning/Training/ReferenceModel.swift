// A trained model run by the trainer's own layers in fp32: what the runtime is held against.

import PlannerModel
import PlannerRuntime

/// The networks of a model file. Everything in normalised units. Slow: buffers are allocated for each call.
package final class ReferenceModel {
  package let description: ModelDescription
  private var shape: PlannerShape { description.shape }
  private let worldModel: WorldModel
  private let denoiser: Denoiser
  /// Of models that have one.
  private let valueModel: MultilayerPerceptron?
  private let worldStore = ParameterStore()
  private let valueStore = ParameterStore()
  private let denoiserStore = ParameterStore()
  private let panels: FloatBuffer

  package convenience init(file: SafetensorsFile) throws(ModelError) { self.init(try LoadedModel(file: file)) }

  package init(_ model: LoadedModel) {
    description = model.description
    worldModel = WorldModel(worldStore, description.shape)
    denoiser = Denoiser(denoiserStore, description.shape)
    valueModel = description.shape.hasValue ? MultilayerPerceptron(value: valueStore, description.shape) : nil
    for store in [worldStore, valueStore, denoiserStore] {
      store.seal(seed: 0)
      for entry in store.entries {
        guard let values = model.weights.tensors[entry.name] else { preconditionFailure("a model without a tensor") }
        for (index, value) in values.enumerated() { store.values[entry.slot.offset + index] = Float(value) }
      }
    }
    panels = FloatBuffer(count: denoiser.panelCount)
    denoiser.pack(denoiserStore.values, panels.pointer, within: 0..<denoiserStore.count)
  }

  /// The context of `evidence`, `[n][evidenceSize]`: transitions (observation, action, reward, difference), or for the
  /// oracle one row of task parameters.
  package func encode(_ evidence: [Float]) -> [Float] {
    let count = evidence.count / shape.evidenceSize
    let pass = worldModel.encoder.makePass(contexts: 1, rows: count)
    pass.forward(worldStore.values, evidence, counts: [count])
    return Array(UnsafeBufferPointer(start: pass.context, count: shape.contextSize))
  }

  /// The change of state, `[n][observationSize]`, from `inputs`, `[n][observation, action, context]`.
  package func dynamics(_ inputs: [Float]) -> [Float] { run(worldModel.dynamics, worldStore, inputs) }

  /// The reward, `[n]`, from `inputs` as above.
  package func reward(_ inputs: [Float]) -> [Float] { run(worldModel.reward, worldStore, inputs) }

  /// The value, `[n]`, from `inputs`, `[n][observation, context]`; of a model that has one.
  package func value(_ inputs: [Float]) -> [Float] { run(valueModel!, valueStore, inputs) }

  /// The clean samples, `[n][horizon][rowSize]`, from noisy ones at noise level `step`, each with its context
  /// (`[n][contextSize]`; nil: dropped).
  package func denoise(_ samples: [Float], step: Int, contexts: [Float]?) -> [Float] {
    let width = shape.rowSize
    let rows = samples.count / (shape.horizon * width)
    let w = DenoiserWorkspace(denoiser, rows: rows)
    let embedding = stepEmbeddings(steps: shape.denoisingSteps, size: shape.embeddingSize)[
      (step * shape.embeddingSize)..<((step + 1) * shape.embeddingSize)]
    for row in 0..<rows {
      w.contextKept[row] = contexts == nil ? 0 : 1
      for (i, value) in embedding.enumerated() { w.stepEmbedding[row * shape.embeddingSize + i] = value }
      for time in 0..<shape.horizon {
        for i in 0..<width {
          w.sample[(time * rows + row) * width + i] = samples[(row * shape.horizon + time) * width + i]
        }
      }
    }
    if let contexts { w.context.update(from: contexts, count: contexts.count) }
    denoiser.forward(denoiserStore.values, panels.pointer, w)
    return (0..<rows).flatMap { row in
      (0..<shape.horizon).flatMap { time in (0..<width).map { w.estimate[(time * rows + row) * width + $0] } }
    }
  }

  private func run(_ network: MultilayerPerceptron, _ store: ParameterStore, _ inputs: [Float]) -> [Float] {
    let rows = inputs.count / network.inputSize
    let workspace = MultilayerPerceptron.Workspace(network, rows: rows)
    network.forward(store.values, inputs, workspace, rows: rows)
    return Array(UnsafeBufferPointer(start: workspace.output, count: rows * network.outputSize))
  }
}
