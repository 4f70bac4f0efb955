// The dual guide: bends plans towards reward and towards obeying the dynamics, and judges them by the same two
// measures.

import CKernels

/// Return and discrepancy of plans under the learned models, and their gradients.
///
/// For a clean plan x0 of states s and actions a (normalised units): J = Σ_t R(s_t, a_t, z) + w V(s_{H−1}, z) − λ Σ_t
/// mean_i e²_{t,i} with the discrepancy e_t = s_t + Δ(s_t, a_t, z) − s_{t+1}, and x0 ← x0 + α ∇J. The models are asked
/// about clean estimates because that is what they were trained on (the dual guide of MetaDiffuser, applied to x0
/// instead of x_k). V, for models that have one, stands for the rewards beyond the plan's end.
package struct DualGuide {
  private let observationSize: Int
  private let rowSize: Int
  private let horizon: Int
  let dynamics: MultilayerPerceptron
  let reward: MultilayerPerceptron
  private let value: MultilayerPerceptron?
  /// From the dynamics model's output to normalised state: s' = s + gain · d + drift.
  private let gain: UnsafeMutablePointer<Float>  // [observationSize]
  private let drift: UnsafeMutablePointer<Float>  // [observationSize]
  private let rewardMean: Float, rewardStd: Float
  private let workspace: Workspace

  /// Sum of predicted rewards, physical units, `[batch]`.
  package let returns: UnsafeMutablePointer<Float>
  /// Sum of predicted rewards and weighted value of the last state, normalised units, `[batch]`.
  package let normalisedReturns: UnsafeMutablePointer<Float>
  /// Σ_t mean_i e², normalised units, `[batch]`.
  package let discrepancies: UnsafeMutablePointer<Float>

  /// Rows are those of plans, one after the other; the dynamics model's leave out each plan's last, whose successor is
  /// beyond it.
  private struct Workspace {
    let layers: PerceptronWorkspace
    let changes: UnsafeMutablePointer<Float>  // [rows][observationSize]: predictions, then gradients
    let errors: UnsafeMutablePointer<Float>  // [rows][observationSize]
    let rewards: UnsafeMutablePointer<Float>  // [rows], then [plans]: values
    let fromReward: UnsafeMutablePointer<Float>  // [rows][rowSize]: gradients
    let fromDynamics: UnsafeMutablePointer<Float>  // [rows][rowSize]: gradients
    let fromValue: UnsafeMutablePointer<Float>  // [plans][observationSize]: gradients
  }

  /// For `batch` plans, at most `together` of them worked on at once, all threads counted.
  package init(_ arena: inout Arena, weights: PlannerWeights, batch: Int, together: Int) {
    let shape = weights.shape
    let rows = together * shape.horizon
    observationSize = shape.observationSize
    rowSize = shape.rowSize
    horizon = shape.horizon
    dynamics = MultilayerPerceptron(&arena, shape: shape, inputs: shape.rowSize, outputs: shape.observationSize)
    reward = MultilayerPerceptron(&arena, shape: shape, inputs: shape.rowSize, outputs: 1)
    value =
      shape.hasValue ? MultilayerPerceptron(&arena, shape: shape, inputs: shape.observationSize, outputs: 1) : nil
    gain = arena.carve(Float.self, shape.observationSize)
    drift = arena.carve(Float.self, shape.observationSize)
    workspace = Workspace(
      layers: PerceptronWorkspace(&arena, rows: rows),
      changes: arena.carve(Float.self, rows * shape.observationSize),
      errors: arena.carve(Float.self, rows * shape.observationSize), rewards: arena.carve(Float.self, rows),
      fromReward: arena.carve(Float.self, rows * shape.rowSize),
      fromDynamics: arena.carve(Float.self, rows * shape.rowSize),
      fromValue: arena.carve(Float.self, shape.hasValue ? together * shape.observationSize : 0))
    returns = arena.carve(Float.self, batch)
    normalisedReturns = arena.carve(Float.self, batch)
    discrepancies = arena.carve(Float.self, batch)
    rewardMean = weights.statistics.rewardMean
    rewardStd = weights.statistics.rewardStd
  }

  package func load(_ weights: PlannerWeights) {
    dynamics.load(weights, LayerName.dynamics)
    reward.load(weights, LayerName.reward)
    value?.load(weights, LayerName.value)
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
    value?.setContext(kernels, context)
  }

  /// The workspace from its plan `slot` on.
  @_noAllocation @_noLocks
  private func workspace(_ slot: Int) -> Workspace {
    let rows = slot * horizon
    return Workspace(
      layers: workspace.layers.dropping(rows), changes: workspace.changes + rows * observationSize,
      errors: workspace.errors + rows * observationSize, rewards: workspace.rewards + rows,
      fromReward: workspace.fromReward + rows * rowSize, fromDynamics: workspace.fromDynamics + rows * rowSize,
      fromValue: workspace.fromValue + slot * observationSize)
  }

  /// Fills `returns`, `normalisedReturns` and `discrepancies` for the `batch` plans from `first` on, with as many plans
  /// of the workspace from `slot` on. Threads may work on disjoint ones at once.
  @_noAllocation @_noLocks
  package func evaluate(
    _ kernels: Kernels, _ plans: Feature, from first: Int = 0, slot: Int = 0, batch: Int, valueWeight: Float = 1
  ) {
    let work = workspace(slot)
    findErrors(kernels, plans.dropping(first), work, batch: batch)
    reward.forward(kernels, plans.dropping(first).rows(), work.layers, batch: batch, times: horizon)
    reward.predict(kernels, work.layers, work.rewards, rows: batch * horizon)
    for plan in 0..<batch {
      var sum: Float = 0
      for time in 0..<horizon { sum += work.rewards[plan * horizon + time] }
      var discrepancy: Float = 0
      for row in (plan * (horizon - 1))..<((plan + 1) * (horizon - 1)) {
        var square: Float = 0
        for index in 0..<observationSize {
          let error = work.errors[row * observationSize + index]
          square += error * error
        }
        discrepancy += square / Float(observationSize)
      }
      normalisedReturns[first + plan] = sum
      returns[first + plan] = sum * rewardStd + rewardMean * Float(horizon)
      discrepancies[first + plan] = discrepancy
    }
    guard let value, valueWeight > 0 else { return }
    value.forward(kernels, plans.dropping(first).rows(from: horizon - 1), work.layers, batch: batch, times: 1)
    value.predict(kernels, work.layers, work.rewards, rows: batch)
    for plan in 0..<batch { normalisedReturns[first + plan] += valueWeight * work.rewards[plan] }
  }

  /// `errors` of the first `batch` of `plans`.
  @_noAllocation @_noLocks
  private func findErrors(_ kernels: Kernels, _ plans: Feature, _ work: Workspace, batch: Int) {
    let pairs = horizon - 1
    dynamics.forward(kernels, plans.rows(), work.layers, batch: batch, times: pairs)
    dynamics.predict(kernels, work.layers, work.changes, rows: batch * pairs)
    for plan in 0..<batch {
      for time in 0..<pairs {
        let state = plans.row(plan, time)
        let next = plans.row(plan, time + 1)
        let change = work.changes + (plan * pairs + time) * observationSize
        let error = work.errors + (plan * pairs + time) * observationSize
        for index in 0..<observationSize {
          error[index] = state[index] + gain[index] * change[index] + drift[index] - next[index]
        }
      }
    }
  }

  /// Squared errors of what both models predict of one normalised transition, [state, action, reward, change of state];
  /// that of the dynamics is the channels' mean. Uses the workspace's first rows: not while plans are judged.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  func predictionErrors(
    _ kernels: Kernels, _ transition: UnsafeMutablePointer<Float>
  ) -> (dynamics: Float, reward: Float) {
    let row = ck_rows(base: transition, time_stride: rowSize, batch_stride: rowSize)
    dynamics.forward(kernels, row, workspace.layers, batch: 1, times: 1)
    dynamics.predict(kernels, workspace.layers, workspace.changes, rows: 1)
    reward.forward(kernels, row, workspace.layers, batch: 1, times: 1)
    reward.predict(kernels, workspace.layers, workspace.rewards, rows: 1)
    let rewardError = workspace.rewards[0] - transition[rowSize]
    var square: Float = 0
    for index in 0..<observationSize {
      let error = workspace.changes[index] - transition[rowSize + 1 + index]
      square += error * error
    }
    return (square / Float(observationSize), rewardError * rewardError)
  }

  /// Longest step down the discrepancy's gradient, as a share of an error. Each state stands in two errors with
  /// opposite signs; along a plan that is a second difference, whose curvature is up to 4, and descent is stable below
  /// 2 / 4 of it. What the model's own derivative adds is left room for.
  private static let longestDescent: Float = 0.35

  /// One round of guidance on the `batch` plans from `first` on: x0 ← x0 + α ∇ [rewardWeight · (Σ R + w V) − λ Σ ‖e‖²].
  ///
  /// The first state is the observed one and stays. Workspace and threads as for `evaluate`.
  @_noAllocation @_noLocks
  package func ascend(
    _ kernels: Kernels, _ plans: Feature, from first: Int = 0, slot: Int = 0, batch: Int, strength: Float,
    rewardWeight: Float, discrepancyWeight: Float, valueWeight: Float = 1
  ) {
    let plans = plans.dropping(first)
    let work = workspace(slot)
    let pairs = horizon - 1
    let usesDynamics = discrepancyWeight > 0
    // Shortened where the step on the discrepancy would overshoot: a strong guide must not break the dynamics that it
    // is to keep.
    let factor = -min(2 * discrepancyWeight / Float(observationSize), Self.longestDescent / strength)
    if usesDynamics {
      findErrors(kernels, plans, work, batch: batch)
      for row in 0..<(batch * pairs) {
        let error = work.errors + row * observationSize
        let gradient = work.changes + row * observationSize
        for index in 0..<observationSize { gradient[index] = factor * error[index] * gain[index] }
      }
      dynamics.backward(kernels, work.layers, work.changes, work.fromDynamics, rows: batch * pairs)
    }
    reward.forward(kernels, plans.rows(), work.layers, batch: batch, times: horizon)
    reward.backward(kernels, work.layers, nil, work.fromReward, rows: batch * horizon)
    if let value, valueWeight > 0 {
      value.forward(kernels, plans.rows(from: horizon - 1), work.layers, batch: batch, times: 1)
      value.backward(kernels, work.layers, nil, work.fromValue, rows: batch)
      for plan in 0..<batch {
        let ofLastState = work.fromReward + ((plan + 1) * horizon - 1) * rowSize
        for index in 0..<observationSize {
          ofLastState[index] += valueWeight * work.fromValue[plan * observationSize + index]
        }
      }
    }
    for plan in 0..<batch {
      for time in 0..<horizon {
        let x = plans.row(plan, time)
        let free = time == 0 ? observationSize : 0
        let fromReward = work.fromReward + (plan * horizon + time) * rowSize
        let pair = plan * pairs + time
        let fromDynamics = usesDynamics && time < pairs ? work.fromDynamics + pair * rowSize : nil
        for index in free..<rowSize {
          x[index] += strength * (rewardWeight * fromReward[index] + (fromDynamics?[index] ?? 0))
        }
        guard usesDynamics, time > 0 else { continue }
        // e_t also holds s_t directly, and e_{t−1} holds it as the successor.
        let own = work.errors + pair * observationSize
        let before = own - observationSize
        for index in 0..<observationSize {
          x[index] += strength * factor * ((time < pairs ? own[index] : 0) - before[index])
        }
      }
    }
  }
}
