// The learned baselines that the planner is held against, and the settings of their training.

/// A policy that is learned from the same data as the planner's model and acts without planning.
public enum BaselineMethod: String, CaseIterable, Codable, Sendable {
  /// Behaviour cloning: imitates the best episodes of each task, told the model's own context.
  case cloning = "bc"
  /// FOCAL's recipe: a context encoder trained by distances between tasks, then an offline actor-critic on all data.
  case focal
}

/// Settings of `BaselineTraining`. What contexts are made of is not here: it is the model's. Real-time: no.
public struct BaselineOptions: Codable, Equatable, Sendable {
  /// Seed of everything random.
  public var seed: UInt64 = 1
  /// Width of both hidden layers of every policy and critic.
  public var hiddenSize = 256
  /// Transitions per step; even.
  public var batch = 256
  public var learningRate: Float = 3e-4
  /// Contexts a task that transitions are labelled with.
  public var contextsPerTask = 128

  /// Optimiser steps of behaviour cloning.
  public var cloningSteps = 60_000
  /// Share of each task's episodes, best returns first, that are cloned.
  public var bestEpisodes = 0.6

  /// Optimiser steps of FOCAL's encoder.
  public var encoderSteps = 4_000
  /// Tasks a step of the encoder, two contexts each; even.
  public var tasksPerStep = 16
  /// Optimiser steps of FOCAL's critics; the policy makes one in two.
  public var actorCriticSteps = 40_000
  public var discount: Float = 0.99
  /// Step of the target networks towards the trained ones.
  public var smoothing: Float = 0.005
  /// α of TD3+BC: how much the critic's opinion weighs against imitation.
  public var criticWeight: Float = 2.5
  /// Standard deviation and limit of the noise on the target policy's actions, as shares of the action limit.
  public var targetNoise: Float = 0.2
  public var targetNoiseLimit: Float = 0.5

  public init() {}

  /// Throws unless every setting is one that training can work with.
  public func check() throws(LearningError) {
    func require(_ good: Bool, _ name: String, _ value: Any, _ expected: String) throws(LearningError) {
      if !good { throw .setting(name: "baseline.\(name)", problem: "is \(value), expected \(expected)") }
    }
    try require((1...4096).contains(hiddenSize), "hiddenSize", hiddenSize, "1...4096")
    try require((2...65_536).contains(batch) && batch % 2 == 0, "batch", batch, "even, 2...65536")
    try require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0 and below 1")
    try require((1...100_000).contains(contextsPerTask), "contextsPerTask", contextsPerTask, "1...100000")
    for (name, steps) in [
      ("cloningSteps", cloningSteps), ("encoderSteps", encoderSteps), ("actorCriticSteps", actorCriticSteps),
    ] {
      try require((1...100_000_000).contains(steps), name, steps, "1...100000000")
    }
    try require(
      (2...4096).contains(tasksPerStep) && tasksPerStep % 2 == 0, "tasksPerStep", tasksPerStep, "even, 2...4096")
    try require(bestEpisodes > 0 && bestEpisodes <= 1, "bestEpisodes", bestEpisodes, "above 0, at most 1")
    try require(discount >= 0 && discount < 1, "discount", discount, "at least 0, below 1")
    try require(smoothing > 0 && smoothing <= 1, "smoothing", smoothing, "above 0, at most 1")
    try require((0...1000).contains(criticWeight), "criticWeight", criticWeight, "0...1000")
    try require((0...10).contains(targetNoise), "targetNoise", targetNoise, "0...10")
    try require((0...10).contains(targetNoiseLimit), "targetNoiseLimit", targetNoiseLimit, "0...10")
  }
}
