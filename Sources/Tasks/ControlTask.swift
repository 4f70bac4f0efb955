// What a task is to the rest of the system: sizes, limits, a reset with a seed, and a step.

/// What one control step returned.
public struct StepResult: Equatable, Sendable {
  /// Reward of the step, in the family's own unit.
  public var reward: Double
  /// The robot has ended the episode (fallen, say, or its simulation has diverged). Reaching the episode length is a
  /// truncation and not reported here.
  public var terminated: Bool
  /// What the reward is made of apart from the task's parameters, `[family.outcomeSize]`; see
  /// `TaskFamily.reward(outcome:parameters:)`.
  public var outcome: [Double]

  public init(reward: Double, terminated: Bool, outcome: [Double]) {
    self.reward = reward
    self.terminated = terminated
    self.outcome = outcome
  }
}

/// One robot with one task: a simulation that is reset with a seed and stepped with actions.
///
/// Not thread-safe: one thread a task. Different tasks may run on different threads. Real-time: no.
public protocol ControlTask: AnyObject {
  /// The family the task belongs to: sizes, period, limits, episode length.
  var family: TaskFamily { get }
  /// The true task parameters (a target speed, say), `[family.parameterNames.count]`. Never shown to the planner.
  var parameters: [Double] { get }
  /// Current observation, `[family.observationSize]`.
  var observation: [Float] { get }
  /// Everything that the next step depends on, opaque: what was read can be set on a task of the same family, which
  /// then goes on from there (apart from the solver's own warm start).
  var simulationState: [Double] { get set }
  /// Starts an episode; the same seed gives the same start, bit for bit.
  func reset(seed: UInt64)
  /// Applies `action`, `[family.actionSize]`, for one control period. Values outside the family's limits are clamped;
  /// a wrong count or a non-finite value is a precondition failure: callers check what comes from outside.
  func step(action: [Float]) -> StepResult
}

extension ControlTask {
  /// Who calls must have checked what came from outside.
  func checkAction(_ action: [Float]) {
    precondition(
      action.count == family.actionSize, "\(family.name): \(action.count) action values, expected \(family.actionSize)")
    precondition(action.allSatisfy(\.isFinite), "\(family.name): the action \(action) is not finite")
  }
}
