// The ant-dir family: a four-legged robot walks in a direction of the plane that it is not told.

import Glibc

extension Locomotion {
  /// Observation: positions without x and y, `[13]`: height, quaternion, eight joints; then velocities, `[14]`. Starts
  /// at ± 0.1, uniform, around the standing robot with velocities of 0.1 times standard normal, as in Gymnasium.
  static let ant = Locomotion(
    model: .ant, physicsSteps: 5, hiddenPositions: 2, start: .init(positions: 0.1, velocities: .normal(0.1)))
}

extension TaskFamily {
  /// θ ~ U(0, 2π); reward: the torso's mean velocity along (cos θ, sin θ); 200 steps of 50 ms, also for an ant on its
  /// back.
  public static let antDirection: TaskFamily = TaskFamily(
    name: "ant-dir",
    summary: "the ant, walking in a direction of the plane",
    observationSize: 27,
    actionSize: 8,
    actionLimit: 1,
    periodNanoseconds: 50_000_000,
    episodeLength: 200,
    parameterNames: ["direction x", "direction y"],
    parameterRanges: [-1...1, -1...1],
    parametersChange: .reward,
    drivenVelocities: [25, 26] + Array(19..<25),
    lists: .drawn(train: 20, heldOut: 10, test: 20) {
      let angle = $0.uniform(0, 2 * .pi)
      return [cos(angle), sin(angle)]
    },
    rewardLaw: { velocity, direction in velocity[0] * direction[0] + velocity[1] * direction[1] },
    make: { LocomotionTask(.antDirection, .ant, parameters: $0) }
  )
}
