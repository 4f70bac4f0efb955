// Who drives an episode of the meta-test: the planner or a baseline, as the loop that they share sees them.

import OfflineData
import PlannerModel
import Tasks

/// What infers from transitions which task it faces; the methods mean what `Planner`'s of the same names do.
/// One thread an instance. Real-time: no.
public protocol TaskInference: AnyObject {
  /// Forgets all transitions: the task is unknown from now on.
  func clearContext()
  /// Shows one transition, physical units; it counts from the next `updateContext` on.
  func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float])
  /// Infers the task from all transitions shown since `clearContext`.
  func updateContext()
  /// The same, every so many transitions: for an episode that is its own warm start.
  func updateContextIfDue()
  /// False for an oracle, which is told the task and takes no transitions.
  var infers: Bool { get }
  /// Tells an oracle the task's true parameters. Precondition: `!infers`.
  func tell(parameters: [Double])
}

extension TaskInference {
  public var infers: Bool { true }
  public func tell(parameters: [Double]) { preconditionFailure("only an oracle is told the task") }
}

/// What a driver means to do and expects to come of it, physical units.
public struct IntendedSteps: Sendable {
  /// `[step][actionSize]`
  public var actions: [[Float]]
  /// The state after each action, `[step][observationSize]`.
  public var states: [[Float]]

  public init(actions: [[Float]], states: [[Float]]) {
    self.actions = actions
    self.states = states
  }
}

/// Chooses the actions of an episode. One thread per instance. Real-time: no.
public protocol EpisodeDriver: AnyObject {
  /// How it learns what it faces.
  var inference: any TaskInference { get }
  /// Starts an episode; the same seed gives the same actions. The context is kept.
  func reset(seed: UInt64)
  /// The action for `observation`, `[observationSize]`: `[actionSize]`, physical units. What takes this long is the
  /// plan time.
  func act(_ observation: [Float]) -> [Float]
  /// The same within so much time, for who can make it shorter.
  func act(_ observation: [Float], budgetNanoseconds: UInt64) -> [Float]
  /// The last action came out as complete as it can.
  var isComplete: Bool { get }
  /// Uses the time between an action and the next observation.
  func prepare()
  /// Up to `count` steps of what it intends after the last `act`; nil when it never looks ahead.
  func intention(steps count: Int) -> IntendedSteps?
  /// What came of the last `act`, for drivers that adapt while driving.
  func experience(observation: [Float], action: [Float], reward: Float, next: [Float])
  /// Changes of task or body that it has noticed since it was made.
  var changesNoticed: Int { get }
}

extension EpisodeDriver {
  public func act(_ observation: [Float], budgetNanoseconds: UInt64) -> [Float] { act(observation) }
  public func experience(observation: [Float], action: [Float], reward: Float, next: [Float]) {}
  public var changesNoticed: Int { 0 }

  /// Executes `action`, its answer to `observation`, lets it learn from what came of it and prepare for the next step.
  package func execute(
    _ action: [Float], on robot: any TestRobot, from observation: [Float]
  ) throws -> TestStep {
    let step = try robot.step(action: action)
    if let action = step.action {
      experience(observation: observation, action: action, reward: Float(step.reward), next: robot.observation)
    }
    prepare()
    return step
  }
}

extension WarmStart {
  /// Replaces what `inference` knows by what these transitions say.
  public func show(to inference: any TaskInference) {
    inference.clearContext()
    for index in 0..<count {
      let rows = index * observationSize..<(index + 1) * observationSize
      inference.addTransition(
        observation: Array(observations[rows]), action: Array(actions[index * actionSize..<(index + 1) * actionSize]),
        reward: rewards[index], next: Array(nextObservations[rows]))
    }
    inference.updateContext()
  }
}
