// The yardstick: the same network as most would write it for a processor, fp32 rows gathered and multiplied by
// OpenBLAS.

import CBenchBLAS
import CElementwise
import Glibc
import PlannerRuntime

/// The denoiser in fp32 over one thread of OpenBLAS. Activations are `[batch][time][channel]`.
final class OpenBLASDenoiser {
  private let shape: PlannerShape
  private let batch: Int
  private var parameters: [String: UnsafeMutablePointer<Float>] = [:]
  private var buffers: [UnsafeMutablePointer<Float>] = []
  private var next = 0
  private let gathered: UnsafeMutablePointer<Float>
  private let embedding: UnsafeMutablePointer<Float>  // [embeddingCount]
  private let hidden: UnsafeMutablePointer<Float>  // [conditionWidths.hidden]
  private var embeddingCount: Int { shape.embeddingSize + shape.conditionWidths.embedding }
  private let blockEmbedding: UnsafeMutablePointer<Float>

  init(_ weights: PlannerWeights, batch: Int) {
    openblas_set_num_threads(1)
    let shape = weights.shape
    self.shape = shape
    self.batch = batch
    for tensor in shape.tensors where tensor.name.hasPrefix("denoiser.") {
      var values = weights.tensors[tensor.name]!.map { Float($0) }
      // [out][tap][in] as the product's columns: [tap][out][in].
      if tensor.name.hasSuffix("upsample.weight") {
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[2])
        values = (0..<4).flatMap { tap in
          (0..<outputs).flatMap { output in
            (0..<inputs).map { values[(output * 4 + tap) * inputs + $0] }
          }
        }
      }
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
      memory.initialize(from: values, count: values.count)
      parameters[tensor.name] = memory
    }
    let widest = shape.channels.enumerated().map { (shape.horizon >> $0.offset) * $0.element }.max()!
    gathered = .allocate(capacity: batch * 10 * max(widest, shape.horizon * shape.rowSize))
    embedding = .allocate(capacity: shape.embeddingSize + shape.conditionWidths.embedding)
    hidden = .allocate(capacity: shape.conditionWidths.hidden)
    blockEmbedding = .allocate(capacity: shape.channels.max()!)
  }

  deinit {
    for memory in parameters.values { memory.deallocate() }
    for memory in buffers + [gathered, embedding, hidden, blockEmbedding] { memory.deallocate() }
  }

  /// Rows of one level.
  private struct Activations {
    let data: UnsafeMutablePointer<Float>
    let times: Int, channels: Int
  }

  /// The clean estimates of `plans`, `[batch][horizon][rowSize]`, which begin with the same state; valid until the next
  /// call.
  func run(_ plans: UnsafeMutablePointer<Float>, step: Int, context: UnsafePointer<Float>) -> UnsafePointer<Float> {
    next = 0
    embed(step: step, context: context, state: plans)
    let last = shape.channels.count - 1
    var x = Activations(data: plans, times: shape.horizon, channels: shape.rowSize)
    var skips: [Activations] = []
    for level in 0...last {
      x = block("denoiser.down.\(level).block.0", x, shape.channels[level])
      x = block("denoiser.down.\(level).block.1", x, shape.channels[level])
      if level == last { break }
      skips.append(x)
      x = convolve("denoiser.down.\(level).downsample", x, x.channels, taps: 3, stride: 2)
    }
    skips.append(x)
    x = block("denoiser.middle.block.0", x, x.channels)
    x = block("denoiser.middle.block.1", x, x.channels)
    for index in 0..<last {
      let skip = skips.removeLast()
      let joined = activations(x.times, x.channels + skip.channels)
      ew_join(x.data, skip.data, joined.data, batch * x.times, x.channels, skip.channels)
      x = block("denoiser.up.\(index).block.0", joined, shape.channels[last - index - 1])
      x = block("denoiser.up.\(index).block.1", x, x.channels)
      x = upsample("denoiser.up.\(index).upsample", x)
    }
    x = convolve("denoiser.head.convolution", x, x.channels, taps: 5)
    norm("denoiser.head.norm", x, add: nil, residual: nil)
    return UnsafePointer(convolve("denoiser.head.output", x, shape.rowSize, taps: 1).data)
  }

  private func block(_ name: String, _ x: Activations, _ outputs: Int) -> Activations {
    multiply(embedding, "\(name).embedding", blockEmbedding, rows: 1, depth: embeddingCount, columns: outputs)
    let first = convolve("\(name).convolution.0", x, outputs, taps: 5)
    norm("\(name).norm.0", first, add: blockEmbedding, residual: nil)
    let second = convolve("\(name).convolution.1", first, outputs, taps: 5)
    let skip = x.channels == outputs ? x : convolve("\(name).skip", x, outputs, taps: 1)
    norm("\(name).norm.1", second, add: nil, residual: skip.data)
    return second
  }

  private func norm(
    _ name: String, _ x: Activations, add: UnsafePointer<Float>?, residual: UnsafePointer<Float>?
  ) {
    ew_norm_mish(
      x.data, batch, x.times, x.channels, PlannerShape.normGroups, parameters["\(name).weight"]!,
      parameters["\(name).bias"]!, add, residual)
  }

  private func convolve(_ name: String, _ x: Activations, _ outputs: Int, taps: Int, stride: Int = 1) -> Activations {
    let y = activations(x.times / stride, outputs)
    var rows = x.data
    if taps > 1 {
      ew_gather(x.data, gathered, batch, x.times, y.times, x.channels, taps, stride, taps / 2)
      rows = gathered
    }
    multiply(rows, name, y.data, rows: batch * y.times, depth: taps * x.channels, columns: outputs)
    return y
  }

  private func upsample(_ name: String, _ x: Activations) -> Activations {
    let size = x.channels
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(batch * x.times), Int32(4 * size), Int32(size), 1, x.data,
      Int32(size), parameters["\(name).weight"]!, Int32(size), 0, gathered, Int32(4 * size))
    let y = activations(2 * x.times, size)
    ew_fill_rows(y.data, batch * y.times, size, parameters["\(name).bias"]!)
    ew_scatter(gathered, y.data, batch, x.times, size)
    return y
  }

  /// output `[rows][columns]` = input `[rows][depth]` · weightᵀ + bias.
  private func multiply(
    _ input: UnsafePointer<Float>, _ name: String, _ output: UnsafeMutablePointer<Float>, rows: Int, depth: Int,
    columns: Int
  ) {
    ew_fill_rows(output, rows, columns, parameters["\(name).bias"]!)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(depth), 1, input, Int32(depth),
      parameters["\(name).weight"]!, Int32(depth), 1, output, Int32(columns))
  }

  /// Mish of [MLP(sinusoids of the step), MLP(context, state)] in `embedding`.
  private func embed(step: Int, context: UnsafePointer<Float>, state: UnsafePointer<Float>) {
    let size = shape.embeddingSize
    let sinusoids = activations(1, size).data
    let half = size / 2
    for index in 0..<half {
      let angle = Double(step) * exp(-log(10_000) * Double(index) / Double(half - 1))
      sinusoids[index] = Float(sin(angle))
      sinusoids[half + index] = Float(cos(angle))
    }
    let condition = activations(1, shape.conditionSize).data
    condition.update(from: context, count: shape.contextSize)
    (condition + shape.contextSize).update(from: state, count: shape.observationSize)
    let wide = shape.conditionWidths
    for (name, input, depth, width, output, columns) in [
      ("denoiser.time", sinusoids, size, 4 * size, embedding, size),
      ("denoiser.condition", condition, shape.conditionSize, wide.hidden, embedding + size, wide.embedding),
    ] {
      multiply(input, "\(name).0", hidden, rows: 1, depth: depth, columns: width)
      ew_mish(hidden, width)
      multiply(hidden, "\(name).1", output, rows: 1, depth: width, columns: columns)
    }
    ew_mish(embedding, embeddingCount)
  }

  /// A buffer for the rows of a level; the same one at the same place of each run.
  private func activations(_ times: Int, _ channels: Int) -> Activations {
    if next == buffers.count { buffers.append(.allocate(capacity: batch * times * channels)) }
    defer { next += 1 }
    return Activations(data: buffers[next], times: times, channels: channels)
  }
}
