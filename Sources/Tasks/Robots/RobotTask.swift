// A robot that MuJoCo simulates, in one task of a family that a folder describes.

import Foundations

/// A simulated robot in one task. Its outcome of a step is what the reward's terms measure.
package final class RobotTask: ContinuousTask {
  package let family: TaskFamily
  package let parameters: [Double]
  private let definition: FamilyDefinition
  private let plant: Plant
  /// Nil where commands act at once.
  private var chain: ActuatorChain?
  private let periodSeconds: Double
  private let isDerived: Bool
  /// Of the interval that `advance` is in: physics steps, what moves at its beginning, sum of the squared actions.
  private var interval = (steps: 0, start: [Double](), effort: 0.0)
  /// The last action of the last interval and of this one, within the limits.
  private var previous: [Double]
  private var latest: [Double]

  init(_ family: TaskFamily, _ definition: FamilyDefinition, parameters: [Double]) {
    self.family = family
    self.definition = definition
    self.parameters = parameters
    let changes = definition.changes.map { (parameters[$0.parameter], $0.change) }
    let bodily = changes.filter { !$0.1.kind.isOfTheCommands }
    let model =
      bodily.isEmpty
      ? definition.model
      : PlantModel(definition.model) { model in for (value, change) in bodily { change.apply(value, to: model) } }
    plant = Plant(model: model)
    func sum(_ kind: ChangeKind) -> Double { changes.reduce(0) { $1.1.kind == kind ? $0 + $1.0 : $0 } }
    if changes.contains(where: { $0.1.kind.isOfTheCommands }) {
      chain = ActuatorChain(
        delaySteps: Int(sum(.actuatorDelay).rounded()) * definition.physicsSteps, lag: sum(.actuatorLag),
        timestep: model.timestep, rest: definition.start.controls)
    }
    periodSeconds = Double(definition.periodNanoseconds) * 1e-9
    isDerived = definition.isDerived
    previous = definition.actions.resting
    latest = previous
    reset(seed: 0)
  }

  package var physicsSteps: Int { definition.physicsSteps }

  package var observation: [Float] {
    definition.observation.map { entry in
      let value = plant.value(entry.quantity.reading)
      guard entry.isClipped else { return Float(value) }
      let channel = entry.quantity.channel
      return Float(min(max(value, Double(channel.lower)), Double(channel.upper)))
    }
  }

  /// All generalised positions and velocities. Setting them forgets the solver's warm start and what commands still
  /// wait.
  package var state: (positions: [Double], velocities: [Double]) {
    get { (plant.positions, plant.velocities) }
    set {
      plant.set(positions: newValue.positions, velocities: newValue.velocities)
      rest()
    }
  }

  package var simulationState: [Double] {
    get {
      plant.positions + plant.velocities + plant.activations + previous + (chain?.state ?? [])
    }
    set {
      let (positions, velocities) = (plant.positions.count, plant.velocities.count)
      let activations = plant.activations.count
      var rest = newValue[...]
      func take(_ count: Int) -> [Double] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let (given, moving, acting) = (take(positions), take(velocities), take(activations))
      plant.set(positions: given, velocities: moving, activations: acting)
      self.rest()
      previous = take(previous.count)
      latest = previous
      chain?.state = Array(rest)
    }
  }

  package func reset(seed: UInt64) {
    var random = RandomSource(seed: seed)
    state = definition.start.draw(&random)
  }

  /// Nothing has been commanded yet, and an interval begins.
  private func rest() {
    previous = definition.actions.resting
    latest = previous
    chain?.reset(rest: definition.actions.rest)
    interval = (0, moving, 0)
  }

  package func step(action: [Float]) -> StepResult {
    begin(action)
    let start = moving
    move(steps: physicsSteps)
    return result(start: start, seconds: periodSeconds, effort: definition.actions.effort(latest))
  }

  package func advance(action: [Float]) {
    begin(action)
    move(steps: 1)
    interval.steps += 1
    interval.effort += definition.actions.effort(latest)
  }

  package func endInterval() -> StepResult? {
    guard interval.steps > 0 else { return nil }
    let seconds = Double(interval.steps) / Double(physicsSteps) * periodSeconds
    let result = result(
      start: interval.start, seconds: seconds, effort: interval.effort / Double(interval.steps))
    interval = (0, moving, 0)
    return result
  }

  private func begin(_ action: [Float]) {
    checkAction(action)
    latest = definition.actions.applied(action)
  }

  private func move(steps: Int) {
    let controls = definition.actions.controls(latest)
    guard chain != nil else { return plant.advance(controls: controls, steps: steps) }
    for _ in 0..<steps { plant.advance(controls: chain!.step(controls), steps: 1) }
  }

  /// What the reward's mean velocities are velocities of.
  private var moving: [Double] {
    definition.reward.measures.compactMap {
      if case .meanVelocity(let reading) = $0 { plant.value(reading) } else { nil }
    }
  }

  /// Why the episode has ended: the names of the ends that hold now, and `diverged` of a simulation that has.
  package var reasons: [String] {
    definition.ends.filter { $0.holds(plant) }.map(\.name) + (plant.diverged ? ["diverged"] : [])
  }

  private func result(start: [Double], seconds: Double, effort: Double) -> StepResult {
    if isDerived { plant.refresh() }
    var starts = start.makeIterator()
    let outcome = definition.reward.measures.map { measure in
      switch measure {
      case .reading(let reading): plant.value(reading)
      case .meanVelocity(let reading): (plant.value(reading) - (starts.next() ?? 0)) / seconds
      case .control: effort
      case .controlChange: definition.actions.change(latest, from: previous)
      }
    }
    previous = latest
    return StepResult(
      reward: family.reward(outcome: outcome, parameters: parameters),
      terminated: definition.ends.contains { $0.holds(plant) } || plant.diverged, outcome: outcome)
  }
}
