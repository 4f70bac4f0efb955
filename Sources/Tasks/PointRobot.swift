// The point-robot family: a point in the plane moves towards a goal that it is not told. No physics; good for tests.

import Foundations
import Glibc

extension TaskFamily {
  /// Start at the origin, goals on the upper half of the unit circle, reward −‖p − g‖ after each move, 20 moves.
  public static let pointRobot: TaskFamily = TaskFamily(
    name: "point-robot",
    summary: "a point in the plane; goals on the upper half of the unit circle",
    observationChannels: ["x", "y"].map { Channel(name: $0, unit: "m") },
    actionChannels: ["x", "y"].map { Channel(name: $0, unit: "m", lower: -0.1, upper: 0.1) },
    periodNanoseconds: 100_000_000,
    episodeLength: 20,
    parameterNames: ["goal x [m]", "goal y [m]"],
    parameterRanges: [-2...2, -2...2],
    parametersChange: .reward,
    drivenVelocities: [],
    outcomeSize: 2,
    watched: Watched(
      name: "distance", unit: "m", target: { _ in 0 },
      value: { position, goal in hypot(position[0] - goal[0], position[1] - goal[1]) }),
    lists: .drawn(train: 20, heldOut: 10, test: 20) {
      let angle = $0.uniform(0, .pi)
      return [cos(angle), sin(angle)]
    },
    rewardLaw: { position, goal in
      let x = position[0] - goal[0]
      let y = position[1] - goal[1]
      return -(x * x + y * y).squareRoot()
    },
    make: { PointRobotTask($0, goal: $1) }
  )
}

/// One point robot; its observation is its position [m] and its action the displacement [m].
final class PointRobotTask: ControlTask {
  let family: TaskFamily
  let parameters: [Double]
  private var position = SIMD2<Double>()

  init(_ family: TaskFamily, goal: [Double]) {
    self.family = family
    parameters = goal
  }

  var observation: [Float] { [Float(position[0]), Float(position[1])] }

  var simulationState: [Double] {
    get { [position[0], position[1]] }
    set { position = SIMD2(newValue[0], newValue[1]) }
  }

  func reset(seed: UInt64) {
    position = SIMD2()
  }

  func step(action: [Float]) -> StepResult {
    checkAction(action)
    let move = family.clamped(action)
    position += SIMD2(Double(move[0]), Double(move[1]))
    let outcome = [position[0], position[1]]
    return StepResult(
      reward: family.reward(outcome: outcome, parameters: parameters), terminated: false, outcome: outcome)
  }
}
