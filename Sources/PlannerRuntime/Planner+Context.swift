// The planner's context: transitions in, z out; fixed once inferred, or following the robot and noticing when it changes.

import CKernels

/// Whether a context stays as it was inferred.
public enum ContextUpdate: String, CaseIterable, Sendable {
  /// It is of all transitions shown since the last `clearContext`, and changes with `updateContext` alone.
  case fixed
  /// It is of the newest 200 transitions (of a recurrent encoder: of all, as it remembers them), and a change of task or body is noticed and adapted to.
  case online

  /// Transitions that the context is of: as many as it was trained on at most; 0: all.
  var window: Int {
    @_noAllocation @_noLocks
    get {
      switch self {
      case .fixed: 0
      case .online: 200
      }
    }
  }
}

extension Planner {
  /// Forgets all transitions: plans are unconditioned and unguided from the next one on. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func clearContext() {
    parts.encoder.clear()
    transitionCount = 0
    inferredCount = 0
    hasContext = false
    forgetErrors()
  }

  /// Shows the encoder one transition, physical units. O(1); takes effect with `updateContext`.
  ///
  /// Online, the transition is also held against what dynamics and reward model predict with the present context. Once that
  /// has grown beyond its running spread, the transitions from before are forgotten, the next plan starts from noise, and
  /// `changes` counts it. Returns false, and ignores the transition, when any of it is not finite or absurdly far from the
  /// training data, or the model is an oracle's. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func addTransition(
    observation: UnsafePointer<Float>, action: UnsafePointer<Float>, reward: Float, next: UnsafePointer<Float>
  ) -> Bool {
    let parts = parts
    guard parts.encoder.takesTransitions else { return false }
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
    parts.encoder.add(kernels, row)
    transitionCount += 1
    if options.contextUpdate.window > 0, hasContext { watch(row) }
    return true
  }

  /// Infers the context from the transitions shown; without any it stays cleared. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func updateContext() {
    guard transitionCount > 0 else { return }
    inferredCount = transitionCount
    parts.encoder.infer(kernels)
    useContext()
  }

  /// False for an oracle's model, whose context comes from `setContext(parameters:)` alone.
  public var infersContext: Bool { @_noAllocation @_noLocks get { parts.encoder.takesTransitions } }

  /// Tells an oracle's planner the task's true parameters, `[parameterCount]` of its shape, physical units and finite. Other
  /// models are not told: precondition `!infersContext`. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func setContext(parameters: UnsafePointer<Float>) {
    precondition(!infersContext)
    parts.encoder.infer(kernels, parameters: parameters)
    useContext()
  }

  @_noAllocation @_noLocks
  private mutating func useContext() {
    parts.denoiser.setContext(parts.encoder.context)
    parts.guide.setContext(kernels, parts.encoder.context)
    hasContext = true
  }

  /// `updateContext`, every 25 transitions: for a robot's first episode, which is its warm start. To act on a guess is what proves
  /// it right or wrong; one behaviour held for the whole episode may suit two tasks alike, such as a target speed above and
  /// one below. Online, once there is a context, every transition. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func updateContextIfDue() {
    let interval = hasContext && options.contextUpdate.window > 0 ? 1 : 25
    if transitionCount >= inferredCount + interval { updateContext() }
  }

  /// Entry `index` of the context z, in −1…1.
  @_noAllocation @_noLocks
  public func context(_ index: Int) -> Float { parts.encoder.context[index] }

  /// Looks for a change in what the models predict of a normalised transition, and forgets what was before it.
  @_noAllocation @_noLocks
  private mutating func watch(_ row: UnsafeMutablePointer<Float>) {
    let errors = parts.guide.predictionErrors(kernels, row)
    let dynamicsChanged = dynamicsErrors.observe(errors.dynamics)
    let rewardChanged = rewardErrors.observe(errors.reward)
    guard dynamicsChanged || rewardChanged else { return }
    let fromDynamics = dynamicsChanged ? dynamicsErrors.suspects : 0
    let fromReward = rewardChanged ? rewardErrors.suspects : 0
    // What one of them crept up to over a long time would bring the old task back, and take long to add up.
    let suspects = min(max(fromDynamics, fromReward), ChangeDetector.settling)
    parts.encoder.keep(kernels, newest: min(suspects, parts.encoder.count))
    forgetErrors()
    changes += 1
    if startsWarm { isPrepared = false }
    hasPlan = false
  }

  @_noAllocation @_noLocks
  private mutating func forgetErrors() {
    dynamicsErrors = ChangeDetector()
    rewardErrors = ChangeDetector()
  }
}
