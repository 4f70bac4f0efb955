// The hypotheses that a model brings along about what it may face, and how far its predictions are to be trusted.

import CKernels

/// Contexts of training tasks, spread well, with what is known about the models' errors. Normalised units.
/// Real-time: no (it holds arrays); a planner copies them into its arena.
///
/// Losses are those of Student's t with 3 degrees of freedom: 2 ln(1 + e² / 3), e in scales; that of the dynamics is
/// the mean over the channels.
public struct ContextBank: Equatable, Sendable {
  /// The hypotheses, `[count][contextSize]`, each entry in −1…1.
  public var contexts: [Float]
  /// Weighted loss per transition of what one hypothesis predicts where another holds, `[count][count]`, ≥ 0.
  public var distances: [Float]
  /// Scale of the models' errors under the right context: one per channel of the dynamics, and one of the reward; > 0.
  public var dynamicsScale: [Float], rewardScale: Float
  /// Factors of the losses, 0…1: what a model's error says about the task. 0: nothing, and the model is not asked.
  public var dynamicsWeight: Float, rewardWeight: Float
  /// The largest mean loss (unweighted) that is explained by one of the hypotheses; > 0.
  public var dynamicsLimit: Float, rewardLimit: Float
  /// The tasks' true parameters, `[count][parameterCount]`, for reports; empty where the data do not name them.
  public var parameters: [Float]

  /// A bank of these parts, whose sizes must agree. Real-time: no.
  public init(
    contexts: [Float], distances: [Float], dynamicsScale: [Float], rewardScale: Float, dynamicsWeight: Float,
    rewardWeight: Float, dynamicsLimit: Float, rewardLimit: Float, parameters: [Float] = []
  ) {
    self.contexts = contexts
    self.distances = distances
    self.dynamicsScale = dynamicsScale
    self.rewardScale = rewardScale
    self.dynamicsWeight = dynamicsWeight
    self.rewardWeight = rewardWeight
    self.dynamicsLimit = dynamicsLimit
    self.rewardLimit = rewardLimit
    self.parameters = parameters
  }

  /// How many hypotheses there are. Real-time: no.
  public var count: Int { Int(Double(distances.count).squareRoot().rounded()) }
  /// Numbers that name a task; 0 where the data do not. Real-time: no.
  public var parameterCount: Int { parameters.count / max(count, 1) }

  /// −log of Student's t with 3 degrees of freedom, up to a constant; `error` in scales. Real-time: yes.
  @_noAllocation @_noLocks
  public static func loss(_ error: Float) -> Float { 2 * ck_log(1 + error * error / 3) }
}
