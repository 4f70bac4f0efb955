// A robot that MuJoCo simulates, in one task: what the families of running robots have in common.

import CMuJoCo
import Foundations

/// A kind of robot: its body and how it is observed, started and stopped.
struct Locomotion: Sendable {
  /// How far a start may be from the standing robot.
  struct Start: Sendable {
    enum Velocities: Sendable {
      case uniform(Double)
      case normal(Double)
    }
    /// Half the width of a uniform draw for each position.
    var positions: Double
    /// The same for velocities, or the deviation of a normal draw.
    var velocities: Velocities
  }

  var model: PlantModel
  /// Physics steps in a control period.
  var physicsSteps: Int
  /// Positions from the first on that the observation leaves out: where the robot is in the world.
  var hiddenPositions: Int
  var start: Start
  /// Velocities are observed within ± so much.
  var velocityLimit = Double.infinity
  /// Number of the position that is the height of the torso [m], and the height at which an episode ends.
  var fallen: (position: Int, height: Double)?
}

/// A running robot in one task. Observation: positions without the hidden ones, then velocities, in m, rad (or a
/// quaternion) and seconds. Outcome of a step: mean velocity along x and along y [m/s], Σ a², 0.
package final class LocomotionTask: ContinuousTask {
  package let family: TaskFamily
  package let parameters: [Double]
  private let robot: Locomotion
  private let plant: Plant
  private let periodSeconds: Double
  /// Of the interval that `advance` is in: physics steps, where it began, sum of the squared actions.
  private var interval = (steps: 0, start: SIMD2<Double>(), effort: 0.0)

  /// With `body`, the parameters are what makes this robot differ from others of its kind.
  init(_ family: TaskFamily, _ robot: Locomotion, body: RandomisedBody? = nil, parameters: [Double]) {
    self.family = family
    self.parameters = parameters
    self.robot = robot
    plant = Plant(model: body?.apply(parameters, to: robot.model) ?? robot.model)
    periodSeconds = Double(family.periodNanoseconds) * 1e-9
    reset(seed: 0)
  }

  package var physicsSteps: Int { robot.physicsSteps }

  package var observation: [Float] {
    let limit = robot.velocityLimit
    return plant.positions.dropFirst(robot.hiddenPositions).map { Float($0) }
      + plant.velocities.map { Float(min(max($0, -limit), limit)) }
  }

  /// The full state: all generalised positions and velocities. Setting it forgets the solver's warm start.
  package var state: (positions: [Double], velocities: [Double]) {
    get { (plant.positions, plant.velocities) }
    set { plant.set(positions: newValue.positions, velocities: newValue.velocities) }
  }

  package var simulationState: [Double] {
    get { plant.positions + plant.velocities }
    set {
      let count = plant.initialPositions.count
      state = (Array(newValue.prefix(count)), Array(newValue.dropFirst(count)))
    }
  }

  package func reset(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let width = robot.start.positions
    let positions = plant.initialPositions.map { $0 + random.uniform(-width, width) }
    state = (
      positions,
      plant.velocities.map { _ in
        switch robot.start.velocities {
        case .uniform(let width): random.uniform(-width, width)
        case .normal(let deviation): deviation * Double(random.normal())
        }
      }
    )
    interval = (0, place, 0)
  }

  package func step(action: [Float]) -> StepResult {
    let controls = applied(action)
    let start = place
    plant.advance(controls: controls, steps: physicsSteps)
    return result(velocity: (place - start) / periodSeconds, effort: effort(controls))
  }

  package func advance(action: [Float]) {
    let controls = applied(action)
    plant.advance(controls: controls, steps: 1)
    interval.steps += 1
    interval.effort += effort(controls)
  }

  package func endInterval() -> StepResult? {
    guard interval.steps > 0 else { return nil }
    let seconds = Double(interval.steps) / Double(physicsSteps) * periodSeconds
    let result = result(
      velocity: (place - interval.start) / seconds, effort: interval.effort / Double(interval.steps))
    interval = (0, place, 0)
    return result
  }

  /// Where the robot is, x and y [m]; a planar robot has no y, and what stands in its place means nothing.
  private var place: SIMD2<Double> { SIMD2(plant.position(0), plant.position(1)) }

  private func effort(_ controls: [Double]) -> Double { controls.reduce(0) { $0 + $1 * $1 } }

  private func result(velocity: SIMD2<Double>, effort: Double) -> StepResult {
    let outcome = SIMD4(velocity[0], velocity[1], effort, 0)
    let hasFallen = robot.fallen.map { plant.position($0.position) <= $0.height } ?? false
    return StepResult(
      reward: family.reward(outcome: outcome, parameters: parameters), terminated: hasFallen || plant.diverged,
      outcome: outcome)
  }
}
