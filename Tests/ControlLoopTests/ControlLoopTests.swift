// A control loop and a robot on real sockets, served in turn by one thread; the model is small and untrained.

import CAllocationCounter
import ControlLoop
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink
import Testing

@Suite("Control loop") struct ControlLoopTests {
  static let period: UInt64 = 100_000_000

  /// A model of random weights for a robot of 2 observation and 2 action entries.
  static func makeModel(family: String = "point-robot") throws -> LoadedModel {
    let shape = PlannerShape(
      observationSize: 2, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 10)
    let description = ModelDescription(family: family, shape: shape, periodNanoseconds: period, actionLimit: 0.1)
    let weights = PlannerWeights.random(shape, seed: 5, actionLimit: 0.1)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("loop-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try LoadedModel.write(description, statistics: weights.statistics, to: path) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
    return try LoadedModel(path: path)
  }

  /// A robot that does what it is told, and the loop that tells it.
  final class Rig {
    var robot: RobotEndpoint
    let loop: ControlLoop
    var observation = ObservationMessage()
    let port: UInt16

    init(
      _ options: ControlOptions = ControlOptions(), family: String = "point-robot", lockstep: Bool = true
    ) throws {
      robot = try Self.makeRobot(port: 0, family: family, lockstep: lockstep)
      port = robot.port
      loop = try ControlLoop(
        model: try makeModel(), options: options, address: LinkAddress(host: "127.0.0.1", port: robot.port))
    }

    static func makeRobot(port: UInt16, family: String, lockstep: Bool) throws(LinkError) -> RobotEndpoint {
      let profile = RobotProfile(family: family, observationSize: 2, actionSize: 2, periodNanoseconds: period)
      return try RobotEndpoint(
        listeningAt: LinkAddress(host: "127.0.0.1", port: port),
        description: RobotDescription(
          profile: profile, name: "rig", actionLimit: 0.05, episodeLength: 5, lockstep: lockstep),
        silenceNanoseconds: 60_000_000_000)
    }

    func soon() -> UInt64 { monotonicNanoseconds() + 5_000_000_000 }

    /// Lets the loop handle one event; false if it ends.
    @discardableResult func runLoop() -> Bool { loop.runOnce(until: soon()) }

    func connect() {
      // The first turn only says Hello.
      _ = loop.runOnce(until: 0)
      _ = robot.next(until: soon())
      runLoop()
    }

    /// One period: the observation of `step` and its answer; nil if none came.
    func exchange(step: UInt32, of length: UInt32 = 5, state: (Float, Float) = (0.1, -0.2)) -> ActionMode? {
      observation.step = step
      observation.reward = step == 0 ? nil : -1
      observation.truncated = step == length
      observation.sampleTimeNanoseconds = monotonicNanoseconds()
      observation.state[0] = state.0
      observation.state[1] = state.1
      let sequence = robot.send(observation)
      runLoop()
      guard robot.next(until: monotonicNanoseconds() + 200_000_000) == .action,
        robot.action.observationSequence == sequence
      else { return nil }
      for index in 0..<2 { observation.appliedAction[index] = robot.action.command[index] }
      return robot.action.mode
    }

    func episode(_ number: UInt32, length: UInt32 = 5) -> [ActionMode?] {
      observation.episode = number
      return (0...length).map { exchange(step: $0, of: length) }
    }
  }

  @Test(
    "every observation is answered by a plan of its own, finite and within the robot's limit; the last by a heartbeat")
  func episode() throws {
    let rig = try Rig()
    rig.connect()
    #expect(rig.loop.status.isConnected)
    let modes = rig.episode(0)
    #expect(modes == [.plan, .plan, .plan, .plan, .plan, .idle])
    #expect(abs(rig.robot.action.command[0]) <= 0.05)
    #expect(rig.loop.statistics.cycles == 6)
    #expect(rig.loop.statistics.deadlineMisses == 0)
  }

  @Test("the warm start is gathered in the first episodes only, and its context is used after them")
  func warmStart() throws {
    var options = ControlOptions()
    options.warmStartEpisodes = 2
    let rig = try Rig(options)
    rig.connect()
    _ = rig.episode(0)
    #expect(!rig.loop.hasContext)
    #expect(rig.loop.contextTransitions == 5)
    _ = rig.episode(1)
    #expect(rig.loop.hasContext)
    #expect(rig.loop.contextTransitions == 10)
    _ = rig.episode(2)
    #expect(rig.loop.contextTransitions == 10)
    #expect(rig.robot.action.predictedReturn == nil)
  }

  @Test("a repeated last observation ends the episode once")
  func repeatedLast() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.episode(0)
    let again = rig.exchange(step: 5)
    #expect(again == .idle)
    #expect(rig.loop.statistics.episodes == 1)
    #expect(rig.loop.contextTransitions == 5)
  }

  @Test("the same seed and observations give the same plans")
  func determinism() throws {
    func plans(seed: UInt64) throws -> [Float] {
      var options = ControlOptions()
      options.seed = seed
      options.budgetNanoseconds = 10_000_000_000
      let rig = try Rig(options)
      rig.connect()
      return (0..<5 as Range<UInt32>).map { step in
        _ = rig.exchange(step: step, state: (Float(step), 0))
        return rig.robot.action.predictedState[0]
      }
    }
    let first = try plans(seed: 1)
    #expect(try plans(seed: 1) == first)
    #expect(try plans(seed: 2) != first)
  }

  @Test("a NaN observation is counted and moves nothing; the next good one is answered")
  func nanObservation() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0)
    rig.observation.state[0] = .nan
    rig.observation.step = 1
    rig.robot.send(rig.observation)
    _ = rig.loop.runOnce(until: monotonicNanoseconds() + 1_000_000)
    #expect(rig.loop.counters[.notFinite] == 1)
    let next = rig.exchange(step: 2)
    #expect(next == .plan)
    #expect(rig.loop.statistics.cycles == 2)
    // Neither the step before the gap nor the one after it makes a transition.
    #expect(rig.loop.contextTransitions == 0)
  }

  @Test("of several waiting observations the newest is answered and the others are counted")
  func newestFirst() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0)
    for step in 1...2 as ClosedRange<UInt32> {
      rig.observation.step = step
      rig.observation.reward = -1
      rig.robot.send(rig.observation)
    }
    let mode = rig.exchange(step: 3)
    #expect(mode == .plan)
    #expect(rig.loop.statistics.superseded == 2)
    #expect(rig.loop.statistics.deadlineMisses == 2)
    // Nothing is lost for the warm start.
    #expect(rig.loop.contextTransitions == 3)
  }

  @Test("an observation that waited too long is answered by the next entry of the last plan, at once")
  func lateObservation() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    let first = rig.exchange(step: 0)
    rig.observation.step = 1
    rig.observation.reward = -1
    // On the robot's clock it was sampled 5 s before the first one: as if it had waited so long.
    rig.observation.sampleTimeNanoseconds -= 5_000_000_000
    rig.robot.send(rig.observation)
    rig.runLoop()
    let event = rig.robot.next(until: rig.soon())
    #expect(first == .plan)
    #expect(event == .action)
    #expect(rig.robot.action.mode == .earlierPlan)
    #expect(rig.robot.action.planEntry == 1)
    #expect(rig.loop.statistics.skippedPlans == 1)
  }

  @Test("a robot that restarts is picked up again and gives a new warm start")
  func robotRestarts() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.episode(0)
    #expect(rig.loop.hasContext)
    // The old robot's socket must be closed before the port is free again: it moves to another one.
    rig.robot = try Rig.makeRobot(port: 0, family: "point-robot", lockstep: true)
    rig.robot = try Rig.makeRobot(port: rig.port, family: "point-robot", lockstep: true)
    // The restarted robot does not know the controller: its Hello comes with the silence, or with an unknown epoch.
    var connected = false
    for _ in 0..<40 where !connected {
      _ = rig.loop.runOnce(until: monotonicNanoseconds() + 50_000_000)
      connected = rig.robot.next(until: 0) == .connected
    }
    #expect(connected)
    rig.runLoop()
    let modes = rig.episode(0)
    #expect(modes.first == .plan)
    #expect(rig.loop.contextTransitions == 5)
  }

  @Test("a model for another family is refused and the reason is kept")
  func otherFamily() throws {
    let rig = try Rig(family: "cheetah-vel")
    _ = rig.loop.runOnce(until: 0)
    _ = rig.robot.next(until: monotonicNanoseconds() + 10_000_000)
    let goesOn = rig.runLoop()
    #expect(!goesOn)
    let message = rig.loop.failure?.description ?? ""
    #expect(message.contains("cheetah-vel"))
    #expect(message.contains("point-robot"))
  }

  @Test("a warm start of another family is refused by name")
  func otherWarmStart() throws {
    var options = ControlOptions()
    var warmStart = WarmStart(family: "ant-dir", observationSize: 2, actionSize: 2, behaviour: "random")
    warmStart.append(observation: [0, 0], action: [0, 0], reward: 0, next: [0, 0])
    options.warmStart = warmStart
    options.warmStartPath = "start.safetensors"
    let error = #expect(throws: ControlError.self) { try Rig(options) }
    let message = error?.description ?? ""
    #expect(message.contains("start.safetensors"))
    #expect(message.contains("ant-dir"))
  }

  @Test("the robot's goodbye ends the loop where that is asked for")
  func goodbye() throws {
    for exits in [false, true] {
      var options = ControlOptions()
      options.exitsWithRobot = exits
      let rig = try Rig(options)
      rig.connect()
      rig.robot.sayGoodbye()
      let goesOn = rig.runLoop()
      #expect(goesOn != exits)
    }
  }

  @Test("the loop allocates nothing over twenty episodes, warm start and context included")
  func allocations() throws {
    let rig = try Rig()
    rig.connect()
    _ = rig.exchange(step: 0)
    let before = ac_allocations()
    var plans = 0
    for episode in 0..<20 as Range<UInt32> {
      rig.observation.episode = episode
      for step in 0...5 as ClosedRange<UInt32> where rig.exchange(step: step) == .plan { plans += 1 }
    }
    let allocations = ac_allocations() - before
    #expect(plans == 100)
    #expect(allocations == 0)
    #expect(rig.loop.hasContext)
  }
}
