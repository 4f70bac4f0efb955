// Sampling control on models whose best plan is known, and the learned models as it sees them.

import Evaluation
import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

/// A point with inertia on a line, paid −(x² + 0.1 v² + 0.1 u²) after each step: x += 0.1 v, v += 0.1 · 3 u.
private final class Cart: RolloutModel {
  let stateSize = 2, actionSize = 1

  func state(of observation: [Float]) -> [Float] { observation }

  func step(
    _ states: UnsafeMutablePointer<Float>, _ actions: UnsafePointer<Float>, _ returns: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for row in 0..<count {
      let s = states + 2 * row
      s[0] += 0.1 * s[1]
      s[1] += 0.3 * actions[row]
      returns[row] -= s[0] * s[0] + 0.1 * s[1] * s[1] + 0.1 * actions[row] * actions[row]
    }
  }

  /// The return of a sequence, and the state after each step, in double precision.
  static func run(_ start: [Double], _ actions: [Double]) -> Double {
    var (x, v, sum) = (start[0], start[1], 0.0)
    for u in actions {
      x += 0.1 * v
      v += 0.3 * u
      sum -= x * x + 0.1 * v * v + 0.1 * u * u
    }
    return sum
  }

  /// The best sequence, by the Riccati recursion.
  static func best(_ start: [Double], steps: Int) -> [Double] {
    // V(s) = sᵀ P s to go after a step; Q = diag(1, 0.1), R = 0.1, A = [[1, 0.1], [0, 1]], B = [0, 0.3].
    var p = [0.0, 0, 0]  // P = [[p0, p1], [p1, p2]]
    var gains: [[Double]] = []
    for _ in 0..<steps {
      let (a, b, c) = (p[0] + 1, p[1], p[2] + 0.1)  // Q + P, what the next state costs
      let denominator = 0.1 + 0.09 * c
      // K = (R + Bᵀ M B)⁻¹ Bᵀ M A
      let k = [0.3 * b / denominator, 0.3 * (0.1 * b + c) / denominator]
      gains.append(k)
      // AᵀMA − Kᵀ(R + BᵀMB)K
      let m = [a, 0.1 * a + b, 0.01 * a + 0.2 * b + c]
      p = [
        m[0] - denominator * k[0] * k[0], m[1] - denominator * k[0] * k[1], m[2] - denominator * k[1] * k[1],
      ]
    }
    var (x, v) = (start[0], start[1])
    return gains.reversed().map { k in
      let u = -(k[0] * x + k[1] * v)
      x += 0.1 * v
      v += 0.3 * u
      return u
    }
  }
}

@Suite struct PathIntegralTests {
  @Test func `it finds the optimum of a linear-quadratic model`() {
    let start = [0.5, -0.2]
    let optimum = Cart.best(start, steps: 12)
    #expect(optimum.allSatisfy { abs($0) < 1 })
    var options = PathIntegral.Options(samples: 256, horizon: 12)
    options.iterations = 60
    options.deviation = 0.15
    let sampler = PathIntegral(Cart(), options)
    sampler.reset(seed: 1)
    let action = sampler.plan(start.map { Float($0) })
    let best = Cart.run(start, optimum)
    let nothing = Cart.run(start, optimum.map { _ in 0 })
    let found = Cart.run(start, sampler.mean.map { Double($0) })
    #expect(found <= best + 1e-9)
    #expect((found - nothing) / (best - nothing) > 0.97, "found \(found), best \(best), doing nothing \(nothing)")
    #expect(abs(Double(action[0]) - optimum[0]) < 0.12)
  }

  @Test func `a plan begins where the last one left off, and the same seed gives the same plans`() {
    let options = PathIntegral.Options(samples: 16, horizon: 5)
    let sampler = PathIntegral(Cart(), options)
    sampler.reset(seed: 3)
    let first = sampler.plan([1, 0])
    let mean = sampler.mean
    sampler.shift()
    #expect(sampler.mean == Array(mean[1...]) + [mean[4]])
    sampler.reset(seed: 3)
    #expect(sampler.mean.allSatisfy { $0 == 0 })
    #expect(sampler.plan([1, 0]) == first)
  }

  @Test func `the learned models step as the trainer's own layers say`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "rollout-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = pointModel()
    try model.write(to: path, as: model.description)
    let reference = try ReferenceModel(file: SafetensorsFile(path: path))
    let weights = model.weights
    let statistics = weights.statistics
    let rollout = try LearnedRollout(weights, rows: 3, kernels: nil)
    let context: [Float] = [0.3, -0.5, 0.1, 0.9]
    rollout.setContext(context)
    let observations: [[Float]] = [[0.1, 0.2], [-0.4, 0], [0.5, 0.7]]
    let actions: [Float] = [0.5, -1, 0, 0.25, 1, 1]
    var states = observations.flatMap(rollout.state)
    var returns = [Float](repeating: 0, count: 3)
    var inputs: [Float] = []
    for row in observations.indices {
      inputs += states[(2 * row)..<(2 * row + 2)]
      for i in 0..<2 {
        let physical = actions[2 * row + i] * 0.1
        inputs.append((physical - statistics.actionMean[i]) / statistics.actionStd[i])
      }
      inputs += context
    }
    rollout.step(&states, actions, &returns, count: 3)
    let changes = reference.dynamics(inputs)
    let rewards = reference.reward(inputs)
    for row in 0..<3 {
      #expect(abs(returns[row] - rewards[row]) < 1e-3)
      let next = rollout.observation(of: Array(states[(2 * row)..<(2 * row + 2)]))
      for i in 0..<2 {
        let expected =
          observations[row][i] + changes[2 * row + i] * statistics.differenceStd[i] + statistics.differenceMean[i]
        #expect(abs(next[i] - expected) < 1e-3)
      }
    }
  }
}
