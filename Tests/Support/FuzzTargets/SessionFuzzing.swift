// Both ends of a link through any order of loss, delay, forgery and restarts: what passes keeps the rules, and once the
// trouble is over they find each other again.

import CRobotProtocol
import RobotLink

/// A robot, its controller, a rival of that, and the frames between them, on a clock that is an argument.
private struct Link: ~Copyable {
  private static let profile = RobotProfile(
    family: "f", observationSize: 3, actionSize: 2, periodNanoseconds: 50_000_000)
  private static let home = PeerAddress(host: 1, port: 1)
  private static let strange = PeerAddress(host: 2, port: 2)
  private static let silence: UInt64 = 500_000_000
  private static let most = 64

  private struct Frame {
    var bytes: [UInt8]
    /// Where it comes from; nil: from the robot.
    var sender: PeerAddress?
  }

  var now: UInt64 = 1_000_000_000
  private var epoch: UInt32 = 1
  private var robot: RobotSession
  private var controller: ControllerSession
  private var rival: ControllerSession
  private var observation = ObservationMessage()
  private var action = ActionMessage()
  private var sensed = ObservationMessage()
  private var queue: [Frame] = []
  /// Frames were made up: what they said counts until both ends start anew.
  var isForged = false
  /// Observations and actions that passed.
  private(set) var passed = 0

  init() {
    robot = Self.makeRobot(epoch: 1)
    controller = Self.makeController(epoch: 2)
    rival = Self.makeController(epoch: 3)
    epoch = 3
  }

  private static func makeRobot(epoch: UInt32) -> RobotSession {
    RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: 1, episodeLength: 9, lockstep: false, taskCount: 3),
      epoch: epoch, silenceNanoseconds: silence)
  }

  private static func makeController(epoch: UInt32) -> ControllerSession {
    ControllerSession(profile: profile, model: "m", epoch: epoch, silenceNanoseconds: silence)
  }

  mutating func restartRobot() {
    epoch += 1
    robot = Self.makeRobot(epoch: epoch)
  }

  mutating func restartController() {
    epoch += 1
    controller = Self.makeController(epoch: epoch)
  }

  private mutating func post(_ bytes: UnsafeRawBufferPointer, from sender: PeerAddress?) {
    if bytes.count > 0, queue.count < Self.most { queue.append(Frame(bytes: Array(bytes), sender: sender)) }
  }

  mutating func poll() {
    _ = controller.poll(now: now)
    post(controller.reply, from: Self.home)
    controller.askForTime(now: now)
    post(controller.reply, from: Self.home)
    _ = robot.hasFallenSilent(now: now)
  }

  mutating func pollRival() {
    _ = rival.poll(now: now)
    post(rival.reply, from: Self.strange)
  }

  mutating func sense(step: UInt32, value: Float, isLast: Bool) {
    (sensed.step, sensed.truncated) = (step, isLast)
    sensed.reward = step == 0 ? nil : -1
    sensed.sampleTimeNanoseconds = now
    sensed.state[0] = value
    guard robot.peer != nil else { return }
    post(robot.encode(sensed), from: nil)
  }

  mutating func act(value: Float) {
    var command = ActionMessage()
    command.answer(observation)
    command.mode = .plan
    command.command[0] = value
    post(controller.encode(command), from: Self.home)
  }

  /// A task of three is asked for, or one that there is not.
  mutating func ask(task: UInt8, number: UInt8) {
    let request = TaskRequest(
      task: UInt32(task & 3), seed: 0, number: UInt32(number), keepsState: task & 4 != 0, behaviour: FixedText("b"))
    post(controller.encode(request), from: Self.home)
  }

  mutating func sayGoodbye(robotDoes: Bool) {
    if robotDoes { post(robot.encodeGoodbye(), from: nil) } else { post(controller.encodeGoodbye(), from: Self.home) }
  }

  /// The frame that waits at `index`, if there is one: lost, sent twice, overtaken by the last, or changed.
  mutating func disturb(_ index: Int, how: Int, at place: Int, by mask: UInt8) {
    guard !queue.isEmpty else { return }
    let index = index % queue.count
    switch how % 4 {
    case 0: queue.remove(at: index)
    case 1: if queue.count < Self.most { queue.append(queue[index]) }
    case 2: queue.swapAt(index, queue.count - 1)
    default:
      var bytes = Array(queue[index].bytes.dropLast(Int(RP_SEAL_BYTES)))
      guard !bytes.isEmpty else { return }
      bytes[place % bytes.count] ^= mask
      queue[index].bytes = withChecksum(bytes)
      isForged = true
    }
  }

  mutating func forge(_ content: [UInt8], fromRobot: Bool) {
    guard queue.count < Self.most else { return }
    queue.append(Frame(bytes: withChecksum(content), sender: fromRobot ? nil : Self.home))
    isForged = true
  }

  /// Delivers the oldest frame.
  mutating func deliver() {
    guard !queue.isEmpty else { return }
    let frame = queue.removeFirst()
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.bytes.count, alignment: 1)
    defer { bytes.deallocate() }
    bytes.copyBytes(from: frame.bytes)
    let datagram = UnsafeRawBufferPointer(bytes)
    guard let sender = frame.sender else {
      if robot.peer == Self.strange {
        _ = rival.receive(datagram, now: now, observation: &observation)
        post(rival.reply, from: Self.strange)
        return
      }
      if controller.receive(datagram, now: now, observation: &observation) == .observation {
        for entry in 0..<3 { precondition(observation.state[entry].isFinite) }
        precondition(observation.reward?.isFinite ?? true)
        passed += 1
      }
      post(controller.reply, from: Self.home)
      return
    }
    let event = robot.receive(datagram, from: sender, now: now, action: &action)
    if event == .task {
      precondition(robot.taskRequest.task < 3 && robot.taskRequest.number != 0)
      if robot.taskRequest.number & 1 == 0 {
        robot.obeyTaskRequest()
      } else {
        post(robot.encodeRefusal(FixedText("no")), from: nil)
      }
    }
    if event == .action {
      for entry in 0..<2 { precondition(abs(action.command[entry]) <= 1.001) }
      precondition(action.laterEntries >= 0 && action.laterEntries <= LinkLimits.laterEntries)
      for entry in 0..<2 * action.laterEntries { precondition(abs(action.laterCommands[entry]) <= 1.001) }
      passed += 1
    }
    // A robot's answer goes where the question came from.
    if robot.reply.count > 0, robot.replyAddress == Self.home { post(robot.reply, from: nil) }
  }

  mutating func deliverAll() {
    // A frame brings at most one answer, which brings none: two ends never chase each other.
    var left = 4 * Self.most
    while !queue.isEmpty {
      precondition(left > 0, "the ends chase each other")
      left -= 1
      deliver()
    }
  }

  /// Two seconds without trouble: both ends must have found each other, and what is sent arrives.
  mutating func recover() {
    queue.removeAll()
    if isForged {
      restartRobot()
      restartController()
    }
    for _ in 0..<200 {
      now += 10_000_000
      poll()
      deliverAll()
    }
    precondition(controller.isConnected && robot.peer == Self.home, "the ends have not found each other")
    let before = passed
    sense(step: 0, value: 0.5, isLast: false)
    deliverAll()
    act(value: 0.5)
    deliverAll()
    precondition(passed == before + 2, "what was sent did not arrive")
  }
}

enum SessionFuzzing {
  /// True if an observation or an action passed before the end.
  static func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 2_000 else { return false }
    var choices = Choices(bytes)
    var link = Link()
    while !choices.isOver {
      switch choices.byte() % 13 {
      case 0:
        // A period as it should be.
        link.now += 50_000_000
        link.poll()
        link.deliverAll()
        link.sense(step: 1, value: 0.25, isLast: false)
        link.deliverAll()
        link.act(value: 0.5)
        link.deliverAll()
      case 1: link.now += choices.nanoseconds()
      case 2: link.poll()
      case 3: link.pollRival()
      case 4: link.sense(step: choices.word(), value: choices.float(), isLast: choices.byte() & 1 == 1)
      case 5: link.act(value: choices.float())
      case 6: link.deliver()
      case 7:
        link.disturb(
          choices.index(below: 64), how: Int(choices.byte()), at: Int(choices.byte()), by: choices.byte())
      case 8: link.restartRobot()
      case 9: link.restartController()
      case 10: link.sayGoodbye(robotDoes: choices.byte() & 1 == 0)
      case 11: link.ask(task: choices.byte(), number: choices.byte())
      default: link.forge(choices.string(), fromRobot: choices.byte() & 1 == 0)
      }
    }
    let hasPassed = link.passed > 0
    link.recover()
    return hasPassed
  }

  static var seeds: [[UInt8]] {
    [
      [0, 0, 0],
      // Restarts of either end in mid-drive, a goodbye, a rival.
      [0, 0, 8, 0, 0, 9, 0, 10, 0, 0, 0, 3, 6, 0],
      // Frames that are lost, doubled, overtaken and changed.
      [0, 0, 2, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 0, 1, 0, 0, 6, 7, 0, 0, 0, 0, 6, 5, 0, 0, 0, 0, 7, 0, 3, 9, 4, 6, 6],
      [0, 0, 1, 33, 12, 4, 8, 1, 16, 1, 0, 6, 0, 0],
      // Tasks that are obeyed, refused, and not there.
      [0, 0, 11, 1, 2, 6, 0, 11, 2, 3, 6, 6, 11, 3, 4, 6, 6, 0],
    ]
  }
}
