// The half-cheetah's families: it runs at a target speed, or in a direction, that it is not told.

extension Locomotion {
  /// Observation: positions without x, `[8]`, then velocities, `[9]`, in m, rad and seconds. Starts at ± 0.1, uniform,
  /// around the standing robot with velocities of 0.1 times standard normal, as in Gymnasium.
  static let halfCheetah = Locomotion(
    model: .halfCheetah, physicsSteps: 5, hiddenPositions: 1, start: .init(positions: 0.1, velocities: .normal(0.1)))
}

extension TaskFamily {
  /// v* ~ U(0, 3) m/s; reward −|v − v*| − 0.05 Σ a² with v the mean speed over the period; 200 steps of 50 ms.
  public static let cheetahVelocity: TaskFamily = TaskFamily(
    name: "cheetah-vel",
    summary: "the half-cheetah at a target speed of 0 ... 3 m/s",
    observationSize: 17,
    actionSize: 6,
    actionLimit: 1,
    periodNanoseconds: 50_000_000,
    episodeLength: 200,
    parameterNames: ["target speed [m/s]"],
    parameterRanges: [-10...10],
    parametersChange: .reward,
    drivenVelocities: Array(11..<17),
    lists: .drawn(train: 20, heldOut: 10, test: 20) { [$0.uniform(0, 3)] },
    rewardLaw: { outcome, target in -abs(outcome[0] - target[0]) - 0.05 * outcome[2] },
    make: { LocomotionTask(.cheetahVelocity, .halfCheetah, parameters: $0) }
  )

  /// d = ±1; reward d · v − 0.05 Σ a²; 200 steps of 50 ms. There are two tasks, and every list has both.
  public static let cheetahDirection: TaskFamily = TaskFamily(
    name: "cheetah-dir",
    summary: "the half-cheetah, forwards or backwards as fast as it can",
    observationSize: 17,
    actionSize: 6,
    actionLimit: 1,
    periodNanoseconds: 50_000_000,
    episodeLength: 200,
    parameterNames: ["direction [±1]"],
    parameterRanges: [-1...1],
    parametersChange: .reward,
    drivenVelocities: Array(11..<17),
    lists: .only([[1], [-1]]),
    rewardLaw: { outcome, direction in direction[0] * outcome[0] - 0.05 * outcome[2] },
    make: { LocomotionTask(.cheetahDirection, .halfCheetah, parameters: $0) }
  )
}
