import Foundation
import GradientCheck
import Learning
import PlannerRuntime
import Testing

private func normals(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomSource(seed: seed)
  return (0..<count).map { _ in random.normal() }
}

@Suite struct NetworkTests {
  @Test func `a linear layer is the matrix product that a plain loop computes`() {
    let store = ParameterStore()
    let layer = Linear(store, "layer", 5, 3)
    store.seal(seed: 1)
    let input = normals(4 * 5, seed: 2)
    let output = FloatBuffer(count: 4 * 3)
    layer.forward(store.values, input, output.pointer, rows: 4)
    for row in 0..<4 {
      for o in 0..<3 {
        var sum = store.values[layer.bias.offset + o]
        for i in 0..<5 { sum += input[row * 5 + i] * store.values[layer.weight.offset + o * 5 + i] }
        #expect(abs(sum - output.pointer[row * 3 + o]) < 1e-5)
      }
    }
  }

  @Test(arguments: [Activation.relu, .silu, .mish, .tanh])
  func `gradients of two layers and an activation agree with finite differences`(activation: Activation) {
    let rows = 6
    let store = ParameterStore()
    let first = Linear(store, "first", 5, 8)
    let second = Linear(store, "second", 8, 3)
    store.seal(seed: 3)
    let input = FloatBuffer(count: rows * 5)
    input.assign(normals(rows * 5, seed: 4))
    let hidden = FloatBuffer(count: rows * 8)
    let active = FloatBuffer(count: rows * 8)
    let output = FloatBuffer(count: rows * 3)
    let weights = normals(rows * 3, seed: 5)
    func loss() -> Double {
      first.forward(store.values, input.pointer, hidden.pointer, rows: rows)
      activation.forward(hidden.pointer, active.pointer, count: rows * 8)
      second.forward(store.values, active.pointer, output.pointer, rows: rows)
      return weightedSum(output.pointer, weights)
    }
    _ = loss()
    let gradients = store.makeBuffer()
    let hiddenGradient = FloatBuffer(count: rows * 8)
    let inputGradient = FloatBuffer(count: rows * 5)
    second.backward(
      store.values, gradients.pointer, input: active.pointer, outputGradient: weights,
      inputGradient: hiddenGradient.pointer, rows: rows)
    activation.backward(
      input: hidden.pointer, output: active.pointer, outputGradient: hiddenGradient.pointer,
      inputGradient: hiddenGradient.pointer, count: rows * 8)
    first.backward(
      store.values, gradients.pointer, input: input.pointer, outputGradient: hiddenGradient.pointer,
      inputGradient: inputGradient.pointer, rows: rows)
    // The kink of ReLU spoils a finite difference that steps over it: small steps there.
    let step: Float = activation == .relu ? 1e-3 : 1e-2
    #expect(gradientError(of: store.values, gradients.pointer, indices: 0..<store.count, step: step, loss: loss) < 4e-3)
    #expect(gradientError(of: input.pointer, inputGradient.pointer, indices: 0..<30, step: step, loss: loss) < 4e-3)
  }

  @Test(arguments: [Activation.relu, .silu])
  func `gradients of a multilayer perceptron agree with finite differences`(activation: Activation) {
    let rows = 4
    let store = ParameterStore()
    let network = MultilayerPerceptron(store, "net", sizes: [3, 7, 6, 5, 2], activation: activation)
    store.seal(seed: 6)
    let workspace = MultilayerPerceptron.Workspace(network, rows: rows)
    let input = FloatBuffer(count: rows * 3)
    input.assign(normals(rows * 3, seed: 7))
    let weights = normals(rows * 2, seed: 8)
    func loss() -> Double {
      network.forward(store.values, input.pointer, workspace, rows: rows)
      return (0..<rows * 2).reduce(0) { $0 + Double(workspace.output[$1]) * Double(weights[$1]) }
    }
    _ = loss()
    let gradients = store.makeBuffer()
    let inputGradient = FloatBuffer(count: rows * 3)
    network.backward(
      store.values, gradients.pointer, input: input.pointer, outputGradient: weights,
      inputGradient: inputGradient.pointer, workspace, rows: rows)
    let step: Float = activation == .relu ? 1e-3 : 1e-2
    #expect(gradientError(of: store.values, gradients.pointer, indices: 0..<store.count, step: step, loss: loss) < 4e-3)
    #expect(gradientError(of: input.pointer, inputGradient.pointer, indices: 0..<12, step: step, loss: loss) < 4e-3)
  }

  @Test func `activations agree with the C library in double over their whole range`() {
    let inputs = stride(from: Float(-95), through: 95, by: 0.0173).map { $0 } + [0, 1e-4, -1e-4, 0.19, 0.21]
    let outputs = FloatBuffer(count: inputs.count)
    func check(_ activation: Activation, _ exact: (Double) -> Double) {
      activation.forward(inputs, outputs.pointer, count: inputs.count)
      for (i, x) in inputs.enumerated() {
        let expected = exact(Double(x))
        #expect(abs(Double(outputs.pointer[i]) - expected) <= 1e-6 * max(1, abs(expected)), "\(activation) of \(x)")
      }
    }
    check(.relu) { max($0, 0) }
    check(.silu) { $0 / (1 + exp(-$0)) }
    check(.mish) { $0 * tanh(log1p(exp($0))) }
    check(.tanh) { tanh($0) }
  }

  @Test func `Adam follows the formula of the paper computed in double`() {
    let adam = Adam(count: 3, learningRate: 0.01)
    let values = FloatBuffer(count: 3)
    values.assign([1, -2, 0.5])
    var expected: [Double] = [1, -2, 0.5]
    var m = [0.0, 0, 0]
    var v = [0.0, 0, 0]
    for t in 1...50 {
      let gradient = expected.map { Float(2 * $0 + sin(Double(t))) }
      adam.update(values.pointer, gradients: gradient)
      for i in 0..<3 {
        let g = Double(gradient[i])
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        let mHat = m[i] / (1 - pow(0.9, Double(t)))
        let vHat = v[i] / (1 - pow(0.999, Double(t)))
        expected[i] -= 0.01 * mHat / (vHat.squareRoot() + 1e-8)
      }
    }
    for i in 0..<3 { #expect(abs(Double(values.pointer[i]) - expected[i]) < 1e-5) }
    #expect(adam.step == 50)
  }

  @Test func `clipping shortens a long gradient to the given norm and leaves a short one alone`() {
    func firstMoment(_ gradient: [Float]) -> [Float] {
      let adam = Adam(count: 2, learningRate: 0.1, clipNorm: 1)
      let values = FloatBuffer(count: 2)
      adam.update(values.pointer, gradients: gradient)
      return adam.firstMoment.array
    }
    let long = firstMoment([30, 40])
    #expect(abs(long[0] - 0.06) < 1e-6 && abs(long[1] - 0.08) < 1e-6)
    #expect(abs(firstMoment([0.3, 0.4])[1] - 0.04) < 1e-6)
  }

  @Test func `the weight average is a geometric mixture of all past weights`() {
    let store = ParameterStore()
    _ = store.add("x", shape: [1], initial: .constant(1))
    store.seal(seed: 0)
    let average = WeightAverage(store, decay: 0.9)
    store.values[0] = 2
    average.update(store.values)
    average.update(store.values)
    #expect(abs(average.values.pointer[0] - (2 - 0.81)) < 1e-6)
  }

  @Test func `one thread and two compute every shard once, with equal results`() {
    let cells = FloatBuffer(count: 4)
    for threads in [1, 2, 3] {
      cells.clear()
      let workers = Workers(threads: threads)
      for _ in 0..<200 { workers.run(shards: 4) { cells.pointer[$0] += Float($0 + 1) } }
      #expect(cells.array == [200, 400, 600, 800])
    }
  }

  @Test func `a seed decides all initial values, each within the bound of its fan-in`() {
    func values(seed: UInt64) -> [Float] {
      let store = ParameterStore()
      _ = Linear(store, "a", 16, 4)
      _ = Linear(store, "b", 4, 4)
      store.seal(seed: seed)
      return (0..<store.count).map { store.values[$0] }
    }
    let one = values(seed: 1)
    #expect(one == values(seed: 1))
    #expect(one != values(seed: 2))
    #expect(one[0..<68].allSatisfy { abs($0) <= 0.25 })
    #expect(one[68...].contains { abs($0) > 0.25 })
  }
}
