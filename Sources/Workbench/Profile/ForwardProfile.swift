// The denoiser alone: how long a forward pass takes, and what share of the processor's multiply-adds it uses.

import PlannerRuntime

/// Forward passes of one batch, timed in turn with the instruction set's multiply-add peak.
package struct ForwardProfile {
  package private(set) var times = LatencyHistogram()
  /// Floating point operations of a pass.
  package let operations: Int
  /// Operations a nanosecond: the pass at its median, and the peak at its.
  package private(set) var rate = 0.0, peak = 0.0

  /// At least `passes` of them, the caches warm.
  package init(_ weights: PlannerWeights, batch: Int, kernel: String?, passes: Int) throws(PlannerError) {
    let denoiser = try StandaloneDenoiser(weights: weights, batch: batch, kernels: kernel)
    operations = denoiser.operations
    let step = weights.shape.denoisingSteps / 2
    var random = RandomSource(seed: 3)
    for plan in 0..<batch {
      for index in 0..<(weights.shape.horizon * weights.shape.rowSize) {
        denoiser.input(plan)[index] = random.normal()
      }
    }
    denoiser.setCondition(
      context: (0..<weights.shape.contextSize).map { _ in 2 * random.uniform() - 1 },
      state: (0..<weights.shape.observationSize).map { _ in random.normal() })
    for _ in 0..<5 { denoiser.run(step: step, conditioned: true) }
    var peaks = LatencyHistogram()
    let rounds = 20_000
    var peakOperations = 0.0
    for _ in 0..<((passes + 9) / 10) {
      for _ in 0..<10 {
        let start = monotonicTime()
        denoiser.run(step: step, conditioned: true)
        times.record(monotonicTime() - start)
      }
      let start = monotonicTime()
      peakOperations = denoiser.peakOperations(rounds: rounds)
      peaks.record(monotonicTime() - start)
    }
    rate = Double(operations) / (times.percentile(50) ?? times.max)
    peak = peakOperations / (peaks.percentile(50) ?? peaks.min)
  }
}
