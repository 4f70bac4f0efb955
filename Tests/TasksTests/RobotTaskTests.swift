// The simulated robots: determinism, limits, rewards, bodies. Their physics is held against Gymnasium by `make
// test-oracle`.

import Foundation
import Foundations
import Synchronization
import Tasks
import Testing

@Suite struct RobotTaskTests {
  private func cheetah(_ speed: Double = 2) throws -> RobotTask {
    try #require(try TaskFamily.named("cheetah-vel").task(parameters: [speed]) as? RobotTask)
  }

  /// Observations and rewards of `steps` random actions after a reset.
  private func rollout(_ task: RobotTask, seed: UInt64, steps: Int = 50) -> [[Float]] {
    var random = RandomSource(seed: seed)
    task.reset(seed: seed)
    return [task.observation]
      + (0..<steps).map { _ in
        let result = task.step(action: (0..<6).map { _ in 2 * random.uniform() - 1 })
        return task.observation + [Float(result.reward)]
      }
  }

  @Test func `the same seed and actions give the same episode, bit for bit`() throws {
    let task = try cheetah()
    let first = rollout(task, seed: 3)
    #expect(try rollout(cheetah(), seed: 3) == first)
    #expect(rollout(task, seed: 3) == first)
    #expect(rollout(task, seed: 4) != first)
  }

  @Test(arguments: TaskFamily.names)
  func `each entry of an action speeds up the joint whose velocity it is said to drive, in its own direction`(
    name: String
  ) throws {
    let family = try TaskFamily.named(name)
    if family.drivenVelocities.isEmpty { return }
    let task = try family.task(parameters: family.trainTasks[0])
    #expect(family.drivenVelocities.count == family.actionSize)
    for entry in 0..<family.actionSize {
      var changes: [Float] = []
      for force in [0, 1] as [Float] {
        task.reset(seed: 5)
        var action = [Float](repeating: 0, count: family.actionSize)
        action[entry] = force * family.actionLimit
        let running = try #require(task as? any ContinuousTask)
        running.advance(action: action)
        let velocities = family.drivenVelocities.map { task.observation[$0] }
        changes = changes.isEmpty ? velocities : zip(velocities, changes).map { $0 - $1 }
      }
      #expect(changes[entry] > 0)
      // Light neighbours are thrown along.
      #expect(changes[entry] > 0.5 * (changes.map(abs).max() ?? 0))
    }
  }

  @Test func `tasks on different threads do not disturb each other`() throws {
    let expected = try (0..<4).map { try rollout(cheetah(), seed: $0) }
    let found = Mutex<[Int: [[Float]]]>([:])
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      guard let task = try? cheetah() else { return }
      let episode = rollout(task, seed: UInt64(index))
      found.withLock { $0[index] = episode }
    }
    for index in 0..<4 { #expect(found.withLock { $0[index] } == expected[index]) }
  }

  @Test func `a reset stays near the standing robot`() throws {
    let task = try cheetah()
    for seed in 0..<100 {
      task.reset(seed: UInt64(seed))
      #expect(task.state.positions.allSatisfy { abs($0) <= 0.1 })
      #expect(task.state.velocities.allSatisfy { abs($0) < 0.6 })
    }
  }

  @Test func `the observation is the state without the forward position`() throws {
    let task = try cheetah()
    task.reset(seed: 1)
    #expect(task.observation == (task.state.positions[1...] + task.state.velocities).map { Float($0) })
  }

  @Test func `the reward is minus the distance to the target speed minus the control cost`() throws {
    let task = try cheetah(1.5)
    task.reset(seed: 2)
    for action in [[0.5, -0.5, 0.25, 0, 1, -1], [0, 0, 0, 0, 0, 0]] as [[Float]] {
      let before = task.state.positions[0]
      let result = task.step(action: action)
      let speed = (task.state.positions[0] - before) * 20
      let cost = action.reduce(0) { $0 + Double($1 * $1) } / 20
      #expect(abs(result.reward - (-abs(speed - 1.5) - cost)) < 1e-9)
      #expect(!result.terminated)
    }
  }

  @Test func `a step's outcome gives its reward under every target speed`() throws {
    let (slow, fast) = (try cheetah(0.5), try cheetah(2.5))
    slow.reset(seed: 5)
    fast.reset(seed: 5)
    let action: [Float] = [1, -1, 0.5, 0.2, 0.1, -0.3]
    let outcome = slow.step(action: action).outcome
    #expect(slow.family.reward(outcome: outcome, parameters: [2.5]) == fast.step(action: action).reward)
  }

  @Test func `actions beyond the limit act and cost like the limit`() throws {
    let (limit, beyond) = (try cheetah(), try cheetah())
    limit.reset(seed: 6)
    beyond.reset(seed: 6)
    #expect(
      limit.step(action: [1, -1, 1, -1, 1, -1]) == beyond.step(action: [9, -9, 2, -.greatestFiniteMagnitude, 1.5, -3]))
    #expect(limit.observation == beyond.observation)
  }

  @Test func `a full state set by hand goes on as it did`() throws {
    let (original, copy) = (try cheetah(), try cheetah())
    original.reset(seed: 7)
    copy.state = original.state
    let action: [Float] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    #expect(original.step(action: action) == copy.step(action: action))
    #expect(original.observation == copy.observation)
  }

  @Test func `a simulation that diverges ends the episode, writes no file and recovers with a reset`() throws {
    let task = try cheetah()
    task.state = (task.state.positions, [Double](repeating: 1e9, count: 9))
    #expect(task.step(action: [0, 0, 0, 0, 0, 0]).terminated)
    #expect(!FileManager.default.fileExists(atPath: "MUJOCO_LOG.TXT"))
    task.reset(seed: 1)
    #expect(!task.step(action: [0, 0, 0, 0, 0, 0]).terminated)
  }

  @Test func `physics step by step is the control step, and an interval without a step has no reward`() throws {
    let (whole, stepwise) = (try cheetah(), try cheetah())
    whole.reset(seed: 8)
    stepwise.reset(seed: 8)
    #expect(stepwise.endInterval() == nil)
    for action in [[0.5, -0.5, 1, -1, 0, 0.25], [0, 0, 0, 0.75, 0, -1]] as [[Float]] {
      let expected = whole.step(action: action)
      for _ in 0..<stepwise.physicsSteps { stepwise.advance(action: action) }
      let result = try #require(stepwise.endInterval())
      #expect(abs(result.reward - expected.reward) < 1e-12)
      #expect(stepwise.observation == whole.observation)
    }
  }

  private func robot(_ name: String, _ parameters: [Double]) throws -> RobotTask {
    try robot(TaskFamily.named(name), parameters)
  }

  private func robot(_ family: TaskFamily, _ parameters: [Double]) throws -> RobotTask {
    try #require(try family.task(parameters: parameters) as? RobotTask)
  }

  private static let bodyFamilies = ["hopper-param", "walker-param"]

  /// Where the robot gets to from lying down, where every part of it touches the floor sooner or later.
  private func trace(_ task: RobotTask) -> [Double] {
    var random = RandomSource(seed: 1)
    lay(task)
    return (0..<150).flatMap { _ in
      _ = task.step(action: (0..<task.family.actionSize).map { _ in 2 * random.uniform() - 1 })
      return task.state.positions
    }
  }

  /// Puts a robot in the plane down on its front.
  private func lay(_ task: RobotTask) {
    var positions = task.state.positions
    (positions[1], positions[2]) = (0.15, .pi / 2)
    task.state = (positions, task.state.velocities)
  }

  @Test(arguments: bodyFamilies)
  func `every parameter changes the simulation, and the same seed gives the same robot`(name: String) throws {
    let family = try TaskFamily.named(name)
    let stock = [Double](repeating: 0, count: family.parameterNames.count)
    let expected = trace(try robot(family, stock))
    #expect(trace(try robot(family, stock)) == expected)
    for index in stock.indices {
      // Either more or less of it matters: of two sliding surfaces the rougher one counts.
      let changed = try [-3.0, 3.0].map { value in
        var parameters = stock
        parameters[index] = value
        return trace(try robot(family, parameters))
      }
      #expect(changed.contains { $0 != expected }, "\(family.parameterNames[index]) changes nothing")
    }
  }

  @Test func `a random body leaves the shared description of the robot as it was`() throws {
    let family = try TaskFamily.named("walker-param")
    let stock = [Double](repeating: 0, count: family.parameterNames.count)
    let before = trace(try robot(family, stock))
    _ = trace(try robot(family, family.testTasks[0]))
    #expect(trace(try robot(family, stock)) == before)
  }

  @Test func `a walker's episode ends when its torso is down, a hopper's does not`() throws {
    for (name, ends) in [("walker-param", true), ("hopper-param", false)] {
      let family = try TaskFamily.named(name)
      let task = try robot(family, [Double](repeating: 0, count: family.parameterNames.count))
      lay(task)
      #expect(task.step(action: [Float](repeating: 0, count: family.actionSize)).terminated == ends)
    }
  }

  @Test func `hoppers and walkers observe velocities within 10 only`() throws {
    let task = try robot("hopper-param", [Double](repeating: 0, count: 16))
    task.state = (task.state.positions, [20, -30, 3, 0, 11, -9])
    #expect(task.observation.suffix(6) == [10, -10, 3, 0, 10, -9])
  }

  @Test func `the ant is paid for its velocity along the direction, whichever it is`() throws {
    let task = try robot("ant-dir", [0.6, -0.8])
    task.reset(seed: 3)
    let before = task.state.positions
    let result = task.step(action: [1, -1, 0.5, 0, -0.5, 1, 1, -1])
    let after = task.state.positions
    let expected = 0.6 * (after[0] - before[0]) * 20 - 0.8 * (after[1] - before[1]) * 20
    #expect(abs(result.reward - expected) < 1e-9)
    #expect(task.observation == (after[2...] + task.state.velocities).map { Float($0) })
  }

  @Test func `running backwards pays a cheetah that is told to`() throws {
    let tasks = try [1.0, -1.0].map { try robot("cheetah-dir", [$0]) }
    for task in tasks { task.reset(seed: 4) }
    let results = tasks.map { $0.step(action: [1, 1, 1, -1, -1, -1]) }
    #expect(abs(results[0].reward + results[1].reward + 2 * 0.05 * 6) < 1e-9)
    #expect(abs(results[0].reward) > 0.1)
  }
}
