// One comparison: the same plans through both nets, then both in turn until the time is up.

import Foundation
import PlannerRuntime

/// Medians of one batch size.
struct Row {
  /// Both nets have the same fp16 weights and fp32 sums; only the order of sums differs.
  static let tolerance: Float = 1e-3
  static let header = "batch  kernels     ours [us]  OpenBLAS [us]  ratio  GFLOP/s  FMA peak  share  largest difference"

  let batch: Int
  let kernel: String
  let ours: Double, openBLAS: Double, ratio: Double
  let operations: Int
  let peak: Double
  let deviation: Float

  private var rate: Double { Double(operations) / ours / 1e3 }

  var text: String {
    String(
      format: "%5d  %@  %9.1f  %13.1f  %5.2f  %7.1f  %8.1f  %4.0f%%  %.1e", batch,
      kernel.padding(toLength: 10, withPad: " ", startingAt: 0), ours, openBLAS, ratio, rate,
      peak, 100 * rate / peak, deviation)
  }

  var json: String {
    """
      {"batch": \(batch), "kernel": "\(kernel)", "ours_us": \(ours), "openblas_us": \(openBLAS), "ratio": \(ratio),
       "gflops": \(rate), "fma_peak_gflops": \(peak), "peak_share": \(rate / peak), "largest_difference": \(deviation)}
    """
  }
}

/// Both nets with the same weights and inputs.
struct Comparison: ~Copyable {
  private let ours: StandaloneDenoiser
  private let theirs: OpenBLASDenoiser
  private let batch: Int, planSize: Int, step: Int
  private let plans: UnsafeMutablePointer<Float>
  private let context: [Float]

  init(_ weights: PlannerWeights, batch: Int, kernel: String?) throws {
    ours = try StandaloneDenoiser(weights: weights, batch: batch, kernels: kernel)
    theirs = OpenBLASDenoiser(weights, batch: batch)
    self.batch = batch
    let shape = weights.shape
    planSize = shape.horizon * shape.rowSize
    step = shape.denoisingSteps / 2
    var random = RandomSource(seed: 2)
    plans = .allocate(capacity: batch * planSize)
    for index in 0..<(batch * planSize) { plans[index] = random.normal() }
    context = (0..<shape.contextSize).map { _ in 2 * random.uniform() - 1 }
    ours.setCondition(context: context, state: plans)
    for plan in 0..<batch {
      // All begin with the same current state.
      (plans + plan * planSize).update(from: plans, count: shape.observationSize)
      ours.input(plan).update(from: plans + plan * planSize, count: planSize)
    }
  }

  deinit { plans.deallocate() }

  /// Compares, then measures for about `seconds`.
  func measured(seconds: Double) -> Row {
    ours.run(step: step, conditioned: true)
    let expected = theirs.run(plans, step: step, context: context)
    var deviation: Float = 0
    for plan in 0..<batch {
      for index in 0..<planSize {
        deviation = max(deviation, abs(ours.output(plan)[index] - expected[plan * planSize + index]))
      }
    }
    var (ourTimes, theirTimes, ratios, peaks): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    let end = now() + UInt64(seconds * 1e9)
    while now() < end || ratios.count < 5 {
      // In turn, a few at a time: whatever else the machine does meets both alike.
      let us = time(rounds: 10) { ours.run(step: step, conditioned: true) }
      let them = time(rounds: 5) { _ = theirs.run(plans, step: step, context: context) }
      ourTimes.append(us)
      theirTimes.append(them)
      ratios.append(them / us)
      var operations = 0.0
      let spent = time(rounds: 1) { operations = ours.peakOperations(rounds: 20_000) }
      peaks.append(operations / spent / 1e3)
    }
    return Row(
      batch: batch, kernel: ours.kernelName, ours: median(ourTimes), openBLAS: median(theirTimes),
      ratio: median(ratios), operations: ours.operations, peak: median(peaks), deviation: deviation)
  }

  /// Microseconds of one call, from `rounds` of them.
  private func time(rounds: Int, _ body: () -> Void) -> Double {
    let start = now()
    for _ in 0..<rounds { body() }
    return Double(now() - start) / Double(rounds) / 1e3
  }
}

func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
