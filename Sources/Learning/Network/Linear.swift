// The linear layer y = x Wᵀ + b and its gradients, each one matrix product of BLAS.

import CLearningKernels
import COpenBLAS
import ModelLayout

/// A linear layer: two slots and two sizes. Rows are `[rows][inputSize]` and `[rows][outputSize]`. Real-time: no.
public struct Linear: Sendable {
  public let weight: Slot  // [outputSize][inputSize]
  public let bias: Slot  // [outputSize]
  public let inputSize: Int
  public let outputSize: Int

  public init(_ store: ParameterStore, _ name: String, _ inputSize: Int, _ outputSize: Int) {
    weight = store.add(LayerName.weight(name), shape: [outputSize, inputSize], initial: .uniform(fanIn: inputSize))
    bias = store.add(LayerName.bias(name), shape: [outputSize], initial: .uniform(fanIn: inputSize))
    self.inputSize = inputSize
    self.outputSize = outputSize
  }

  /// output = input Wᵀ + b.
  public func forward(
    _ parameters: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, rows: Int
  ) {
    lk_fill_rows(rows, outputSize, parameters + bias.offset, output)
    product(
      rows, outputSize, inputSize, input, inputSize, .asIs, parameters + weight.offset, inputSize, .transposed,
      addingTo: output, outputSize)
  }

  /// Adds the gradients of weight and bias to `gradients` (nil: parameters are not trained here) and writes the
  /// gradient of the input to `inputGradient` (nil: not needed).
  public func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>?, input: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?, rows: Int
  ) {
    if let gradients {
      lk_add_column_sums(rows, outputSize, outputGradient, gradients + bias.offset)
      product(
        outputSize, inputSize, rows, outputGradient, outputSize, .transposed, input, inputSize, .asIs,
        addingTo: gradients + weight.offset, inputSize)
    }
    if let inputGradient {
      product(
        rows, inputSize, outputSize, outputGradient, outputSize, .asIs, parameters + weight.offset, inputSize, .asIs,
        to: inputGradient, inputSize)
    }
  }
}

/// Our shards are the parallelism: BLAS threads beneath them would fight for the same cores. Set once, before the first
/// product, because changing it while another thread computes is not safe.
private let blasIsSingleThreaded: Void = openblas_set_num_threads(1)

/// How an operand of `product` lies in memory.
package enum Operand { case asIs, transposed }

/// C = op(A) op(B) for row-major matrices, C `[m][n]`, inner size k; each operand with its row stride.
package func product(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, _ operandA: Operand,
  _ b: UnsafePointer<Float>, _ strideB: Int, _ operandB: Operand, to c: UnsafeMutablePointer<Float>, _ strideC: Int
) {
  gemm(m, n, k, a, strideA, operandA, b, strideB, operandB, 0, c, strideC)
}

/// C += op(A) op(B), otherwise as `product(to:)`.
package func product(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, _ operandA: Operand,
  _ b: UnsafePointer<Float>, _ strideB: Int, _ operandB: Operand, addingTo c: UnsafeMutablePointer<Float>,
  _ strideC: Int
) {
  gemm(m, n, k, a, strideA, operandA, b, strideB, operandB, 1, c, strideC)
}

private func gemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, _ operandA: Operand,
  _ b: UnsafePointer<Float>, _ strideB: Int, _ operandB: Operand, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
  _ strideC: Int
) {
  _ = blasIsSingleThreaded
  cblas_sgemm(
    CblasRowMajor, operandA == .transposed ? CblasTrans : CblasNoTrans,
    operandB == .transposed ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(strideA), b,
    blasint(strideB), beta, c, blasint(strideC))
}
