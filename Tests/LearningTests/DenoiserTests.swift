// The denoiser as a whole: size, gradients, what its inputs do.

import GradientCheck
import Learning
import PlannerRuntime
import Testing

/// The derivative of `loss` when `values` move along `direction`, by a central difference.
func slope(
  of values: UnsafeMutablePointer<Float>, along direction: [Float], step: Float, loss: () -> Double
) -> Double {
  let kept = Array(UnsafeBufferPointer(start: values, count: direction.count))
  func moved(_ step: Float) -> Double {
    for i in kept.indices { values[i] = kept[i] + step * direction[i] }
    return loss()
  }
  let difference = (moved(step) - moved(-step)) / Double(2 * step)
  values.update(from: kept, count: kept.count)
  return difference
}

@Suite struct DenoiserTests {
  static let small = PlannerShape(
    observationSize: 3, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 24, 32], denoisingSteps: 20)

  /// A small network with inputs drawn at random, the second row without context.
  static func make(rows: Int = 3) -> (ParameterStore, Learning.Denoiser, DenoiserWorkspace, FloatBuffer) {
    let store = ParameterStore()
    let network = Learning.Denoiser(store, small)
    store.seal(seed: 11)
    let w = DenoiserWorkspace(network, rows: rows)
    w.sample.update(from: normalNumbers(8 * rows * 5, seed: 1), count: 8 * rows * 5)
    let embeddings = stepEmbeddings(steps: 20, size: 16)
    for row in 0..<rows {
      w.stepEmbedding.advanced(by: row * 16).update(from: Array(embeddings[(row * 6 * 16)...]), count: 16)
      w.contextKept[row] = row == 1 ? 0 : 1
    }
    w.context.update(from: normalNumbers(rows * 4, seed: 2), count: rows * 4)
    return (store, network, w, FloatBuffer(count: network.panelCount))
  }

  @Test func `Diffuser's shape has 4 million parameters and the condition's, named and shaped as in the model file`() {
    let store = ParameterStore()
    let shape = PlannerShape(
      observationSize: 17, actionSize: 6, contextSize: 16, horizon: 32, channels: [32, 64, 128, 256], denoisingSteps: 20
    )
    _ = Learning.Denoiser(store, shape)
    #expect(store.count > 4_100_000 && store.count < 4_300_000)
    #expect(
      store.entries.allSatisfy { entry in shape.tensors.contains { $0.name == entry.name && $0.shape == entry.shape } })
    #expect(store.entries.count == shape.tensors.count { $0.name.hasPrefix("denoiser.") })
  }

  @Test func `every tensor's gradient agrees with finite differences`() {
    let (store, network, w, panels) = Self.make()
    let count = 8 * w.rows * 5
    let weights = normalNumbers(count, seed: 3)
    func loss() -> Double {
      network.pack(store.values, panels.pointer, within: 0..<store.count)
      network.forward(store.values, panels.pointer, w)
      return weightedSum(w.estimate, weights)
    }
    _ = loss()
    let gradients = store.makeBuffer()
    w.estimateGradient.update(from: weights, count: count)
    network.backward(store.values, panels.pointer, gradients.pointer, w)
    // One entry moves the loss by less than fp32 resolves; a whole tensor does not. Along the gradient the slope must
    // be its norm, along random signs their product with it.
    for (index, entry) in store.entries.enumerated() {
      let gradient = store.tensor(entry, from: gradients.pointer)
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let signs = normalNumbers(gradient.count, seed: UInt64(index)).map { $0 < 0 ? -1 : Float(1) }
      for direction in [gradient.map { $0 / norm }, signs.map { $0 / Float(signs.count).squareRoot() }] {
        let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let slope = slope(of: store.values + entry.slot.offset, along: direction, step: 2e-3, loss: loss)
        #expect(abs(slope - Double(expected)) < 0.02 * Double(norm), "\(entry.name): \(expected), in truth \(slope)")
      }
    }
  }

  @Test func `weights packed in two halves are as those packed at once`() {
    let (store, network, _, panels) = Self.make()
    network.pack(store.values, panels.pointer, within: 0..<store.count)
    let halves = FloatBuffer(count: network.panelCount)
    for range in [0..<10_000, 10_000..<store.count] {
      network.pack(store.values, halves.pointer, within: range)
    }
    #expect(halves.array == panels.array)
  }

  @Test func `a dropped context has no influence, a kept one has`() {
    let (store, network, w, panels) = Self.make()
    network.pack(store.values, panels.pointer, within: 0..<store.count)
    func estimates() -> [Float] {
      network.forward(store.values, panels.pointer, w)
      return Array(UnsafeBufferPointer(start: w.estimate, count: 8 * w.rows * 5))
    }
    let before = estimates()
    for i in 0..<(w.rows * 4) { w.context[i] += 1 }
    let after = estimates()
    let changed = (0..<w.rows).map { row in
      (0..<8).contains { t in
        (0..<5).contains { before[(t * w.rows + row) * 5 + $0] != after[(t * w.rows + row) * 5 + $0] }
      }
    }
    #expect(changed == [true, false, true])
  }
}
