// The planner's context: transitions in, z out; inferred once by the encoder, or a belief that is held against every
// step.

import CKernels

extension Planner {
  /// Forgets all transitions. Without a belief plans are unconditioned and unguided from the next one on; with one, all
  /// hypotheses are equal again, and one of them is acted on. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func clearContext() {
    parts.encoder.clear()
    transitionCount = 0
    inferredCount = 0
    hasContext = false
    isPending = false
    for index in 0..<actionSize { parts.nudge[index] = 0 }
    guard let belief = parts.belief else { return }
    belief.clear(kernels, seed: seed)
    useContext(belief.context)
  }

  /// Shows one transition, physical units. O(1); takes effect with `updateContext`.
  ///
  /// Returns false, and ignores the transition, when any of it is not finite or absurdly far from the training data, or
  /// the model is an oracle's. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func addTransition(
    observation: UnsafePointer<Float>, action: UnsafePointer<Float>, reward: Float, next: UnsafePointer<Float>
  ) -> Bool {
    let parts = parts
    guard parts.encoder.takesTransitions else { return false }
    weighPending()
    // [state, action, reward, change of state]
    let row = parts.transition
    let afterAction = observationSize + actionSize
    for index in 0..<observationSize {
      row[index] = parts.rowScale.normalised(observation[index], index)
      row[afterAction + 1 + index] = parts.differenceScale.normalised(next[index] - observation[index], index)
    }
    for index in 0..<actionSize {
      row[observationSize + index] = parts.rowScale.normalised(action[index], observationSize + index)
    }
    row[afterAction] = (reward - parts.rewardMean) / parts.rewardStd
    guard allPlausible(row, 2 * observationSize + actionSize + 1) else { return false }
    isPending = true
    transitionCount += 1
    return true
  }

  /// Takes in the transition shown last: the costly part of it, left for the slack after an answer.
  @_noAllocation @_noLocks
  private mutating func weighPending() {
    guard isPending else { return }
    isPending = false
    let parts = parts
    var hasChanged = false
    if let belief = parts.belief {
      if parts.encoder.count > 0 {
        parts.encoder.infer(kernels)
        belief.setEstimate(kernels, parts.encoder.context)
      }
      hasChanged = belief.observe(kernels, parts.transition)
    }
    parts.encoder.add(kernels, parts.transition)
    guard hasChanged else { return }
    // What the encoder was shown before is of another task, and so was the last plan.
    parts.encoder.keep(kernels, newest: min(BeliefJudgement.settling, parts.encoder.count))
    if startsWarm { isPrepared = false }
    hasPlan = false
  }

  /// Infers the context from the transitions shown; without any it stays as it is. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func updateContext() {
    guard transitionCount > 0 else { return }
    weighPending()
    inferredCount = transitionCount
    if let belief = parts.belief {
      useContext(belief.context)
      explore()
    } else {
      parts.encoder.infer(kernels)
      useContext(parts.encoder.context)
    }
  }

  /// False for an oracle's model, whose context comes from `setContext(parameters:)` alone. Real-time: yes.
  public var infersContext: Bool { @_noAllocation @_noLocks get { parts.encoder.takesTransitions } }

  /// Tells an oracle's planner the task's true parameters, `[parameterCount]` of its shape, physical units and finite.
  /// Other models are not told: precondition `!infersContext`. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func setContext(parameters: UnsafePointer<Float>) {
    precondition(!infersContext)
    parts.encoder.infer(kernels, parameters: parameters)
    useContext(parts.encoder.context)
  }

  @_noAllocation @_noLocks
  private mutating func useContext(_ context: UnsafePointer<Float>) {
    ck_copy(parts.context, context, parts.contextSize)
    parts.denoiser.setContext(context)
    parts.guide.setContext(kernels, context)
    hasContext = true
  }

  /// `updateContext` where it is due: with a belief after every transition, otherwise after every 25, for a robot's
  /// first episode, which is its warm start. To act on a guess is what proves it right or wrong. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func updateContextIfDue() {
    let interval = parts.belief == nil ? 25 : 1
    if transitionCount >= inferredCount + interval { updateContext() }
  }

  /// No hypothesis explains the robot; cheaper than the whole `belief`. Real-time: yes.
  public var isUnexplained: Bool { @_noAllocation @_noLocks get { parts.belief?.isUnexplained ?? false } }

  /// What the planner believes it faces; nil where its context is not a belief. Real-time: yes.
  public var belief: Belief? { @_noAllocation @_noLocks get { parts.belief?.summary } }

  /// Probability of a hypothesis: the bank's by number, then the one acted on, then the encoder's; for tests.
  @_noAllocation @_noLocks
  package func beliefWeight(_ slot: Int) -> Float { parts.belief?.weight(slot) ?? 0 }

  /// Entry `index` of the context z, in −1…1. Real-time: yes.
  @_noAllocation @_noLocks
  public func context(_ index: Int) -> Float { parts.context[index] }
}
