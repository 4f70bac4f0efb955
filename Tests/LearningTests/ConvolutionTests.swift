// Convolutions and normalisation against plain loops in double and against finite differences.

import Foundation
import GradientCheck
import Learning
import PlannerRuntime
import Testing

func normalNumbers(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomSource(seed: seed)
  return (0..<count).map { _ in random.normal() }
}

func normalBuffer(_ count: Int, seed: UInt64) -> FloatBuffer {
  let buffer = FloatBuffer(count: count)
  buffer.assign(normalNumbers(count, seed: seed))
  return buffer
}

@Suite struct ConvolutionTests {
  /// Sizes on both sides of the kernels' tiles of 6 rows and 16 columns.
  static let cases: [(ConvolutionGeometry, inputs: Int, outputs: Int, time: Int, rows: Int)] = [
    (.same(taps: 5), 23, 32, 8, 3), (.same(taps: 5), 3, 5, 2, 2), (.same(taps: 1), 32, 23, 4, 7),
    (.downsampling, 16, 24, 8, 4), (.upsampling, 24, 16, 4, 11), (.same(taps: 5), 16, 16, 1, 6),
  ]

  /// The textbook formulas with explicit padding, one multiplication at a time.
  static func expected(
    _ geometry: ConvolutionGeometry, _ layer: Convolution, weight: [Float], bias: [Float], input: [Float], rows: Int
  ) -> [Double] {
    var output = [Double](repeating: 0, count: layer.outputTime * rows * layer.outputs)
    for t in 0..<layer.outputTime {
      for index in 0..<(rows * layer.outputs) {
        output[t * rows * layer.outputs + index] = Double(bias[index % layer.outputs])
      }
    }
    for t in 0..<layer.outputTime {
      for tap in 0..<layer.taps {
        let source: Int
        switch geometry {
        case .same(let taps): source = t + tap - taps / 2
        case .downsampling: source = 2 * t + tap - 1
        case .upsampling:
          guard (t + 1 - tap) % 2 == 0 else { continue }
          source = (t + 1 - tap) / 2
        }
        guard source >= 0 && source < layer.inputTime else { continue }
        for r in 0..<rows {
          for o in 0..<layer.outputs {
            for i in 0..<layer.inputs {
              output[(t * rows + r) * layer.outputs + o] +=
                Double(weight[(o * layer.taps + tap) * layer.inputs + i])
                * Double(input[(source * rows + r) * layer.inputs + i])
            }
          }
        }
      }
    }
    return output
  }

  @Test(arguments: cases.indices)
  func `convolutions agree with plain loops and their gradients with finite differences`(index: Int) {
    let (geometry, inputs, outputs, time, rows) = Self.cases[index]
    let store = ParameterStore()
    let layout = PanelLayout()
    let layer = Convolution(store, "layer", inputs, outputs, geometry, inputTime: time, layout)
    store.seal(seed: 7)
    let input = normalBuffer(time * rows * inputs, seed: 8)
    let outputCount = layer.outputTime * rows * outputs
    let output = FloatBuffer(count: outputCount)
    let panels = FloatBuffer(count: layout.count)
    func forward() {
      layer.pack(store.values, panels.pointer)
      layer.forward(store.values, panels.pointer, input.pointer, output.pointer, rows: rows)
    }
    forward()
    let expected = Self.expected(
      geometry, layer, weight: store.tensor(store.entries[0]), bias: store.tensor(store.entries[1]),
      input: input.array, rows: rows)
    #expect(zip(output.array, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })

    let weights = normalNumbers(outputCount, seed: 9)
    let gradients = store.makeBuffer()
    let inputGradient = FloatBuffer(count: input.count)
    layer.backward(
      panels.pointer, gradients.pointer, input: input.pointer, outputGradient: weights,
      inputGradient: inputGradient.pointer, rows: rows)
    func loss() -> Double {
      forward()
      return weightedSum(output.pointer, weights)
    }
    let few = stride(from: 0, to: store.count, by: max(1, store.count / 60))
    // The layer is linear: a wide step costs no accuracy and drowns the rounding of fp32.
    #expect(gradientError(of: store.values, gradients.pointer, indices: few, step: 0.5, loss: loss) < 1e-4)
    let fewInputs = stride(from: 0, to: input.count, by: max(1, input.count / 40))
    #expect(gradientError(of: input.pointer, inputGradient.pointer, indices: fewInputs, step: 0.5, loss: loss) < 1e-4)
  }

  @Test(arguments: [
    (channels: 32, time: 4, rows: 3), (channels: 8, time: 6, rows: 5), (channels: 40, time: 1, rows: 2),
  ])
  func `group norm with Mish agrees with the formula and its gradients with finite differences`(
    channels: Int, time: Int, rows: Int
  ) {
    let store = ParameterStore()
    let layer = NormMish(store, "norm", channels, time: time)
    store.seal(seed: 1)
    for i in 0..<store.count { store.values[i] += 0.3 * Float(i % 7) - 1 }
    let count = time * rows * channels
    let input = normalBuffer(count, seed: 2)
    let addend = normalNumbers(rows * channels, seed: 3)
    let residual = normalNumbers(count, seed: 4)
    let output = FloatBuffer(count: count)
    let statistics = FloatBuffer(count: NormMish.statisticsCount(rows: rows))
    func forward() {
      layer.forward(
        store.values, input.pointer, addend: addend, residual: residual, output.pointer,
        statistics: statistics.pointer, rows: rows)
    }
    forward()
    let gamma = store.tensor(store.entries[0]).map(Double.init)
    let beta = store.tensor(store.entries[1]).map(Double.init)
    let width = channels / 8
    var worst = 0.0
    for r in 0..<rows {
      for g in 0..<8 {
        let members = (0..<time).flatMap { t in (0..<width).map { (t * rows + r) * channels + g * width + $0 } }
        let values = members.map { Double(input.pointer[$0]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        for i in members {
          let c = i % channels
          let u = gamma[c] * (Double(input.pointer[i]) - mean) / (variance + 1e-5).squareRoot() + beta[c]
          let y = u * tanh(log1p(exp(u))) + Double(addend[r * channels + c]) + Double(residual[i])
          worst = max(worst, abs(y - Double(output.pointer[i])))
        }
      }
    }
    #expect(worst < 2e-5)

    let weights = normalNumbers(count, seed: 5)
    let gradients = store.makeBuffer()
    let inputGradient = FloatBuffer(count: count)
    layer.backward(
      store.values, gradients.pointer, input: input.pointer, statistics: statistics.pointer, outputGradient: weights,
      inputGradient: inputGradient.pointer, rows: rows)
    func loss() -> Double {
      forward()
      return weightedSum(output.pointer, weights)
    }
    #expect(gradientError(of: store.values, gradients.pointer, indices: 0..<store.count, loss: loss) < 2e-3)
    let few = stride(from: 0, to: count, by: max(1, count / 60))
    #expect(gradientError(of: input.pointer, inputGradient.pointer, indices: few, loss: loss) < 2e-3)
  }
}
