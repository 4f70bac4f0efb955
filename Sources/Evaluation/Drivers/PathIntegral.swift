// Sampling model-predictive control (MPPI): random changes of an action sequence, rolled out on a model, averaged by
// merit.

import Foundation
import PlannerRuntime

/// A model that many rollouts step through together. Units are its own; actions are shares of the limit.
public protocol RolloutModel: AnyObject {
  var stateSize: Int { get }
  var actionSize: Int { get }
  /// The state for an observation, physical units.
  func state(of observation: [Float]) -> [Float]
  /// Replaces the first `count` rows of `states`, `[row][stateSize]`, by their successors under `actions`,
  /// `[row][actionSize]`, and adds each step's reward to `returns`, `[row]`.
  func step(
    _ states: UnsafeMutablePointer<Float>, _ actions: UnsafePointer<Float>, _ returns: UnsafeMutablePointer<Float>,
    count: Int)
}

/// Model-predictive path integral control (Williams et al., 2017): the mean of sampled action sequences, weighted by
/// exp(return / temperature), executed for one step, shifted, and the start of the next plan. The temperature is a
/// share of the spread of the samples' returns, so that one setting serves rewards of any size.
public final class PathIntegral {
  /// What can be set.
  public struct Options: Equatable, Sendable {
    /// Action sequences rolled out an iteration, the present mean among them; 2 or more.
    public var samples: Int
    public var iterations = 2
    /// Steps of a sequence.
    public var horizon: Int
    /// Standard deviation of the noise, share of the action limit.
    public var deviation: Float = 0.4
    /// Share of the returns' standard deviation.
    public var temperature: Float = 0.3

    public init(samples: Int, horizon: Int) {
      self.samples = samples
      self.horizon = horizon
    }
  }

  public let options: Options
  /// The sequence as it stands, `[horizon][actionSize]`, shares of the limit.
  public private(set) var mean: [Float]
  private let model: any RolloutModel
  private var random = RandomSource(seed: 0)
  private var sequences: [Float]  // [horizon][sample][actionSize], as the model reads a step
  private var states: [Float]  // [sample][stateSize]
  private var returns: [Float]  // [sample]

  public init(_ model: any RolloutModel, _ options: Options) {
    precondition(options.samples >= 2 && options.iterations >= 1 && options.horizon >= 1)
    self.model = model
    self.options = options
    mean = [Float](repeating: 0, count: options.horizon * model.actionSize)
    sequences = [Float](repeating: 0, count: options.samples * mean.count)
    states = [Float](repeating: 0, count: options.samples * model.stateSize)
    returns = [Float](repeating: 0, count: options.samples)
  }

  /// Starts an episode: forgets the sequence.
  public func reset(seed: UInt64) {
    random = RandomSource(seed: seed)
    for index in mean.indices { mean[index] = 0 }
  }

  /// Improves the sequence for `observation`; its first action, `[actionSize]`, is the one to execute.
  public func plan(_ observation: [Float]) -> [Float] {
    let start = model.state(of: observation)
    for _ in 0..<options.iterations {
      sample()
      rollOut(from: start)
      average()
    }
    return Array(mean[..<model.actionSize])
  }

  /// Moves on by one step; the last action stands twice.
  public func shift() {
    let size = model.actionSize
    for index in 0..<(mean.count - size) { mean[index] = mean[index + size] }
  }

  private func sample() {
    let size = model.actionSize
    for time in 0..<options.horizon {
      for sample in 0..<options.samples {
        let place = (time * options.samples + sample) * size
        for index in 0..<size {
          // The first sample is the mean itself, so that a good sequence is not lost.
          let noise = sample == 0 ? 0 : options.deviation * random.normal()
          sequences[place + index] = min(max(mean[time * size + index] + noise, -1), 1)
        }
      }
    }
  }

  private func rollOut(from start: [Float]) {
    for sample in 0..<options.samples {
      returns[sample] = 0
      for (index, value) in start.enumerated() { states[sample * start.count + index] = value }
    }
    let step = options.samples * model.actionSize
    sequences.withUnsafeBufferPointer { sequences in
      for time in 0..<options.horizon {
        model.step(&states, sequences.baseAddress! + time * step, &returns, count: options.samples)
      }
    }
  }

  private func average() {
    let count = Float(options.samples)
    let centre = returns.reduce(0, +) / count
    let spread = (returns.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / count).squareRoot()
    // All alike, or one not a number: nothing to learn from.
    guard spread.isFinite, spread > 0, let best = returns.max() else { return }
    let weights = returns.map { exp(($0 - best) / (options.temperature * spread)) }
    let total = weights.reduce(0, +)
    let size = model.actionSize
    for time in 0..<options.horizon {
      for index in 0..<size {
        var sum: Float = 0
        for sample in 0..<options.samples {
          sum += weights[sample] * sequences[(time * options.samples + sample) * size + index]
        }
        mean[time * size + index] = sum / total
      }
    }
  }
}
