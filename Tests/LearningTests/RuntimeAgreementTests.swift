// The runtime against the trainer's own forward pass, on the weights of one model file.

import CKernels
import Foundation
import Learning
import PlannerModel
import PlannerRuntime
import Testing

/// A model file of random weights, read by both sides.
private struct Pair {
  let model: LoadedModel
  let reference: ReferenceModel

  init(_ shape: PlannerShape, statistics change: (inout PlannerStatistics) -> Void = { _ in }) throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("agreement-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var weights = PlannerWeights.random(shape, seed: 21)
    change(&weights.statistics)
    let description = ModelDescription(
      family: "test", shape: shape, periodNanoseconds: 10_000_000, actionLimit: weights.actionLimit)
    try LoadedModel.write(description, statistics: weights.statistics, to: path) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
    model = try LoadedModel(path: path)
    reference = try ReferenceModel(file: SafetensorsFile(path: path))
  }
}

private func normals(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomSource(seed: seed)
  return (0..<count).map { _ in random.normal() }
}

@Suite struct RuntimeAgreementTests {
  static let shapes = [
    PlannerShape(
      observationSize: 5, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10),
    PlannerShape(
      observationSize: 17, actionSize: 6, contextSize: 16, horizon: 16, channels: [32, 64, 128], denoisingSteps: 20),
    // One level: no way down, no way up. And Diffuser's own four.
    PlannerShape(observationSize: 3, actionSize: 1, contextSize: 2, horizon: 3, channels: [24], denoisingSteps: 6),
    PlannerShape(
      observationSize: 17, actionSize: 6, contextSize: 16, horizon: 32, channels: [32, 64, 128, 256],
      denoisingSteps: 20),
  ]

  @Test(arguments: shapes, Planner.kernelNames)
  func `denoisers of trainer and runtime agree`(_ shape: PlannerShape, kernel: String) throws {
    let kernels = try #require(ck_kernels_select(kernel))
    let pair = try Pair(shape)
    let batch = 3
    var arena = Arena()
    _ = PlannerRuntime.Denoiser(&arena, shape: shape, batch: batch, together: batch)
    var memory = Arena(capacity: arena.used)
    let denoiser = PlannerRuntime.Denoiser(&memory, shape: shape, batch: batch, together: batch)
    denoiser.load(pair.model.weights, kernels)
    let context = normals(shape.contextSize, seed: 1).map { max(-1, min(1, $0)) }
    denoiser.setContext(context)
    let count = shape.horizon * shape.rowSize
    var plans = normals(batch * count, seed: 2)
    // All plans begin with the same current state.
    let state = Array(plans[..<shape.observationSize])
    for plan in 1..<batch { plans.replaceSubrange((plan * count)..<(plan * count + state.count), with: state) }
    denoiser.setState(kernels, state, conditioned: true, unconditioned: true)
    for plan in 0..<batch {
      for index in 0..<count { denoiser.input.row(plan, 0)[index] = plans[plan * count + index] }
    }
    for step in [0, shape.denoisingSteps / 2, shape.denoisingSteps - 1] {
      for conditioned in [true, false] {
        denoiser.run(kernels, step: step, conditioned: conditioned, batch: batch)
        let contexts = (0..<batch).flatMap { _ in context }
        let expected = pair.reference.denoise(plans, step: step, contexts: conditioned ? contexts : nil)
        for plan in 0..<batch {
          for index in 0..<count {
            let found = denoiser.output.row(plan, 0)[index]
            #expect(abs(found - expected[plan * count + index]) < 1e-4)
          }
        }
      }
    }
  }

  @Test(arguments: [ContextKind.pool, .recurrent])
  func `encoders of trainer and runtime agree`(kind: ContextKind) throws {
    var shape = Self.shapes[1]
    shape.contextKind = kind
    let pair = try Pair(shape)
    var planner = try Planner(weights: pair.model.weights, options: PlannerOptions())
    let statistics = pair.model.weights.statistics
    var rows: [Float] = []
    for index in 0..<40 {
      let state = normals(shape.observationSize, seed: UInt64(1000 + index))
      let action = normals(shape.actionSize, seed: UInt64(2000 + index))
      let next = normals(shape.observationSize, seed: UInt64(3000 + index))
      let reward = Float(index) / 20 - 1
      let isAdded = planner.addTransition(observation: state, action: action, reward: reward, next: next)
      #expect(isAdded)
      rows += zip(state, zip(statistics.observationMean, statistics.observationStd)).map { ($0 - $1.0) / $1.1 }
      rows += zip(action, zip(statistics.actionMean, statistics.actionStd)).map { ($0 - $1.0) / $1.1 }
      rows.append((reward - statistics.rewardMean) / statistics.rewardStd)
      for channel in 0..<shape.observationSize {
        rows.append(
          (next[channel] - state[channel] - statistics.differenceMean[channel]) / statistics.differenceStd[channel])
      }
    }
    planner.updateContext()
    let expected = pair.reference.encode(rows)
    for index in 0..<shape.contextSize {
      let found = planner.context(index)
      #expect(abs(found - expected[index]) < 1e-5)
    }
  }

  @Test func `oracles of trainer and runtime agree`() throws {
    var shape = Self.shapes[1]
    shape.contextKind = .oracle
    shape.parameterCount = 3
    let pair = try Pair(shape) {
      $0.parameterMean = [1, -2, 0.5]
      $0.parameterStd = [0.5, 2, 1]
    }
    var planner = try Planner(weights: pair.model.weights, options: PlannerOptions())
    let infers = planner.infersContext
    planner.setContext(parameters: [1.25, -3, 0.5])
    let expected = pair.reference.encode([0.5, -0.5, 0])
    for index in 0..<shape.contextSize {
      let found = planner.context(index)
      #expect(abs(found - expected[index]) < 1e-5)
    }
    // What the robot does says nothing to it.
    let state = [Float](repeating: 0.1, count: 17)
    let isAdded = planner.addTransition(observation: state, action: [0, 0, 0, 0, 0, 0], reward: 1, next: state)
    planner.updateContext()
    let (found, hasContext) = (planner.context(0), planner.hasContext)
    #expect(!infers && !isAdded && hasContext && abs(found - expected[0]) < 1e-5)
  }

  /// Return, value and discrepancy of plans, from the trainer's own networks and the definition.
  @Test(arguments: [Float(0), 2]) func `world models of trainer and runtime agree`(valueWeight: Float) throws {
    var shape = Self.shapes[1]
    shape.hasValue = valueWeight > 0
    let pair = try Pair(shape)
    let kernels = ck_kernels_select(nil)!
    let batch = 2
    var arena = Arena(capacity: 32 << 20)
    let guide = DualGuide(&arena, weights: pair.model.weights, batch: batch, together: batch)
    guide.load(pair.model.weights)
    let plans = Feature(&arena, batch: batch, times: shape.horizon, channels: shape.rowSize)
    let context = normals(shape.contextSize, seed: 4).map { max(-1, min(1, $0)) }
    guide.setContext(kernels, context)
    let statistics = pair.model.weights.statistics
    for plan in 0..<batch {
      let values = normals(shape.horizon * shape.rowSize, seed: UInt64(plan + 7))
      for (index, value) in values.enumerated() { plans.row(plan, 0)[index] = value }
      guide.evaluate(kernels, plans, batch: batch, valueWeight: valueWeight)
      let rows = stride(from: 0, to: values.count, by: shape.rowSize).map { Array(values[$0..<$0 + shape.rowSize]) }
      let inputs = rows.flatMap { $0 + context }
      let changes = pair.reference.dynamics(inputs)
      let rewards = pair.reference.reward(inputs)
      var discrepancy: Float = 0
      for time in 0..<(shape.horizon - 1) {
        for channel in 0..<shape.observationSize {
          let change = changes[time * shape.observationSize + channel]
          let physical = change * statistics.differenceStd[channel] + statistics.differenceMean[channel]
          let error = rows[time][channel] + physical / statistics.observationStd[channel] - rows[time + 1][channel]
          discrepancy += error * error / Float(shape.observationSize)
        }
      }
      let beyond =
        shape.hasValue ? pair.reference.value(Array(rows[rows.count - 1][..<shape.observationSize]) + context)[0] : 0
      #expect(abs(guide.normalisedReturns[plan] - (rewards.reduce(0, +) + valueWeight * beyond)) < 1e-3)
      #expect(abs(guide.discrepancies[plan] - discrepancy) < 1e-3 * discrepancy)
    }
  }
}
