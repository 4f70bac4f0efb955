// The point-robot family: a point in the plane moves towards a goal that it is not told. No physics; good for tests.

import Foundations
import Glibc

extension TaskFamily {
  /// Start at the origin, goals on the upper half of the unit circle, reward −‖p − g‖ after each move, 20 moves.
  public static let pointRobot: TaskFamily = TaskFamily(
    name: "point-robot",
    summary: "a point in the plane; goals on the upper half of the unit circle",
    observationSize: 2,
    actionSize: 2,
    actionLimit: 0.1,
    periodNanoseconds: 100_000_000,
    episodeLength: 20,
    parameterNames: ["goal x [m]", "goal y [m]"],
    parameterRanges: [-2...2, -2...2],
    parametersChange: .reward,
    lists: .drawn(train: 20, heldOut: 10, test: 20) {
      let angle = $0.uniform(0, .pi)
      return [cos(angle), sin(angle)]
    },
    rewardLaw: { position, goal in
      let x = position[0] - goal[0]
      let y = position[1] - goal[1]
      return -(x * x + y * y).squareRoot()
    },
    make: { PointRobotTask(goal: $0) }
  )
}

/// One point robot; its observation is its position [m] and its action the displacement [m].
final class PointRobotTask: ControlTask {
  let parameters: [Double]
  private var position = SIMD4<Double>()

  init(goal: [Double]) {
    parameters = goal
  }

  var family: TaskFamily { .pointRobot }

  var observation: [Float] { [Float(position[0]), Float(position[1])] }

  var simulationState: [Double] {
    get { [position[0], position[1]] }
    set { position = SIMD4(newValue[0], newValue[1], 0, 0) }
  }

  func reset(seed: UInt64) {
    position = SIMD4()
  }

  func step(action: [Float]) -> StepResult {
    let move = applied(action)
    position += SIMD4(move[0], move[1], 0, 0)
    return StepResult(
      reward: family.reward(outcome: position, parameters: parameters), terminated: false, outcome: position)
  }
}
