// Rows times packed fp16 weights: the one operation behind linear layers and all kinds of convolution.

import CKernels

/// The kernels chosen for this processor.
package typealias Kernels = UnsafePointer<ck_kernels>

/// A packed weight matrix with its bias.
struct Product {
  /// Outputs per row.
  let columns: Int
  /// Inputs per row.
  let depth: Int
  private let packed: UnsafeMutablePointer<UInt16>  // [panel][depth][CK_PANEL]
  let bias: UnsafeMutablePointer<Float>  // [columns], room up to whole panels
  private var noZeros: ck_zeros { @_noAllocation @_noLocks get { ck_zeros(before: 0, after: 0) } }

  init(_ arena: inout Arena, columns: Int, depth: Int) {
    self.columns = columns
    self.depth = depth
    packed = arena.carve(UInt16.self, ck_packed_bytes(columns, depth) / MemoryLayout<UInt16>.size)
    bias = arena.carve(Float.self, (columns + Int(CK_PANEL) - 1) / Int(CK_PANEL) * Int(CK_PANEL))
  }

  /// The same weights with a bias of zeros.
  func unbiased(_ arena: inout Arena) -> Product {
    let panel = Int(CK_PANEL)
    return Product(
      columns: columns, depth: depth, packed: packed,
      bias: arena.carve(Float.self, (columns + panel - 1) / panel * panel))
  }

  private init(columns: Int, depth: Int, packed: UnsafeMutablePointer<UInt16>, bias: UnsafeMutablePointer<Float>) {
    self.columns = columns
    self.depth = depth
    self.packed = packed
    self.bias = bias
  }

  /// Packs `weights`, `[columns][stride]`; of each row the `depth` entries from `offset` on are used.
  /// Takes the layer's weights and bias.
  func load(_ weights: PlannerWeights, _ layer: String) { load(weights.weight(layer), bias: weights.bias(layer)) }

  func load(_ weights: [Float16], offset: Int = 0, stride: Int? = nil, bias values: [Float16]? = nil) {
    let stride = stride ?? depth
    precondition(weights.count == columns * stride && offset + depth <= stride)
    weights.withUnsafeBytes {
      ck_pack($0.bindMemory(to: UInt16.self).baseAddress! + offset, columns, depth, stride, packed)
    }
    for (column, value) in (values ?? []).enumerated() { bias[column] = Float(value) }
  }

  /// output[b][t] = bias + W · input[b][t] for t < times, b < batch.
  @_noAllocation @_noLocks
  func run(_ kernels: Kernels, _ input: ck_rows, _ output: ck_rows, batch: Int, times: Int) {
    ck_product(kernels, input, noZeros, output, batch, times, depth, columns, packed, bias)
  }

  /// output[b][t] = bias + W · the `depth` numbers of sequence b from time `first + t · step` on, for t < times, b <
  /// batch: a convolution, whose taps in the padding are not multiplied.
  @_noAllocation @_noLocks
  func convolve(
    _ kernels: Kernels, _ input: Feature, from first: Int, step: Int = 1, _ output: ck_rows, batch: Int, times: Int
  ) {
    let end = first + (times - 1) * step + depth / input.channels
    let zeros = ck_zeros(
      before: max(0, -first) * input.channels, after: max(0, end - input.times) * input.channels)
    ck_product(
      kernels, input.rows(from: first, step: step), zeros, output, batch, times, depth, columns, packed, bias)
  }

  /// The same for one row or several contiguous ones.
  @_noAllocation @_noLocks
  func run(
    _ kernels: Kernels, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, rows: Int = 1
  ) {
    ck_product(
      kernels, ck_rows(base: UnsafeMutablePointer(mutating: input), time_stride: depth, batch_stride: 0), noZeros,
      ck_rows(base: output, time_stride: columns, batch_stride: 0), 1, rows, depth, columns, packed, bias)
  }
}

/// Activations of a batch: `[batch][times][channels]`, with zero rows around each sequence.
///
/// The zero rows are a convolution's padding. With them, the inputs of every tap of an output lie side by side in
/// memory, and a convolution is a product over overlapping rows.
package struct Feature {
  /// Zero rows before and after each sequence (neighbours share theirs).
  static var padding: Int { @_noAllocation @_noLocks get { PlannerShape.kernelSize / 2 } }

  let base: UnsafeMutablePointer<Float>
  let times: Int
  let channels: Int

  package init(_ arena: inout Arena, batch: Int, times: Int, channels: Int) {
    let rows = batch * (times + Self.padding) + Self.padding
    base = arena.carve(Float.self, rows * channels) + Self.padding * channels
    self.times = times
    self.channels = channels
  }

  /// The same without the first `count` sequences.
  @_noAllocation @_noLocks
  func dropping(_ count: Int) -> Feature {
    Feature(base: base + count * batchStride, times: times, channels: channels)
  }

  @_noAllocation @_noLocks
  private init(base: UnsafeMutablePointer<Float>, times: Int, channels: Int) {
    self.base = base
    self.times = times
    self.channels = channels
  }

  /// Floats from one sequence to the next.
  var batchStride: Int {
    @_noAllocation @_noLocks get { (times + Self.padding) * channels }
  }

  /// The rows from time `first` (which may lie in the padding) on, every `step`-th, beginning with channel `channel`.
  @_noAllocation @_noLocks
  func rows(from first: Int = 0, step: Int = 1, channel: Int = 0) -> ck_rows {
    ck_rows(base: base + first * channels + channel, time_stride: step * channels, batch_stride: batchStride)
  }

  /// Row `time` of sequence `index`.
  @_noAllocation @_noLocks
  package func row(_ index: Int, _ time: Int) -> UnsafeMutablePointer<Float> {
    base + index * batchStride + time * channels
  }
}
