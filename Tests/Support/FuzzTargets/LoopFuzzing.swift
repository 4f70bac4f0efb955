// The controller's cycle, with its planner, its session and its socket, under any order of what a robot and time may
// do.

import CRobotProtocol
import CVirtualClock
import ControlCore
import ControlRuntime
import PlannerModel
import PlannerRuntime
import RobotLink

/// A loop, the robot that it drives, and a clock for both.
private struct Drive: ~Copyable {
  static let period: UInt64 = 100_000_000
  private static let limit: Float = 0.5
  private static let shape = PlannerShape(
    observationSize: 3, actionSize: 2, contextSize: 4, horizon: 4, channels: [16], denoisingSteps: 4)
  private static let profile = RobotProfile(
    family: "fuzz", observationSize: 3, actionSize: 2, periodNanoseconds: period)

  /// Without a bank and with one.
  private static let models: [LoadedModel] = [false, true].map { believes in
    var weights = PlannerWeights.random(shape, seed: 5)
    if believes { weights.bank = .random(shape, count: 5, seed: 3) }
    var options = PlannerOptions()
    (options.candidates, options.coldSteps, options.contextInference) = (2, 2, believes ? .belief : .encoder)
    let description = ModelDescription(
      family: "fuzz", shape: shape, periodNanoseconds: period, actionLimit: 1, options: options)
    return LoadedModel(path: "fuzz", description: description, weights: weights)
  }

  let loop: ControlLoop
  private let isLockstep: Bool
  private let transport: LinkTransport
  private var robot: RobotSession
  private var epoch: UInt32 = 1
  private var action = ActionMessage()
  private var observation = ObservationMessage()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
  private var peer: PeerAddress?
  /// The loop has ended, as after a refusal.
  private(set) var isOver = false
  private(set) var plans = 0
  /// Frames were made up, and with them perhaps another limit.
  private var isForged = false

  init(settings: UInt8) {
    isLockstep = settings & 1 == 1
    do {
      transport = try LinkTransport(.listening, .udp(host: "127.0.0.1", port: 0))
      var options = ControlOptions()
      options.whenUnexplained = UnexplainedReaction.allCases[Int(settings >> 1) % 3]
      let model = Self.models[settings & 8 == 0 ? 1 : 0]
      var planner = model.description.options
      planner.exploration = settings & 16 == 0 ? 0 : 0.5
      options.planner = planner
      options.laterEntries = settings & 32 == 0 ? nil : 1
      loop = try ControlLoop(
        model: model, options: options, address: .udp(host: "127.0.0.1", port: transport.port))
    } catch {
      fatalError("\(error)")
    }
    robot = Self.makeRobot(epoch: epoch, isLockstep: isLockstep)
  }

  deinit { buffer.deallocate() }

  private static func makeRobot(epoch: UInt32, isLockstep: Bool) -> RobotSession {
    RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: limit, episodeLength: 9, lockstep: isLockstep),
      epoch: epoch, silenceNanoseconds: 500_000_000)
  }

  mutating func restartRobot() {
    epoch += 1
    robot = Self.makeRobot(epoch: epoch, isLockstep: isLockstep)
  }

  private func send(_ bytes: UnsafeRawBufferPointer, to address: PeerAddress?) {
    if bytes.count > 0, let address { _ = transport.send(bytes, to: address) }
  }

  /// Bytes of any kind from the robot's address.
  mutating func forge(_ content: [UInt8]) {
    isForged = true
    withChecksum(content).withUnsafeBytes { send($0, to: peer) }
  }

  mutating func sayGoodbye() { send(robot.encodeGoodbye(), to: robot.peer) }

  /// What an observation may say; the tame choice is a running episode's.
  mutating func sense(
    step: UInt32, episode: UInt32 = 0, values: [Float] = [0.1, -0.2, 0.3], reward: Float = -1, flags: UInt8 = 0,
    stamp: UInt64? = nil, changing place: Int = 0, by mask: UInt8 = 0
  ) {
    (observation.step, observation.episode) = (step, episode)
    observation.reward = step == 0 || flags & 4 != 0 ? nil : reward
    (observation.terminated, observation.truncated) = (flags & 1 != 0, flags & 2 != 0)
    observation.sampleTimeNanoseconds = stamp ?? vc_now()
    for (index, value) in values.enumerated() { observation.state[index] = value }
    for index in 0..<2 { observation.appliedAction[index] = action.command[index] }
    guard robot.peer != nil else { return }
    var bytes = Array(robot.encode(observation))
    if mask != 0 {
      isForged = true
      bytes.removeLast(Int(RP_SEAL_BYTES))
      bytes[place % bytes.count] ^= mask
      bytes = withChecksum(bytes)
    }
    bytes.withUnsafeBytes { send($0, to: robot.peer) }
  }

  /// Lets both ends handle what waits for them; true if an action came that is an entry of a plan for the newest
  /// observation.
  @discardableResult mutating func turn() -> Bool {
    var isPlanned = false
    for _ in 0..<3 {
      if isOver { return false }
      if !loop.runOnce(until: 0) { isOver = true }
      if takeIn() { isPlanned = true }
    }
    return isPlanned
  }

  private mutating func takeIn() -> Bool {
    var isPlanned = false
    var sender = PeerAddress.line
    while case .frame(let count) = transport.receive(into: buffer, from: &sender) {
      peer = sender
      precondition(count <= buffer.count, "the controller sent \(count) bytes")
      let frame = UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
      let event = robot.receive(frame, from: sender, now: vc_now(), action: &action)
      if case .action = event {
        for index in 0..<2 { precondition(abs(action.command[index]) <= Self.limit) }
        precondition(action.predictedReturn?.isFinite ?? true)
        if action.mode == .plan, action.observationSequence == robot.sequence {
          plans += 1
          isPlanned = true
        }
      }
      send(robot.reply, to: sender)
    }
    _ = robot.hasFallenSilent(now: vc_now())
    for reason in [Rejection.checksum, .malformed, .notFinite] {
      precondition(robot.counters[reason] == 0, "the controller sent a frame that is \(reason.name)")
    }
    precondition(isForged || robot.counters[.outOfRange] == 0, "the controller sent a command beyond the limit")
    return isPlanned
  }

  /// A robot that starts anew and behaves is driven by plans, whatever was before.
  mutating func recover(wasSlow: Bool) {
    vc_set_cost(0)
    // A burst may lie in the socket still. Here each look takes one frame that is turned away, where a real one goes on
    // for its 20 ms.
    for _ in 0..<200 where !isOver { turn() }
    restartRobot()
    for _ in 0..<20 where !isOver && !(robot.peer != nil && loop.status.isConnected) {
      vc_advance(Self.period)
      turn()
    }
    if isOver { return }
    precondition(robot.peer != nil && loop.status.isConnected, "robot and controller have not found each other")
    turn()
    // How slow a machine is it forgets by and by.
    let patience = wasSlow ? 12 : 3
    var isPlanned = false
    for step in 0..<patience where !isPlanned {
      vc_advance(Self.period)
      sense(step: UInt32(step))
      isPlanned = turn()
    }
    precondition(isPlanned || isOver, "no plan in \(patience) cycles of a sane robot")
  }
}

enum LoopFuzzing {
  /// True if the robot was driven by a plan before the end.
  static func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 600 else { return false }
    vc_begin(10_000_000_000)
    defer { vc_end() }
    var choices = Choices(bytes)
    var drive = Drive(settings: choices.byte())
    var (step, episode, wasSlow) = (UInt32(0), UInt32(0), false)
    while !choices.isOver, !drive.isOver {
      switch choices.byte() % 10 {
      case 0:
        // A period as it should be.
        vc_advance(Drive.period)
        drive.turn()
        drive.sense(step: step, episode: episode)
        step &+= 1
        drive.turn()
      case 1: vc_advance(choices.nanoseconds())
      case 2:
        // A stamp that is early or late by any time.
        let offset = choices.nanoseconds()
        vc_advance(Drive.period)
        drive.sense(
          step: step, episode: episode, stamp: choices.byte() & 1 == 0 ? vc_now() &+ offset : vc_now() &- offset)
        step &+= 1
        drive.turn()
      case 3:
        (step, episode) = (choices.word(), choices.word())
        drive.sense(
          step: step, episode: episode, values: (0..<3).map { _ in choices.float() }, reward: choices.float(),
          flags: choices.byte(), stamp: choices.long())
        drive.turn()
      case 4:
        // A burst that supersedes.
        for _ in 0..<choices.byte() {
          drive.sense(step: step, episode: episode)
          step &+= 1
        }
        drive.turn()
      case 5:
        drive.sense(step: step, episode: episode, changing: Int(choices.byte()), by: choices.byte())
        drive.turn()
      case 6:
        drive.forge(choices.string())
        drive.turn()
      case 7:
        drive.restartRobot()
        step = 0
      case 8:
        drive.sayGoodbye()
        drive.turn()
      default:
        // A machine on which every look at the clock takes up to a second.
        vc_set_cost(UInt64(1) << UInt64(choices.byte() % 31))
        wasSlow = true
      }
    }
    let hasPlanned = drive.plans > 0
    drive.recover(wasSlow: wasSlow)
    return hasPlanned
  }

  static var seeds: [[UInt8]] {
    [
      [0] + [UInt8](repeating: 0, count: 12),
      [8, 0, 0, 0, 0, 1, 40, 0, 0],
      // Lockstep; an episode that ends, another that begins, a jump of the step.
      [1, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16) + [2] + [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ],
      // Stamps, a burst, a slow machine, restarts, a goodbye.
      [0, 0, 0, 0, 2, 25, 0, 0, 2, 33, 1, 0, 4, 20, 9, 24, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0],
      [24, 0, 0, 0, 5, 20, 1, 6, 3, 8, 1, 2, 0, 0, 0],
    ]
  }
}
