// The cheetah-vel family: a planar cheetah with two legs runs at a target speed that it is not told.

import PlannerRuntime

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
    trainTasks: draw(20, .train, seed: 1) { [$0.uniform(0, 3)] },
    heldOutTasks: draw(10, .heldOut, seed: 1) { [$0.uniform(0, 3)] },
    testTasks: draw(20, .test, seed: 1) { [$0.uniform(0, 3)] },
    rewardLaw: { outcome, target in -abs(outcome[0] - target[0]) - outcome[1] },
    make: { HalfCheetahTask(family: .cheetahVelocity, parameters: $0) }
  )
}

/// A half-cheetah in one task. Observation: positions without x, `[8]`, then velocities, `[9]`, in m, rad and seconds;
/// outcome of a step: forward speed [m/s], control cost.
package final class HalfCheetahTask: ContinuousTask {
  package let family: TaskFamily
  package let parameters: [Double]
  package let physicsSteps = 5
  private let plant = Plant(model: .halfCheetah, substeps: 5)
  /// Of the interval that `advance` is in: physics steps, where it began, sum of the costs.
  private var interval = (steps: 0, start: 0.0, cost: 0.0)
  private static let periodSeconds = 0.05

  init(family: TaskFamily, parameters: [Double]) {
    self.family = family
    self.parameters = parameters
    reset(seed: 0)
  }

  package var observation: [Float] { (plant.positions.dropFirst() + plant.velocities).map { Float($0) } }

  /// The full state: generalised positions, `[9]`, and velocities, `[9]`. Setting it forgets the solver's warm start.
  package var state: (positions: [Double], velocities: [Double]) {
    get { (plant.positions, plant.velocities) }
    set { plant.set(positions: newValue.positions, velocities: newValue.velocities) }
  }

  package var simulationState: [Double] {
    get { plant.positions + plant.velocities }
    set { state = (Array(newValue.prefix(newValue.count / 2)), Array(newValue.suffix(newValue.count / 2))) }
  }

  /// Positions ± 0.1, uniform, around the standing robot and velocities 0.1 times standard normal, as in Gymnasium.
  package func reset(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let positions = plant.initialPositions.map { $0 + random.uniform(-0.1, 0.1) }
    state = (positions, positions.map { _ in 0.1 * Double(random.normal()) })
    interval = (0, plant.firstPosition, 0)
  }

  package func step(action: [Float]) -> StepResult {
    let controls = applied(action)
    let start = plant.firstPosition
    plant.step(controls: controls)
    return result(speed: (plant.firstPosition - start) / Self.periodSeconds, cost: cost(controls))
  }

  package func advance(action: [Float]) {
    let controls = applied(action)
    plant.advance(controls: controls, steps: 1)
    interval.steps += 1
    interval.cost += cost(controls)
  }

  package func endInterval() -> StepResult? {
    guard interval.steps > 0 else { return nil }
    let seconds = Double(interval.steps) / Double(physicsSteps) * Self.periodSeconds
    let speed = (plant.firstPosition - interval.start) / seconds
    let result = result(speed: speed, cost: interval.cost / Double(interval.steps))
    interval = (0, plant.firstPosition, 0)
    return result
  }

  private func cost(_ controls: [Double]) -> Double { 0.05 * controls.reduce(0) { $0 + $1 * $1 } }

  private func result(speed: Double, cost: Double) -> StepResult {
    let outcome = SIMD4(speed, cost, 0, 0)
    return StepResult(
      reward: family.reward(outcome: outcome, parameters: parameters), terminated: plant.diverged, outcome: outcome)
  }
}
