// The denoiser outside a planner: batches, and the operations that measurements divide by.

import PlannerRuntime
import Testing

@Suite struct StandaloneDenoiserTests {
  static let diffuser = PlannerShape(
    observationSize: 17, actionSize: 6, contextSize: 16, horizon: 32, channels: [32, 64, 128, 256], denoisingSteps: 20)

  /// From the list of tensors: every weight of a convolution is used once for each time of its output.
  func multiplyAdds(_ shape: PlannerShape) -> Int {
    let last = shape.channels.count - 1
    var sum = 0
    for tensor in shape.tensors where tensor.name.hasSuffix(".weight") && tensor.shape.count == 3 {
      let parts = tensor.name.split(separator: ".")
      let level =
        switch parts[1] {
        case "down": Int(parts[2])! + (parts[3] == "downsample" ? 1 : 0)
        case "middle": last
        // Half the taps, twice the times: the transposed convolution counts as one at its input's times.
        case "up": last - Int(parts[2])!
        default: 0
        }
      sum += tensor.count * shape.horizon >> level
    }
    return sum
  }

  @Test func `the multiply-adds are those of the convolutions' weights, 19.6 million for Diffuser's shape`() {
    #expect(Self.diffuser.denoiserMultiplyAdds == multiplyAdds(Self.diffuser))
    #expect(smallShape.denoiserMultiplyAdds == multiplyAdds(smallShape))
    #expect(abs(Double(Self.diffuser.denoiserMultiplyAdds) - 19.6e6) < 0.1e6)
  }

  @Test func `a plan's estimate does not depend on the batch that it is in`() throws {
    let weights = PlannerWeights.random(smallShape, seed: 6)
    let size = smallShape.horizon * smallShape.rowSize
    var random = RandomSource(seed: 7)
    let state = (0..<smallShape.observationSize).map { _ in random.normal() }
    let plans = (0..<3).map { _ in state + (state.count..<size).map { _ in random.normal() } }
    let context = (0..<smallShape.contextSize).map { _ in random.uniform() }
    func estimates(_ plans: [[Float]]) throws -> [[Float]] {
      let denoiser = try StandaloneDenoiser(weights: weights, batch: plans.count)
      denoiser.setCondition(context: context, state: state)
      for (index, plan) in plans.enumerated() { denoiser.input(index).update(from: plan, count: size) }
      denoiser.run(step: 3, conditioned: true)
      return plans.indices.map { index in (0..<size).map { denoiser.output(index)[$0] } }
    }
    let together = try estimates(plans)
    for (plan, expected) in zip(plans, together) {
      let alone = try estimates([plan])[0]
      for (a, b) in zip(alone, expected) { #expect(abs(a - b) < 1e-5) }
    }
  }

  @Test func `wrong sizes are refused by name`() throws {
    let weights = PlannerWeights.random(smallShape, seed: 6)
    #expect(throws: PlannerError.invalid(field: "batch", found: "0", expected: "1 or more")) {
      _ = try StandaloneDenoiser(weights: weights, batch: 0)
    }
    #expect(throws: PlannerError.kernels(name: "none")) {
      _ = try StandaloneDenoiser(weights: weights, batch: 1, kernels: "none")
    }
  }
}
