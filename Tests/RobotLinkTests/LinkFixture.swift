// A robot and a controller session joined without sockets, and hand-made datagrams to throw at them.

import CRobotProtocol
import RobotLink

let cheetah = RobotProfile(family: "cheetah-vel", observationSize: 17, actionSize: 6, periodNanoseconds: 50_000_000)
let millisecond: UInt64 = 1_000_000

func describe(_ profile: RobotProfile, lockstep: Bool = false, tasks: UInt32 = 0) -> RobotDescription {
  RobotDescription(
    profile: profile, name: "test robot", actionLimit: 1, episodeLength: 200, lockstep: lockstep, taskCount: tasks)
}

/// Frame bytes with their checksum.
func sealed(_ bytes: [UInt8]) -> [UInt8] {
  let checksum = bytes.withUnsafeBytes { rp_crc32c($0.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, $0.count) }
  return bytes + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> UInt32(8 * $0)) }
}

/// The datagram of a frame whose body `fill` sets.
func datagram(epoch: UInt32, sequence: UInt32, _ fill: (inout Robot__Frame) -> Void) -> [UInt8] {
  var frame = rp_frame()
  frame.epoch = epoch
  frame.sequence = sequence
  fill(&frame)
  var bytes = [UInt8](repeating: 0, count: 60_000)
  let count = rp_pack(&frame, &bytes, bytes.count)
  return sealed(Array(bytes[..<count]))
}

/// The datagram of a Hello with so many bytes of padding; an inquiry where there is no profile.
func helloDatagram(
  epoch: UInt32, sequence: UInt32, profile: RobotProfile? = nil, model: String = "",
  padding: Int = LinkLimits.helloBytes
) -> [UInt8] {
  var hello = rp_hello()
  hello.protocol = LinkLimits.protocolVersion
  var model = Array(model.utf8CString)
  var family = Array((profile.map { "\($0.family)" } ?? "").utf8CString)
  var zeros = [UInt8](repeating: 0, count: padding)
  return model.withUnsafeMutableBufferPointer { model in
    family.withUnsafeMutableBufferPointer { family in
      zeros.withUnsafeMutableBufferPointer { zeros in
        (hello.model, hello.family) = (model.baseAddress, family.baseAddress)
        hello.observation_size = UInt32(profile?.observationSize ?? 0)
        hello.action_size = UInt32(profile?.actionSize ?? 0)
        hello.period_ns = profile?.periodNanoseconds ?? 0
        hello.schema = profile?.schema ?? 0
        (hello.padding.len, hello.padding.data) = (zeros.count, zeros.baseAddress)
        return withUnsafeMutablePointer(to: &hello) { hello in
          datagram(epoch: epoch, sequence: sequence) {
            $0.body_case = ROBOT__FRAME__BODY_HELLO
            $0.hello = hello
          }
        }
      }
    }
  }
}

/// The datagram of a Description that answers the Hello of `hello`'s epoch.
func descriptionDatagram(
  _ description: RobotDescription, epoch: UInt32, sequence: UInt32, answering hello: UInt32,
  change: (inout Robot__Description) -> Void = { _ in }
) -> [UInt8] {
  var message = rp_description()
  message.protocol = LinkLimits.protocolVersion
  message.hello_epoch = hello
  var family = Array("\(description.profile.family)".utf8CString)
  var name = Array("\(description.name)".utf8CString)
  return family.withUnsafeMutableBufferPointer { family in
    name.withUnsafeMutableBufferPointer { name in
      (message.family, message.name) = (family.baseAddress, name.baseAddress)
      message.observation_size = UInt32(description.profile.observationSize)
      message.action_size = UInt32(description.profile.actionSize)
      message.period_ns = description.profile.periodNanoseconds
      message.schema = description.profile.schema
      message.action_limit = description.actionLimit
      message.episode_length = UInt32(description.episodeLength)
      message.lockstep = description.lockstep ? 1 : 0
      message.task_count = description.taskCount
      change(&message)
      return withUnsafeMutablePointer(to: &message) { message in
        datagram(epoch: epoch, sequence: sequence) {
          $0.body_case = ROBOT__FRAME__BODY_DESCRIPTION
          $0.description = message
        }
      }
    }
  }
}

/// The datagram of a Status.
func statusDatagram(_ code: StatusCode, epoch: UInt32, sequence: UInt32, answering answered: UInt32 = 0) -> [UInt8] {
  var message = rp_status()
  message.code = Robot__StatusCode(rawValue: code.rawValue)
  message.answered_epoch = answered
  return withUnsafeMutablePointer(to: &message) { message in
    datagram(epoch: epoch, sequence: sequence) {
      $0.body_case = ROBOT__FRAME__BODY_STATUS
      $0.status = message
    }
  }
}

/// The datagram of an observation with these values.
func observationDatagram(
  epoch: UInt32, sequence: UInt32, state: [Float], applied: [Float] = [], reward: Float? = nil, step: UInt32 = 0
) -> [UInt8] {
  var (state, applied) = (state, applied)
  return state.withUnsafeMutableBufferPointer { state in
    applied.withUnsafeMutableBufferPointer { applied in
      var message = rp_observation()
      message.n_state = state.count
      message.state = state.baseAddress
      message.n_applied_action = applied.count
      message.applied_action = applied.baseAddress
      message.step = step
      if let reward {
        message.reward_if_known_case = ROBOT__OBSERVATION__REWARD_IF_KNOWN_REWARD
        message.reward = reward
      }
      return withUnsafeMutablePointer(to: &message) { message in
        datagram(epoch: epoch, sequence: sequence) {
          $0.body_case = ROBOT__FRAME__BODY_OBSERVATION
          $0.observation = message
        }
      }
    }
  }
}

/// The datagram of an action with this command.
func actionDatagram(
  epoch: UInt32, sequence: UInt32, command: [Float], answering robotEpoch: UInt32, mode: Int = 1,
  prediction: [Float] = [], later: [Float] = [], confidence: Float? = nil, parameters: [Float] = [],
  unexplained: Bool = false
) -> [UInt8] {
  // One array for all that is not a prediction; its parts are told apart by their starts.
  var (commands, prediction) = (command + later + parameters, prediction)
  return commands.withUnsafeMutableBufferPointer { commands in
    prediction.withUnsafeMutableBufferPointer { prediction in
      var message = rp_action()
      message.n_command = command.count
      message.command = commands.baseAddress
      message.n_later_commands = later.count
      message.later_commands = commands.baseAddress.map { $0 + command.count }
      message.n_believed_parameters = parameters.count
      message.believed_parameters = commands.baseAddress.map { $0 + command.count + later.count }
      if let confidence {
        message.confidence_if_known_case = ROBOT__ACTION__CONFIDENCE_IF_KNOWN_CONFIDENCE
        message.confidence = confidence
      }
      message.unexplained = unexplained ? 1 : 0
      message.n_predicted_state = prediction.count
      message.predicted_state = prediction.baseAddress
      message.observation_epoch = robotEpoch
      message.mode = Robot__Mode(rawValue: .init(truncatingIfNeeded: mode))
      return withUnsafeMutablePointer(to: &message) { message in
        datagram(epoch: epoch, sequence: sequence) {
          $0.body_case = ROBOT__FRAME__BODY_ACTION
          $0.action = message
        }
      }
    }
  }
}

/// Two sessions and a wire that never loses anything unless told.
final class LinkPair {
  static let robotEpoch: UInt32 = 0x0B07_0001
  static let controllerEpoch: UInt32 = 0xC027_0001

  var robot: RobotSession
  var controller: ControllerSession
  var observation = ObservationMessage()
  var action = ActionMessage()
  var address = PeerAddress(host: 0x7F00_0001, port: 40_000)
  var now: UInt64 = 1_000 * millisecond

  init(robot profile: RobotProfile = cheetah, model: RobotProfile = cheetah, tasks: UInt32 = 0) {
    robot = RobotSession(
      description: describe(profile, tasks: tasks), epoch: Self.robotEpoch, silenceNanoseconds: 500 * millisecond)
    controller = ControllerSession(
      profile: model, model: "test model", epoch: Self.controllerEpoch, silenceNanoseconds: 500 * millisecond)
  }

  func restartRobot() {
    robot = RobotSession(
      description: describe(robot.description.profile), epoch: Self.robotEpoch + 1,
      silenceNanoseconds: 500 * millisecond)
  }

  func restartController() {
    controller = ControllerSession(
      profile: cheetah, model: "test model", epoch: Self.controllerEpoch + 1, silenceNanoseconds: 500 * millisecond)
  }

  func toRobot(_ bytes: [UInt8], from sender: PeerAddress? = nil) -> RobotEvent {
    bytes.withUnsafeBytes { robot.receive($0, from: sender ?? address, now: now, action: &action) }
  }

  func toController(_ bytes: [UInt8]) -> ControllerEvent {
    bytes.withUnsafeBytes { controller.receive($0, now: now, observation: &observation) }
  }

  var robotReply: [UInt8] { Array(robot.reply) }
  var controllerReply: [UInt8] { Array(controller.reply) }

  /// Lets the controller say Hello and carries it and its answer over.
  @discardableResult
  func shakeHands() -> (RobotEvent, ControllerEvent) {
    now += ControllerSession.helloNanoseconds
    _ = controller.poll(now: now)
    let accepted = toRobot(controllerReply)
    return (accepted, toController(robotReply))
  }

  /// The datagram of the robot's next observation.
  func nextObservation(step: UInt32 = 0) -> [UInt8] {
    var message = ObservationMessage()
    message.step = step
    for index in 0..<17 { message.state[index] = Float(index) }
    return Array(robot.encode(message))
  }

  /// The datagram of the controller's next action.
  func nextAction() -> [UInt8] {
    var message = ActionMessage()
    message.answer(observation)
    message.observationEpoch = Self.robotEpoch
    message.mode = .plan
    message.laterEntries = 2
    for index in 0..<6 { message.command[index] = Float(index) / 10 }
    for index in 0..<12 { message.laterCommands[index] = Float(index) / 20 }
    return Array(controller.encode(message))
  }
}
