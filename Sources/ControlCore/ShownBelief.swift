// What is shown of a belief while the loop runs.

import PlannerRuntime

/// What the loop believes it drives, without what only a report needs. Real-time: yes, a value.
public struct ShownBelief: Equatable, Sendable {
  /// Of the model's bank; `ControlLoop.taskParameters` says what task that is.
  public var hypothesis: Int
  /// Probability of it and of those like it, 0…1.
  public var confidence: Float
  /// Nothing that the model knows explains the robot.
  public var isUnexplained: Bool

  /// What is shown of `belief`. Real-time: yes.
  @_noAllocation @_noLocks
  public init(_ belief: Belief) {
    (hypothesis, confidence, isUnexplained) = (belief.hypothesis, belief.confidence, belief.isUnexplained)
  }

  @_noAllocation @_noLocks
  package init(hypothesis: Int, confidence: Float, isUnexplained: Bool) {
    self.hypothesis = hypothesis
    self.confidence = confidence
    self.isUnexplained = isUnexplained
  }
}
