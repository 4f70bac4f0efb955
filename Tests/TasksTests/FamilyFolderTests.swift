// A family from a folder does what its description says, held against computations of the tests' own.

import Foundation
import Foundations
import Tasks
import Testing

@Suite struct FamilyFolderTests {
  /// Where the arm's tip is, x and z, from its two angles.
  private func tip(_ shoulder: Double, _ elbow: Double) -> (x: Double, z: Double) {
    (
      0.3 * cos(shoulder) + 0.2 * cos(shoulder + elbow), 1 - 0.3 * sin(shoulder) - 0.2 * sin(shoulder + elbow)
    )
  }

  @Test func `channels have names, units and limits of their own`() throws {
    let family = try FamilyFixture().family()
    #expect(
      family.observationChannels.map(\.name) == [
        "shoulder sine", "shoulder cosine", "shoulder velocity", "elbow velocity", "tip position x", "tip position z",
        "encoder",
      ])
    #expect(family.observationChannels.map(\.unit) == ["", "", "rad/s", "rad/s", "m", "m", ""])
    #expect(family.observationChannels[2].lower == -2 && family.observationChannels[4].upper == .infinity)
    #expect(
      family.actionChannels == [
        Channel(name: "shoulder", lower: -1, upper: 1), Channel(name: "elbow", unit: "rad", lower: -0.5, upper: 1.5),
      ])
    #expect(family.actionLimit == 1.5)
    #expect(family.restAction == [0, 0.5])
    #expect(family.shares([0.5, 1.5]) == [0.5, 1])
    // The elbow is a servo: not all actions are forces.
    #expect(family.drivenVelocities.isEmpty)
    #expect(
      family.parameterNames == [
        "goal x [m]", "goal y [m]", "payload [kg]", "lag [s]", "delay", "shoulder strength", "elbow strength",
      ])
  }

  @Test func `what is observed follows from the joints' angles`() throws {
    let task = try FamilyFixture.task()
    task.reset(seed: 2)
    for step in 0..<20 {
      let (positions, velocities) = task.state
      let tip = tip(positions[0], positions[1])
      let expected = [
        sin(positions[0]), cos(positions[0]), min(max(velocities[0], -2), 2), min(max(velocities[1], -2), 2), tip.x,
        tip.z, positions[1],
      ]
      for (found, expected) in zip(task.observation, expected) { #expect(abs(Double(found) - expected) < 1e-6) }
      _ = task.step(action: step < 10 ? [1, 1.5] : [-1, -0.5])
    }
    #expect(task.state.velocities.contains { abs($0) > 2 }, "nothing was clipped")
  }

  @Test func `the reward is the sum of its terms, and any task can price a step`() throws {
    let family = try FamilyFixture().family()
    var parameters = family.trainTasks[0]
    let task = try #require(try family.task(parameters: parameters) as? RobotTask)
    task.reset(seed: 3)
    var previous = [0, 0.5]
    for action in [[0.5, 1], [9, -9], [-0.25, 0.5]] as [[Float]] {
      let result = task.step(action: action)
      let applied = [min(max(Double(action[0]), -1), 1), min(max(Double(action[1]), -0.5), 1.5)]
      let (x, z) = tip(task.state.positions[0], task.state.positions[1])
      // As shares of the ranges -1 … 1 and -0.5 … 1.5.
      let control = pow(applied[0], 2) + pow(applied[1] - 0.5, 2)
      let change = pow(applied[0] - previous[0], 2) + pow(applied[1] - previous[1], 2)
      previous = applied
      func reward(_ goal: [Double]) -> Double {
        -2 * hypot(x - goal[0], z - goal[1]) - 0.1 * control - 0.01 * change
      }
      #expect(abs(result.reward - reward(parameters)) < 1e-9)
      #expect(family.rewards(outcome: result.outcome, parameters: parameters).reduce(0, +) == result.reward)
      #expect(abs(family.reward(outcome: result.outcome, parameters: [0.1, -0.2]) - reward([0.1, -0.2])) < 1e-9)
      #expect(result.outcome.count == family.outcomeSize)
    }
    parameters[0] = 3
    #expect(throws: TaskError.self) { try family.task(parameters: parameters) }
  }

  @Test func `an episode starts around the keyframe, wherever the seed says`() throws {
    let task = try FamilyFixture.task()
    var starts: Set<[Double]> = []
    for seed in 0..<20 {
      task.reset(seed: UInt64(seed))
      let positions = task.state.positions
      #expect(abs(positions[0] - 0.2) <= 0.05 && abs(positions[1] - 0.5) <= 0.05)
      starts.insert(positions)
    }
    #expect(starts.count == 20)
    let still = try FamilyFixture.task(
      replacing: "\"normal\": 0.1 }",
      with: "\"normal\": 0.1 }, \"joints\": [{ \"of\": \"elbow\", \"at\": 1, \"positions\": 0, \"still\": true }]")
    still.reset(seed: 1)
    #expect(still.state.positions[1] == 1 && still.state.velocities[1] == 0 && still.state.velocities[0] != 0)
  }

  @Test func `an episode ends where the description says, with its reason`() throws {
    let task = try FamilyFixture.task()
    for (angle, ends) in [(5.5, false), (6.5, true), (-6.5, true)] {
      var positions = task.state.positions
      positions[0] = angle
      task.state = (positions, task.state.velocities.map { _ in 0 })
      #expect(task.step(action: [0, 0.5]).terminated == ends)
      #expect(task.reasons == (ends ? ["turned over"] : []))
    }
  }

  private func task(delay: Double, lag: Double) throws -> RobotTask {
    let family = try FamilyFixture().family()
    return try #require(try family.task(parameters: [0.2, 0.2, 0, lag, delay, 1, 1]) as? RobotTask)
  }

  @Test func `a delayed command acts so many periods later, and until then the robot is at rest`() throws {
    for delay in [1, 2] {
      let (late, commanded, idle) = (
        try task(delay: Double(delay), lag: 0), try task(delay: 0, lag: 0), try task(delay: 0, lag: 0)
      )
      for task in [late, commanded, idle] { task.reset(seed: 4) }
      let rest: [Float] = [0, 0.5]
      for step in 0..<6 {
        _ = late.step(action: [1, -0.5])
        _ = commanded.step(action: step < delay ? rest : [1, -0.5])
        _ = idle.step(action: rest)
        #expect(late.state == commanded.state)
        #expect((late.state == idle.state) == (step < delay))
      }
    }
  }

  @Test func `the chain of an actuator is a delay and a first-order lag`() {
    var chain = ActuatorChain(delaySteps: 3, lag: 0.05, timestep: 0.01, rest: [0])
    for step in 0..<40 {
      let time = Double(step - 2) * 0.01
      let expected = step < 3 ? 0 : 1 - exp(-time / 0.05)
      #expect(abs(chain.step([1])[0] - expected) < 1e-12)
    }
  }

  @Test func `what commands wait and what lags is part of the state`() throws {
    var random = RandomSource(seed: 6)
    let family = try FamilyFixture().family()
    let (original, copy) = (try task(delay: 2, lag: 0.03), try task(delay: 2, lag: 0.03))
    original.reset(seed: 5)
    for _ in 0..<7 { _ = original.step(action: family.randomAction(&random)) }
    copy.simulationState = original.simulationState
    #expect(copy.simulationState == original.simulationState)
    for _ in 0..<5 {
      let action = family.randomAction(&random)
      let (a, b) = (original.step(action: action), copy.step(action: action))
      // Apart from the solver's own warm start.
      #expect(abs(a.reward - b.reward) < 1e-9)
      for (a, b) in zip(original.observation, copy.observation) { #expect(abs(a - b) < 1e-6) }
    }
    // A body with another delay takes over what it has room for.
    let shorter = try task(delay: 1, lag: 0)
    shorter.simulationState = original.simulationState
    #expect(shorter.state.positions[..<2] == original.state.positions[..<2])
    _ = shorter.step(action: [0, 0])
    #expect(shorter.observation.allSatisfy { $0.isFinite })
  }

  @Test func `a dead motor leaves its joint to itself`() throws {
    let family = try FamilyFixture().family()
    let tasks = try [[1, -1], [0, 0]].map { (action: [Float]) in
      let task = try #require(
        try family.task(parameters: [0.2, 0.2, 0, 0, 0, 0, 0]) as? RobotTask)
      task.reset(seed: 1)
      for _ in 0..<10 { _ = task.step(action: action) }
      return task
    }
    #expect(tasks[0].state == tasks[1].state)
  }

  @Test func `tests outside lie outside the training range, all others inside`() throws {
    let family = try FamilyFixture().family()
    func isInside(_ task: [Double]) -> Bool {
      hypot(task[0], task[1]) <= 0.5 && (0...1).contains(task[2]) && (0...0.05).contains(task[3])
        && [0, 1, 2].contains(task[4]) && task[5...].filter { $0 == 0 }.count <= 1
        && task[5...].allSatisfy { $0 == 0 || (0.5...1.5).contains($0) }
    }
    for split in [TaskSplit.train, .heldOut, .test] { #expect(family.tasks(split).allSatisfy(isInside)) }
    #expect(family.tasks(.outside).count == 5)
    #expect(!family.tasks(.outside).contains(where: isInside))
    for parameters in family.tasks(.outside) { _ = try family.task(parameters: parameters) }
    // In about three of ten tasks a motor is dead.
    let dead = family.trainTasks(count: 1000).filter { $0[5] == 0 || $0[6] == 0 }.count
    #expect((240...360).contains(dead))
    let error = try #require(throws: TaskError.self) { try TaskFamily.named("cheetah-vel").someTasks(.outside) }
    #expect("\(error)".contains("cheetah-vel has no outside tasks"))
  }

  @Test func `random actions cover each entry's own range`() throws {
    let family = try FamilyFixture().family()
    var random = RandomSource(seed: 9)
    let actions = (0..<1000).map { _ in family.randomAction(&random) }
    for (index, channel) in family.actionChannels.enumerated() {
      let values = actions.map { $0[index] }
      #expect(values.min()! >= channel.lower && values.max()! <= channel.upper)
      #expect(values.min()! < channel.lower + 0.02 && values.max()! > channel.upper - 0.02)
    }
    #expect(family.clamped([5, 5]) == [1, 1.5] && family.clamped([-5, -5]) == [-1, -0.5])
  }

  @Test func `limits around the start are measured from what the keyframe commands`() throws {
    let fixture = try FamilyFixture.arm(
      replacing: "{ \"of\": \"*\" }", with: "{ \"of\": \"elbow\", \"limits\": [-0.3, 2], \"around\": \"start\" }")
    let channel = try fixture.family().actionChannels[0]
    // Cut off at the ctrlrange.
    #expect(abs(channel.lower - 0.2) < 1e-6 && channel.upper == 1.5)
  }

  @Test func `families share a robot, and what one of them changes of it the other does not see`() throws {
    let fixture = try FamilyFixture()
    let json = FamilyFixture.arm.replacing(
      "\"name\": \"arm\",", with: "\"name\": \"arm-2\", \"robot\": \"../robot.xml\",")
    try FileManager.default.createDirectory(atPath: "\(fixture.folder)/other", withIntermediateDirectories: true)
    try json.write(toFile: "\(fixture.folder)/other/family.json", atomically: true, encoding: .utf8)
    let (family, other) = (try fixture.family(), try TaskFamily.named("\(fixture.folder)/other/"))
    func trace(_ family: TaskFamily, _ payload: Double) throws -> [Float] {
      let task = try family.task(parameters: [0, 0, payload, 0, 0, 1, 1])
      task.reset(seed: 1)
      return (0..<10).flatMap { _ in
        _ = task.step(action: [1, 1])
        return task.observation
      }
    }
    let expected = try trace(family, 0)
    #expect(try trace(other, 1) != expected)
    #expect(try trace(other, 0) == expected && trace(family, 0) == expected)
    #expect(other.name == "arm-2")
  }
}
