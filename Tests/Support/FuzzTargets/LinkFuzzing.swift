// Both ends of a link under any input: nothing is handed over that is not finite and within limits, everything is
// counted.

import CRobotProtocol
import Failsafe
import RobotLink

enum LinkFuzzing {
  private static let profile = RobotProfile(
    family: "f", observationSize: 3, actionSize: 2, periodNanoseconds: 1_000_000)

  private static let limits = [
    CommandLimits(lower: -1, upper: 0.5, slewPerSecond: 3), CommandLimits(lower: 0, upper: 1),
  ]

  private static var channels: ChannelTable {
    ChannelTable(
      observation: ["hip", "hip velocity", ""].map { LinkChannel(name: $0, unit: "rad") },
      action: limits.enumerated().map {
        LinkChannel(name: "m\($0)", lower: $1.lower, upper: $1.upper, slew: $1.slewPerSecond)
      })
  }

  /// Two ends that have met, as after a hand-shake with these epochs.
  private struct Pair: ~Copyable {
    var robot = RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: 1, episodeLength: 9, lockstep: false, taskCount: 3),
      epoch: 0x0101_0101, silenceNanoseconds: 1_000, channels: channels)
    var controller = ControllerSession(
      profile: profile, model: "m", epoch: 0x0202_0202, silenceNanoseconds: 1_000, channels: channels)
    var observation = ObservationMessage()
    var action = ActionMessage()
    /// A robot on a network, which must not be made to flood whoever a sender says he is.
    var exposed = RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: 1, episodeLength: 9, lockstep: false, taskCount: 3),
      epoch: 0x0101_0101, silenceNanoseconds: 1_000, channels: channels)

    init() {
      _ = controller.poll(now: 1)
      _ = robot.receive(controller.reply, from: .line, now: 1, action: &action)
      _ = controller.receive(robot.reply, now: 1, observation: &observation)
      met = robot.counters.accepted + controller.counters.accepted
    }

    /// What the two would say next: a frame of each kind.
    mutating func frames() -> [[UInt8]] {
      observation.state[0] = 0.5
      var frames = [Array(robot.encode(observation))]
      (observation.step, observation.reward, observation.terminated) = (4, -1, true)
      frames.append(Array(robot.encode(observation)))
      action.observationEpoch = 0x0101_0101
      frames.append(Array(controller.encode(action)))
      (action.mode, action.laterEntries, action.predictedReturn, action.hasPredictedState) = (.plan, 2, 3, true)
      action.belief = StatedBelief(parameterCount: 1, confidence: 0.5, isUnexplained: true)
      frames.append(Array(controller.encode(action)))
      let request = TaskRequest(task: 1, seed: 2, number: 3, keepsState: true, behaviour: FixedText("expert"))
      frames.append(Array(controller.encode(request)))
      controller.askForTime(now: 300_000_000)
      frames.append(Array(controller.reply))
      _ = controller.poll(now: 2_000)
      frames.append(Array(controller.reply))
      // What the robot says of itself, channels and all.
      _ = robot.receive(controller.reply, from: .line, now: 2_000, action: &action)
      frames.append(Array(robot.reply))
      frames.append(Array(controller.encodeGoodbye()))
      frames.append(Array(robot.encodeGoodbye()))
      return frames.filter { !$0.isEmpty }
    }

    /// Frames that passed after the hand-shake.
    var passed: UInt64 { robot.counters.accepted + controller.counters.accepted - met }
    private let met: UInt64

    /// One frame to both ends; exactly one count of each grows, and what is handed over keeps the rules.
    mutating func receive(_ frame: UnsafeRawBufferPointer) {
      _ = exposed.receive(frame, from: PeerAddress(host: 1, port: 2), now: 2, action: &action)
      precondition(exposed.reply.count <= frame.count)
      let before = (robot.counters, controller.counters)
      let event = robot.receive(frame, from: .line, now: 2, action: &action)
      let answer = controller.receive(frame, now: 2, observation: &observation)
      precondition(robot.counters.accepted + robot.counters.rejected == before.0.accepted + before.0.rejected + 1)
      precondition(
        controller.counters.accepted + controller.counters.rejected == before.1.accepted + before.1.rejected + 1)
      if event == .action {
        for entry in 0..<2 { precondition(limits[entry].admits(action.command[entry])) }
        precondition(action.laterEntries >= 0 && action.laterEntries <= LinkLimits.laterEntries)
        for entry in 0..<2 * action.laterEntries {
          precondition(limits[entry % 2].admits(action.laterCommands[entry]))
        }
        if let belief = action.belief {
          precondition(belief.confidence >= 0 && belief.confidence <= 1)
          precondition(belief.parameterCount >= 0 && belief.parameterCount <= LinkLimits.parameterEntries)
          for entry in 0..<belief.parameterCount { precondition(action.believedParameters[entry].isFinite) }
        }
      }
      if event == .task {
        precondition(robot.taskRequest.task < 3 && robot.taskRequest.number != 0)
        // One that the robot does not care to obey: the answer finds its question.
        let refusal = robot.encodeRefusal(FixedText("no"))
        precondition(refusal.count > 0)
        if robot.taskRequest.seed & 1 == 0 { robot.obeyTaskRequest() }
      }
      if answer == .observation {
        for entry in 0..<3 { precondition(observation.state[entry].isFinite) }
        precondition(observation.reward?.isFinite ?? true)
      }
      if let limits = controller.robot?.limits {
        for entry in 0..<2 { precondition(limits[entry].isSound) }
      }
      precondition(robot.reply.count <= LinkLimits.datagramBytes && controller.reply.count <= LinkLimits.datagramBytes)
    }
  }

  /// True if a frame passed.
  static func checkStream(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var pair = Pair()
    // As a datagram of its own, at an address of its own size, so that reading beyond it is noticed.
    if bytes.count > 0 { pair.receive(bytes) }
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    defer { memory.deallocate() }
    var decoder = rp_line_decoder()
    (decoder.bytes, decoder.capacity) = (memory, 256)
    for byte in bytes {
      let event = rp_line_push(&decoder, byte)
      precondition(decoder.count <= 256)
      if event == RP_LINE_FRAME { pair.receive(UnsafeRawBufferPointer(start: memory, count: decoder.count)) }
    }
    return pair.passed > 0
  }

  /// True if the frame passed.
  static func checkMessage(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 8_000 else { return false }
    var pair = Pair()
    let sealed = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + Int(RP_SEAL_BYTES))
    defer { sealed.deallocate() }
    UnsafeMutableRawBufferPointer(start: sealed, count: bytes.count).copyMemory(from: bytes)
    pair.receive(UnsafeRawBufferPointer(start: sealed, count: rp_seal(sealed, bytes.count)))
    return pair.passed > 0
  }

  /// Each kind of frame, whole but for its checksum.
  static var messages: [[UInt8]] {
    var pair = Pair()
    return pair.frames().map { $0.dropLast(Int(RP_SEAL_BYTES)) }
  }

  /// Each kind of frame as it travels on a line, and as a datagram.
  static var streams: [[UInt8]] {
    var pair = Pair()
    let frames = pair.frames()
    return frames.map(onLine) + [[1, 2, 0] + frames.flatMap(onLine)] + frames.prefix(3)
  }
}
