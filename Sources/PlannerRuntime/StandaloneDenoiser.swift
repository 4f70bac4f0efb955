// The denoiser without a planner around it: for measuring it, and for holding it against other implementations.

import CKernels

/// A denoiser with memory of its own for a fixed batch of plans. Not thread-safe. Real-time: yes, where a member does
/// not say otherwise.
public struct StandaloneDenoiser: ~Copyable {
  /// Plans denoised at a time.
  public let batch: Int
  /// Floating point operations of one `run`: two for each multiply-add of the products, nothing else counted.
  public let operations: Int
  /// Name of the instruction set in use: `avx2`. Real-time: no.
  public var kernelName: String { String(cString: kernels.pointee.name) }

  private let arena: Arena
  private let denoiser: Denoiser
  private let kernels: Kernels
  private let shape: PlannerShape

  /// Takes all memory and loads the weights. Real-time: no.
  ///
  /// - Parameters:
  ///   - weights: every tensor of `weights.shape.tensors`, finite.
  ///   - batch: plans denoised at a time, 1 or more.
  ///   - name: instruction set by name, or nil for the best one.
  ///
  /// - Throws: `PlannerError` where a size is out of range or there are no such kernels.
  public init(weights: PlannerWeights, batch: Int, kernels name: String? = nil) throws(PlannerError) {
    if let defect = weights.shape.defect {
      throw .invalid(field: defect.field, found: defect.found, expected: defect.expected)
    }
    guard batch >= 1 else { throw .invalid(field: "batch", found: "\(batch)", expected: "1 or more") }
    guard let kernels = ck_kernels_select(name) else { throw .kernels(name: name ?? "default") }
    var measured = Arena()
    _ = Denoiser(&measured, shape: weights.shape, batch: batch, together: batch)
    var arena = Arena(capacity: measured.used)
    denoiser = Denoiser(&arena, shape: weights.shape, batch: batch, together: batch)
    denoiser.load(weights, kernels)
    arena.seal()
    self.arena = arena
    self.kernels = kernels
    self.batch = batch
    shape = weights.shape
    operations = 2 * batch * weights.shape.denoiserMultiplyAdds
  }

  /// Conditions later runs on `context`, `[contextSize]`, and the current state, `[observationSize]`, in normalised
  /// units, with which every plan that they are given must begin. Real-time: yes.
  @_noAllocation @_noLocks
  public func setCondition(context: UnsafePointer<Float>, state: UnsafePointer<Float>) {
    denoiser.setContext(context)
    denoiser.setState(kernels, state, conditioned: true, unconditioned: true)
  }

  /// The noisy plan `index`, `[horizon][rowSize]` contiguous, normalised units; `run` leaves it as it is.
  /// Real-time: yes.
  public func input(_ index: Int) -> UnsafeMutablePointer<Float> { denoiser.input.row(index, 0) }

  /// The clean estimate `index`, `[horizon][rowSize]` contiguous, normalised units. Real-time: yes.
  public func output(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(denoiser.output.row(index, 0)) }

  /// One forward pass of the batch, all of noise level `step`; `setCondition` comes before the first.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public func run(step: Int, conditioned: Bool) {
    denoiser.run(kernels, step: step, conditioned: conditioned, batch: batch)
  }

  /// `rounds` rounds of multiply-adds on registers alone, as fast as these kernels' instruction set can; returns the
  /// floating point operations done. Real-time: yes, in proportion to `rounds`.
  public func peakOperations(rounds: Int) -> Double { kernels.pointee.peak(rounds) }
}

extension PlannerShape {
  /// Multiply-adds of the denoiser's products for one plan, those of the embeddings left out: a table holds them.
  /// Real-time: no.
  public var denoiserMultiplyAdds: Int {
    let kernel = Self.kernelSize
    var times = horizon
    var sum = 0
    func block(_ input: Int, _ output: Int) {
      sum += times * output * (kernel * (input + output) + (input == output ? 0 : input))
    }
    for (level, size) in channels.enumerated() {
      block(level == 0 ? rowSize : channels[level - 1], size)
      block(size, size)
      if level < channels.count - 1 {
        times /= 2
        sum += times * size * 3 * size
      }
    }
    for _ in 0..<2 { block(channels[channels.count - 1], channels[channels.count - 1]) }
    for level in (1..<channels.count).reversed() {
      let size = channels[level - 1]
      block(2 * channels[level], size)
      block(size, size)
      // Each of the 2 · times outputs takes two of the four taps.
      sum += 2 * times * size * 2 * size
      times *= 2
    }
    return sum + times * channels[0] * (kernel * channels[0] + rowSize)
  }
}
