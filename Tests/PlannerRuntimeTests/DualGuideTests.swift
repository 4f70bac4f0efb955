// The dual guide's gradients against finite differences of its own measures, and their signs.

import CKernels
import PlannerRuntime
import Testing

/// A guide over `batch` plans of random weights, with plans drawn at random.
private struct Rig {
  let kernels = ck_kernels_select(nil)!
  let guide: DualGuide
  let plans: Feature
  /// Of V at the plans' ends; 0: the model has none.
  let valueWeight: Float
  let batch = 2
  let rows = smallShape.horizon
  let width = smallShape.rowSize

  init(_ arena: inout Arena, valueWeight: Float = 0) {
    var shape = smallShape
    shape.hasValue = valueWeight > 0
    self.valueWeight = valueWeight
    let weights = PlannerWeights.random(shape, seed: 11)
    guide = DualGuide(&arena, weights: weights, batch: batch, together: batch)
    plans = Feature(&arena, batch: batch, times: smallShape.horizon, channels: smallShape.rowSize)
    guide.load(weights)
    let context: [Float] = [0.3, -0.8, 0.1, 0.6]
    guide.setContext(kernels, context)
    var random = RandomSource(seed: 5)
    for plan in 0..<batch {
      for index in 0..<(rows * width) { plans.row(plan, 0)[index] = random.normal() }
    }
  }

  func objective(_ plan: Int, reward: Float, discrepancy: Float) -> Double {
    guide.evaluate(kernels, plans, batch: batch, valueWeight: valueWeight)
    return Double(reward) * Double(guide.normalisedReturns[plan])
      - Double(discrepancy) * Double(guide.discrepancies[plan])
  }
}

@Suite struct DualGuideTests {
  @Test(arguments: [(Float(1), Float(0), Float(0)), (0, 1, 0), (1, 2.5, 0), (1, 0, 1), (0.5, 2.5, 30)])
  func `one round moves along the gradient`(_ weights: (reward: Float, discrepancy: Float, value: Float)) {
    var arena = Arena(capacity: 8 << 20)
    let rig = Rig(&arena, valueWeight: weights.value)
    let count = rig.rows * rig.width
    for plan in 0..<rig.batch {
      let x = rig.plans.row(plan, 0)
      var expected = [Double](repeating: 0, count: count)
      for index in 0..<count {
        let isFirstState = index < smallShape.observationSize
        guard !isFirstState else { continue }
        let original = x[index]
        let delta: Float = 1e-2
        x[index] = original + delta
        let above = rig.objective(plan, reward: weights.reward, discrepancy: weights.discrepancy)
        x[index] = original - delta
        let below = rig.objective(plan, reward: weights.reward, discrepancy: weights.discrepancy)
        x[index] = original
        expected[index] = (above - below) / Double(2 * delta)
      }
      let before = (0..<count).map { x[$0] }
      let others = (0..<rig.batch).filter { $0 != plan }.map { other in
        (other, (0..<count).map { rig.plans.row(other, 0)[$0] })
      }
      // Short enough that the step on the discrepancy is not shortened.
      let strength: Float = 1 / 4
      rig.guide.ascend(
        rig.kernels, rig.plans, batch: rig.batch, strength: strength, rewardWeight: weights.reward,
        discrepancyWeight: weights.discrepancy, valueWeight: weights.value)
      let scale = expected.map(abs).max()!
      #expect(scale > 1e-3)
      for index in 0..<count {
        let moved = Double(x[index] - before[index]) / Double(strength)
        #expect(abs(moved - expected[index]) < 2e-3 * scale + 1e-5, "element \(index)")
        x[index] = before[index]
      }
      for (other, values) in others {
        for index in 0..<count { rig.plans.row(other, 0)[index] = values[index] }
      }
    }
  }

  @Test func `reward is ascended and discrepancy descended`() {
    var arena = Arena(capacity: 8 << 20)
    let rig = Rig(&arena)
    let returnBefore = rig.objective(0, reward: 1, discrepancy: 0)
    rig.guide.ascend(
      rig.kernels, rig.plans, batch: rig.batch, strength: 0.05, rewardWeight: 1, discrepancyWeight: 0)
    #expect(rig.objective(0, reward: 1, discrepancy: 0) > returnBefore)
    let discrepancyBefore = -rig.objective(0, reward: 0, discrepancy: 1)
    for _ in 0..<20 {
      rig.guide.ascend(
        rig.kernels, rig.plans, batch: rig.batch, strength: 0.2, rewardWeight: 0, discrepancyWeight: 1)
    }
    #expect(-rig.objective(0, reward: 0, discrepancy: 1) < 0.9 * discrepancyBefore)
  }

  @Test(arguments: [1, 10, 100] as [Float])
  func `however strong the guide, the discrepancy is descended`(strength: Float) {
    var arena = Arena(capacity: 8 << 20)
    let rig = Rig(&arena)
    var discrepancy = -rig.objective(0, reward: 0, discrepancy: 1)
    for round in 0..<10 {
      rig.guide.ascend(
        rig.kernels, rig.plans, batch: rig.batch, strength: strength, rewardWeight: 0, discrepancyWeight: 10)
      let next = -rig.objective(0, reward: 0, discrepancy: 1)
      #expect(next < discrepancy, "round \(round)")
      discrepancy = next
    }
  }
}
