// The hopper-param family: a robot on one leg hops forwards with a body that it is not told.

extension Locomotion {
  /// Observation: positions without x, `[5]`, then velocities within ±10, `[6]`. Starts at ± 0.005 around the standing
  /// robot.
  static let hopper = Locomotion(
    model: .hopper, physicsSteps: 4, hiddenPositions: 1, start: .init(positions: 0.005, velocities: .uniform(0.005)),
    velocityLimit: 10)
}

extension RandomisedBody {
  static let hopper = RandomisedBody(
    elements: ["torso", "thigh", "leg", "foot"].map { .mass(body: $0) }
      + ["torso", "thigh", "leg", "foot"].map { .inertia(body: $0) }
      + ["hip", "knee", "ankle"].map { .damping(joint: $0) }
      + ["floor", "torso", "thigh", "leg", "foot"].map { .friction(geom: $0) })
}

extension TaskFamily {
  /// Masses, inertias, friction × 1.5^u, damping × 1.3^u, each u ~ U(−3, 3); reward v − 0.001 Σ a²; 200 steps of 16 ms,
  /// also for a hopper that has fallen.
  public static let hopperParameters: TaskFamily = TaskFamily(
    name: "hopper-param",
    summary: "hoppers of random masses, inertias, damping and friction, forwards as fast as they can",
    observationSize: 11,
    actionSize: 3,
    actionLimit: 1,
    periodNanoseconds: 16_000_000,
    episodeLength: 200,
    parameterNames: RandomisedBody.hopper.names,
    parameterRanges: RandomisedBody.hopper.ranges,
    parametersChange: .dynamics,
    drivenVelocities: Array(8..<11),
    lists: .drawn(train: 20, heldOut: 10, test: 20) { random in
      RandomisedBody.hopper.elements.map { _ in random.uniform(-3, 3) }
    },
    rewardLaw: { outcome, _ in outcome[0] - 0.001 * outcome[2] },
    make: { LocomotionTask(.hopperParameters, .hopper, body: .hopper, parameters: $0) }
  )
}
