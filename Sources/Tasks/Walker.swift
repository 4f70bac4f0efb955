// The walker-param family: a robot on two legs walks forwards with a body that it is not told.

extension Locomotion {
  /// Observation: positions without x, `[8]`, then velocities within ±10, `[9]`. Starts at ± 0.005 around the standing
  /// robot; the episode ends when the torso is down at half a metre.
  static let walker = Locomotion(
    model: .walker, physicsSteps: 4, hiddenPositions: 1, start: .init(positions: 0.005, velocities: .uniform(0.005)),
    velocityLimit: 10, fallen: (position: 1, height: 0.5))
}

extension RandomisedBody {
  static let walker = RandomisedBody(
    elements: walkerBodies.map { .mass(body: $0) } + (["floor"] + walkerBodies).map { .friction(geom: $0) })

  private static let walkerBodies = [
    "torso", "right_thigh", "right_leg", "right_foot", "left_thigh", "left_leg", "left_foot",
  ]
}

extension TaskFamily {
  /// Masses and friction × 1.5^u, each u ~ U(−3, 3); reward v + 1 − 0.001 Σ a²; 200 steps of 16 ms or until it has
  /// fallen.
  public static let walkerParameters: TaskFamily = TaskFamily(
    name: "walker-param",
    summary: "walkers of random masses and friction, forwards as fast as they can",
    observationSize: 17,
    actionSize: 6,
    actionLimit: 1,
    periodNanoseconds: 16_000_000,
    episodeLength: 200,
    parameterNames: RandomisedBody.walker.names,
    parameterRanges: RandomisedBody.walker.ranges,
    parametersChange: .dynamics,
    drivenVelocities: Array(11..<17),
    lists: .drawn(train: 16, heldOut: 8, test: 8) { random in
      RandomisedBody.walker.elements.map { _ in random.uniform(-3, 3) }
    },
    rewardLaw: { outcome, _ in outcome[0] + 1 - 0.001 * outcome[2] },
    make: { LocomotionTask(.walkerParameters, .walker, body: .walker, parameters: $0) }
  )
}
