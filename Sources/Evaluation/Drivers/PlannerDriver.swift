// The planner as a driver of episodes, and as the one who infers the context for baselines that share its encoder.

import PlannerRuntime

/// A planner that drives. The planner has all the time it wants.
public final class PlannerDriver: EpisodeDriver, TaskInference {
  public private(set) var isComplete = true
  private var planner: Planner
  private let contextSize: Int
  /// Its context is a belief, which every step counts for.
  private let followsRobot: Bool

  /// Throws what making a planner throws, and where a belief is asked for and the model has no bank of contexts.
  public init(weights: PlannerWeights, options: PlannerOptions, kernels: String? = nil) throws(PlannerError) {
    followsRobot = options.contextInference == .belief
    guard !followsRobot || weights.bank != nil else {
      throw .invalid(
        field: "context_inference", found: "belief", expected: "encoder, as the model has no bank of contexts")
    }
    planner = try Planner(weights: weights, options: options, kernels: kernels)
    contextSize = weights.shape.contextSize
  }

  /// z as inferred, `[contextSize]`; zeros while there is none.
  public var context: [Float] { (0..<contextSize).map { planner.hasContext ? planner.context($0) : 0 } }

  // MARK: TaskInference

  public func clearContext() { planner.clearContext() }

  public func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    // One that is not plausible is ignored, as on a robot.
    _ = planner.addTransition(observation: observation, action: action, reward: reward, next: next)
  }

  public func updateContext() { planner.updateContext() }

  public func updateContextIfDue() { planner.updateContextIfDue() }

  public var infers: Bool { planner.infersContext }

  public func tell(parameters: [Double]) { planner.setContext(parameters: parameters.map { Float($0) }) }

  // MARK: EpisodeDriver

  public var inference: any TaskInference { self }

  public func reset(seed: UInt64) { planner.reset(seed: seed) }

  public func act(_ observation: [Float]) -> [Float] { act(observation, budgetNanoseconds: .max) }

  public func act(_ observation: [Float], budgetNanoseconds: UInt64) -> [Float] {
    isComplete = planner.plan(observation: observation, budgetNanoseconds: budgetNanoseconds).status == .converged
    return action(0)
  }

  public func prepare() { planner.prepare() }

  public func experience(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    guard followsRobot else { return }
    addTransition(observation: observation, action: action, reward: reward, next: next)
    updateContextIfDue()
  }

  public var changesNoticed: Int { planner.changes }

  public func intention(steps count: Int) -> IntendedSteps? {
    let steps = 0..<min(count, planner.horizon - 1)
    return IntendedSteps(
      actions: steps.map(action),
      states: steps.map { Array(UnsafeBufferPointer(start: planner.state($0 + 1), count: planner.observationSize)) })
  }

  private func action(_ index: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: planner.action(index), count: planner.actionSize))
  }
}
