// The settings of an expert's training, with the values that are known to work.

import Learning

/// Settings of `ExpertTrainer`. The same settings give the same expert, bit for bit, on any number of threads.
public struct ExpertOptions: Codable, Equatable, Sendable {
  public var seed: UInt64 = 1
  /// Updates of the networks in all; the learning rate falls to a tenth over the last third.
  public var updates = 120_000
  public var learningRate: Float = 3e-4
  public var batchSize = 256
  public var hiddenSize = 256
  public var discount: Float = 0.99
  /// Step of the target networks towards the critics.
  public var smoothing: Float = 0.005
  public var initialTemperature: Float = 0.2
  /// Share of a batch that is priced by the rewards of other tasks than the one it was lived through under, where the
  /// task's parameters change the reward and not the robot.
  public var relabelledShare: Float = 0.5
  /// Random steps before the first update; the normalisation is measured on them.
  public var warmUpSteps = 10_000
  public var stepsPerUpdate = 2
  /// Robots that are simulated side by side, each under a task of its own.
  public var robots = 10
  public var replayCapacity = 1_000_000
  /// Updates between two evaluations (and snapshots of the policy).
  public var evaluationInterval = 5_000

  public init() {}

  func check() throws(LearningError) {
    func require(_ holds: Bool, _ name: String, _ problem: String) throws(LearningError) {
      if !holds { throw .setting(name: name, problem: problem) }
    }
    try require(updates > 0, "updates", "\(updates) is not positive")
    try require(batchSize > 0 && batchSize % SoftActorCritic.shards == 0, "batch size", "\(batchSize) must be even")
    try require(warmUpSteps >= batchSize, "warm-up steps", "\(warmUpSteps) must be at least one batch")
    try require(
      robots % stepsPerUpdate == 0, "robots", "\(robots) must be a multiple of the \(stepsPerUpdate) steps an update")
    try require((0...1).contains(relabelledShare), "relabelled share", "\(relabelledShare) is not in 0 ... 1")
  }
}
