// The dual guide: bends plans towards reward and towards obeying the dynamics, and judges them by the same two measures.

import CKernels

/// Return and discrepancy of plans under the learned models, and their gradients.
///
/// For a clean plan x0 of states s and actions a (normalised units): J = Σ_t R(s_t, a_t, z) − λ Σ_t mean_i e²_{t,i} with the
/// discrepancy e_t = s_t + Δ(s_t, a_t, z) − s_{t+1}, and x0 ← x0 + α ∇J. Both models are asked about clean estimates because
/// that is what they were trained on (the dual guide of MetaDiffuser, applied to x0 instead of x_k).
package struct DualGuide {
  private let observationSize: Int
  private let rowSize: Int
  private let horizon: Int
  private let dynamics: WorldModel
  private let reward: WorldModel
  /// From the dynamics model's output to normalised state: s' = s + gain · d + drift.
  private let gain: UnsafeMutablePointer<Float>  // [observationSize]
  private let drift: UnsafeMutablePointer<Float>  // [observationSize]
  private let errors: UnsafeMutablePointer<Float>  // [batch · horizon][observationSize]
  private let rewardMean: Float, rewardStd: Float

  /// Sum of predicted rewards, physical units, `[batch]`.
  package let returns: UnsafeMutablePointer<Float>
  /// Sum of predicted rewards, normalised units, `[batch]`.
  package let normalisedReturns: UnsafeMutablePointer<Float>
  /// Σ_t mean_i e², normalised units, `[batch]`.
  package let discrepancies: UnsafeMutablePointer<Float>

  package init(_ arena: inout Arena, weights: PlannerWeights, batch: Int) {
    let shape = weights.shape
    let rows = batch * shape.horizon
    observationSize = shape.observationSize
    rowSize = shape.rowSize
    horizon = shape.horizon
    dynamics = WorldModel(&arena, shape: shape, outputs: shape.observationSize, rows: rows)
    reward = WorldModel(&arena, shape: shape, outputs: 1, rows: rows)
    gain = arena.carve(Float.self, shape.observationSize)
    drift = arena.carve(Float.self, shape.observationSize)
    errors = arena.carve(Float.self, rows * shape.observationSize)
    returns = arena.carve(Float.self, batch)
    normalisedReturns = arena.carve(Float.self, batch)
    discrepancies = arena.carve(Float.self, batch)
    rewardMean = weights.statistics.rewardMean
    rewardStd = weights.statistics.rewardStd
  }

  package func load(_ weights: PlannerWeights) {
    dynamics.load(weights, "dynamics")
    reward.load(weights, "reward")
    let statistics = weights.statistics
    for index in 0..<observationSize {
      gain[index] = statistics.differenceStd[index] / statistics.observationStd[index]
      drift[index] = statistics.differenceMean[index] / statistics.observationStd[index]
    }
  }

  @_noAllocation @_noLocks
  package func setContext(_ kernels: Kernels, _ context: UnsafePointer<Float>) {
    dynamics.setContext(kernels, context)
    reward.setContext(kernels, context)
  }

  /// Fills `returns`, `normalisedReturns` and `discrepancies` for the `batch` plans from `first` on. Threads may work on
  /// disjoint plans at once.
  @_noAllocation @_noLocks
  package func evaluate(_ kernels: Kernels, _ plans: Feature, from first: Int = 0, batch: Int) {
    let rows = plans.dropping(first).rows()
    dynamics.forward(kernels, rows, from: first * horizon, batch: batch, times: horizon)
    reward.forward(kernels, rows, from: first * horizon, batch: batch, times: horizon)
    for plan in first..<(first + batch) {
      var discrepancy: Float = 0
      var sum: Float = 0
      for time in 0..<horizon {
        let row = plan * horizon + time
        sum += reward.prediction[row]
        // The last row's successor is beyond the plan.
        guard time < horizon - 1 else { break }
        let state = plans.row(plan, time)
        let next = plans.row(plan, time + 1)
        let change = dynamics.prediction + row * observationSize
        let error = errors + row * observationSize
        var square: Float = 0
        for index in 0..<observationSize {
          let value = state[index] + gain[index] * change[index] + drift[index] - next[index]
          error[index] = value
          square += value * value
        }
        discrepancy += square / Float(observationSize)
      }
      normalisedReturns[plan] = sum
      returns[plan] = sum * rewardStd + rewardMean * Float(horizon)
      discrepancies[plan] = discrepancy
    }
  }

  /// One round of guidance on the `batch` plans from `first` on: x0 ← x0 + α ∇ [rewardWeight · Σ R − λ Σ ‖e‖²].
  ///
  /// The first state is the observed one and stays. Leaves the measures of the plans as they were before the round.
  @_noAllocation @_noLocks
  package func ascend(
    _ kernels: Kernels, _ plans: Feature, from first: Int = 0, batch: Int, strength: Float, rewardWeight: Float,
    discrepancyWeight: Float
  ) {
    evaluate(kernels, plans, from: first, batch: batch)
    let firstRow = first * horizon
    let rows = batch * horizon
    for row in firstRow..<(firstRow + rows) { reward.predictionGradient[row] = rewardWeight }
    reward.backward(kernels, from: firstRow, rows: rows)
    let factor = -2 * discrepancyWeight / Float(observationSize)
    if discrepancyWeight > 0 {
      for plan in first..<(first + batch) {
        for time in 0..<horizon {
          let row = plan * horizon + time
          let error = errors + row * observationSize
          let gradient = dynamics.predictionGradient + row * observationSize
          let last = time == horizon - 1
          for index in 0..<observationSize {
            gradient[index] = last ? 0 : factor * error[index] * gain[index]
          }
        }
      }
      dynamics.backward(kernels, from: firstRow, rows: rows)
    }
    for plan in first..<(first + batch) {
      for time in 0..<horizon {
        let row = plan * horizon + time
        let x = plans.row(plan, time)
        let fromReward = reward.inputGradient + row * rowSize
        let fromDynamics = dynamics.inputGradient + row * rowSize
        let free = time == 0 ? observationSize : 0
        for index in free..<rowSize {
          x[index] += strength * (fromReward[index] + (discrepancyWeight > 0 ? fromDynamics[index] : 0))
        }
        guard discrepancyWeight > 0, time > 0 else { continue }
        // e_t also holds s_t directly, and e_{t−1} holds it as the successor.
        let own = errors + row * observationSize
        let before = errors + (row - 1) * observationSize
        for index in 0..<observationSize {
          let ownError = time < horizon - 1 ? own[index] : 0
          x[index] += strength * factor * (ownError - before[index])
        }
      }
    }
  }
}
