// The settings of a training run; the whole of it goes into the model file.

import PlannerRuntime

/// How the context is made and how its encoder learns.
public enum ContextTraining: String, CaseIterable, Codable, Sendable {
  case pool
  /// A pool, trained with a loss that pulls contexts of one task together and pushes those of others away.
  case contrastive
  case recurrent
  case oracle

  /// What the model is then, for the runtime.
  public var kind: ContextKind {
    switch self {
    case .pool, .contrastive: .pool
    case .recurrent: .recurrent
    case .oracle: .oracle
    }
  }
}

/// Settings of model training. The defaults suit about 2e5 transitions and take minutes. Real-time: no.
public struct TrainingConfiguration: Codable, Equatable, Sendable {
  /// Seed of everything random.
  public var seed: UInt64 = 1

  public var context = ContextTraining.pool
  /// Weight of the contrastive loss against the models' errors, and its temperature; with `contrastive` only.
  public var contrastiveWeight: Float = 0.1
  public var contrastiveTemperature: Float = 0.2
  /// Numbers in the context z.
  public var contextSize = 16
  /// Rows of a plan, H; divisible by 2^(levels − 1).
  public var horizon = 16
  /// Channels of the denoiser's levels; multiples of 8, at least 16.
  public var channels = [32, 64, 128]
  /// Noise levels, K.
  public var denoisingSteps = 20

  /// Optimiser steps of encoder, dynamics and reward model.
  public var worldModelSteps = 12_000
  /// Contexts per step, each of a task drawn at random.
  public var tasksPerStep = 16
  /// Transitions predicted with each context.
  public var queriesPerTask = 64
  /// A context is drawn from one to so many episodes of its task: what a task pays must be read from any behaviour, and
  /// from a mixture that no single behaviour explains.
  public var mostContextEpisodes = 4
  /// A context has so many transitions, or as many as its episodes have.
  public var fewestContextTransitions = 20
  public var mostContextTransitions = 200
  /// Falls to 0 along a half cosine.
  public var worldModelLearningRate: Float = 1e-3
  /// Share of each task's episodes kept out of world model training, to measure it on; none of tasks with few episodes.
  public var heldOutEpisodes = 0.05

  /// Optimiser steps of the value at the end of a plan; 0: the model has none.
  public var valueSteps = 0
  /// Transitions per step; even.
  public var valueBatch = 256
  /// Falls to 0 along a half cosine.
  public var valueLearningRate: Float = 1e-3
  /// What a reward is worth a step later.
  public var valueDiscount: Float = 0.99
  /// Above ½, a value speaks of the better outcomes in the data.
  public var valueExpectile: Float = 0.8

  /// Share of the tasks kept out of all training, for `evaluate --data`; none where that is fewer than three.
  public var heldOutTasks = 0.1

  /// Contexts a task that windows are labelled with.
  public var contextsPerTask = 256
  /// Hypotheses of the bank of contexts at most; an oracle has none.
  public var bankSize = 63

  /// Optimiser steps of the denoiser.
  public var denoiserSteps = 30_000
  /// Windows per step; even.
  public var batch = 32
  /// Falls to 0 along a half cosine.
  public var denoiserLearningRate: Float = 8e-4
  /// How often the context is dropped, for classifier-free guidance.
  public var contextDropout: Float = 0.2
  /// Weight of the first action in the loss.
  public var firstActionWeight: Float = 10
  /// Share of each task's episodes, best returns first, that windows are cut from.
  public var bestEpisodes = 0.6
  /// How much more often windows are learnt from whose outcome surpassed the value of their start, in natural
  /// logarithms a spread; 0: all alike. Takes a value.
  public var advantageWeight = 0.0
  /// Decay of the average of weights that is saved, and steps between its updates.
  public var averageDecay: Float = 0.995
  public var averageInterval = 10

  public init() {}

  /// Throws unless every setting is one that training can work with.
  public func check() throws(LearningError) {
    for setting in Self.settings where !setting.holds(for: self) {
      throw setting.refusal(of: setting.text(of: self))
    }
    func require(_ good: Bool, _ name: String, _ expected: String) throws(LearningError) {
      let setting = Self.settings.setting(name)
      if !good { throw setting.refusal(of: setting.text(of: self), expected: expected) }
    }
    try require(advantageWeight == 0 || valueSteps > 0, "advantageWeight", "0 without a value: give valueSteps")
    try require(
      fewestContextTransitions <= mostContextTransitions, "fewestContextTransitions",
      "at most mostContextTransitions, \(mostContextTransitions)")
    try require(
      mostContextEpisodes <= fewestContextTransitions, "mostContextEpisodes",
      "at most fewestContextTransitions, \(fewestContextTransitions)")
    try require(
      context != .contrastive || queriesPerTask >= 2, "queriesPerTask", "at least 2, for two contexts of each task")
  }

  /// The shape of a model for robots of these sizes; throws where the settings do not fit together.
  /// `parameterCount` numbers of each task are known; the oracle needs one at least.
  package func shape(
    observationSize: Int, actionSize: Int, parameterCount: Int = 0
  ) throws(LearningError) -> PlannerShape {
    guard context != .oracle || parameterCount > 0 else {
      throw .setting(
        name: "context",
        problem: "is oracle, which needs the parameters of every episode's task, the same number each; "
          + "these data do not have them: choose another")
    }
    let shape = PlannerShape(
      observationSize: observationSize, actionSize: actionSize, contextSize: contextSize, horizon: horizon,
      channels: channels, denoisingSteps: denoisingSteps, contextKind: context.kind,
      parameterCount: context == .oracle ? parameterCount : 0, hasValue: valueSteps > 0)
    if let defect = shape.defect {
      throw .setting(name: defect.field, problem: "is \(defect.found), expected \(defect.expected)")
    }
    return shape
  }
}
