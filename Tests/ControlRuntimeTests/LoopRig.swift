// A robot and a control loop on real sockets, served in turn by one thread; the model is small and untrained.

import ControlRuntime
import Failsafe
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink

let rigPeriod: UInt64 = 100_000_000

/// A model of random weights for a robot of 2 observation and 2 action entries, with the bank that `bank` makes.
func makeModel(
  family: String = "point-robot", bank: ((PlannerShape) -> ContextBank)? = nil
) throws -> LoadedModel {
  let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 10)
  let description = ModelDescription(family: family, shape: shape, periodNanoseconds: rigPeriod, actionLimit: 0.1)
  let weights = PlannerWeights.random(shape, seed: 5, actionLimit: 0.1)
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("loop-\(UUID().uuidString).safetensors").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try LoadedModel.write(description, statistics: weights.statistics, bank: bank?(shape), to: path) { tensor in
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
  /// Reward of every step; nil: the robot knows none.
  var reward: Float? = -1
  /// By how much longer each observation seems to have waited than the one before; 0: none has waited. A wait that
  /// stayed the same would be a robot's clock that was set.
  var lag: UInt64 = 0 {
    didSet { waited = 0 }
  }
  private var waited: UInt64 = 0

  init(
    _ options: ControlOptions = ControlOptions(), family: String = "point-robot", lockstep: Bool = true,
    bank: ((PlannerShape) -> ContextBank)? = nil
  ) throws {
    robot = try Self.makeRobot(port: 0, family: family, lockstep: lockstep)
    port = robot.port
    loop = try ControlLoop(
      model: try makeModel(bank: bank), options: options, address: LinkAddress(host: "127.0.0.1", port: robot.port))
  }

  /// On a serial line, whose robot's end is a pseudo-terminal found at `line`.
  init(line: String, bank: ((PlannerShape) -> ContextBank)?) throws {
    robot = try Self.makeRobot(at: LinkAddress("pty://\(line)"), family: "point-robot", lockstep: true)
    port = 0
    loop = try ControlLoop(
      model: try makeModel(bank: bank), options: ControlOptions(), address: LinkAddress("serial://\(line)"))
  }

  static func makeRobot(port: UInt16, family: String, lockstep: Bool) throws(LinkError) -> RobotEndpoint {
    try makeRobot(at: LinkAddress(host: "127.0.0.1", port: port), family: family, lockstep: lockstep)
  }

  static func makeRobot(at address: LinkAddress, family: String, lockstep: Bool) throws(LinkError) -> RobotEndpoint {
    let profile = RobotProfile(family: family, observationSize: 2, actionSize: 2, periodNanoseconds: rigPeriod)
    return try RobotEndpoint(
      listeningAt: address,
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
  func exchange(step: UInt32, of length: UInt32 = 5, state: (Float, Float) = (0.1, -0.2)) -> CommandMode? {
    observation.step = step
    observation.reward = step == 0 ? nil : reward
    observation.truncated = step == length
    waited &+= lag
    observation.sampleTimeNanoseconds = monotonicNanoseconds() &- waited
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

  func episode(_ number: UInt32, length: UInt32 = 5) -> [CommandMode?] {
    observation.episode = number
    return (0...length).map { exchange(step: $0, of: length) }
  }

  /// Starts the robot anew at its port and lets the loop find it.
  func restartRobot(lockstep: Bool = true) throws {
    // The old robot's socket must be closed before the port is free again: it moves to another one.
    robot = try Self.makeRobot(port: 0, family: "point-robot", lockstep: lockstep)
    robot = try Self.makeRobot(port: port, family: "point-robot", lockstep: lockstep)
    // The restarted robot does not know the controller: its Hello comes with the silence, or with an unknown epoch.
    var connected = false
    for _ in 0..<40 where !connected {
      _ = loop.runOnce(until: monotonicNanoseconds() + 50_000_000)
      connected = robot.next(until: 0) == .connected
    }
    runLoop()
  }

  /// A goodbye and the hand-shake that follows by itself; the robot goes on running.
  func loseLink() {
    robot.sayGoodbye()
    runLoop()
    for _ in 0..<40 where !loop.status.isConnected {
      _ = loop.runOnce(until: monotonicNanoseconds() + 50_000_000)
      _ = robot.next(until: 0)
    }
  }
}
