// Asking a robot for another task: what passes, what is refused, and how either side knows.

import CRobotProtocol
import RobotLink
import Testing

/// The datagram of a request with this number and behaviour.
private func requestDatagram(
  task: UInt32 = 1, number: UInt32 = 9, behaviour: String = "", epoch: UInt32 = LinkPair.controllerEpoch,
  sequence: UInt32 = 100
) -> [UInt8] {
  var message = rp_task_request()
  var text = Array(behaviour.utf8CString)
  return text.withUnsafeMutableBufferPointer { text in
    (message.task, message.number, message.behaviour) = (task, number, text.baseAddress)
    return withUnsafeMutablePointer(to: &message) { message in
      datagram(epoch: epoch, sequence: sequence) {
        $0.body_case = ROBOT__FRAME__BODY_TASK_REQUEST
        $0.task_request = message
      }
    }
  }
}

@Suite struct TaskRequestTests {
  private let pair = LinkPair(tasks: 10)
  private let request = TaskRequest(
    task: 7, seed: 0xFEDC_BA98_7654_3210, number: 3, keepsState: true, behaviour: FixedText("expert"))

  init() { pair.shakeHands() }

  @Test func `a request arrives as it is, and observations say from when on it is obeyed`() {
    let robot = pair.controller.robot
    #expect(robot?.taskCount == 10)
    let event = pair.toRobot(Array(pair.controller.encode(request)))
    #expect(event == .task)
    #expect(pair.robot.taskRequest == request)
    var answer = pair.toController(pair.nextObservation())
    #expect(answer == .observation && pair.observation.taskRequest == 0)
    pair.robot.obeyTaskRequest()
    answer = pair.toController(pair.nextObservation(step: 0))
    #expect(answer == .observation && pair.observation.taskRequest == 3)
  }

  @Test func `a request that is obeyed already is a heartbeat and nothing else`() {
    var event = pair.toRobot(Array(pair.controller.encode(request)))
    pair.robot.obeyTaskRequest()
    pair.now += 400 * millisecond
    event = pair.toRobot(Array(pair.controller.encode(request)))
    #expect(event == .none && pair.robot.counters.rejected == 0)
    pair.now += 400 * millisecond
    let isSilent = pair.robot.hasFallenSilent(now: pair.now)
    #expect(!isSilent)
  }

  @Test func `a task that there is not is refused and counted, and the controller told`() {
    var wrong = request
    wrong.task = 10
    let event = pair.toRobot(Array(pair.controller.encode(wrong)))
    #expect(event == .none && pair.robot.counters[.outOfRange] == 1 && pair.robot.taskRequest.number == 0)
    let answer = pair.toController(pair.robotReply)
    #expect(answer == .taskRefused)
    #expect("\(pair.controller.peerText)" == "the robot has tasks 0 to 9, not 10")
  }

  @Test func `a robot of one task refuses each request`() {
    let pair = LinkPair()
    pair.shakeHands()
    let event = pair.toRobot(Array(pair.controller.encode(request)))
    #expect(event == .none && pair.robot.counters[.outOfRange] == 1)
    let answer = pair.toController(pair.robotReply)
    #expect(answer == .taskRefused && "\(pair.controller.peerText)".contains("takes no requests"))
    let isConnected = pair.controller.isConnected
    #expect(isConnected)
  }

  @Test func `the robot's own refusal reaches the controller that asked, once for each time it asks`() {
    for _ in 0..<2 {
      let event = pair.toRobot(Array(pair.controller.encode(request)))
      #expect(event == .task)
      let refusal = Array(pair.robot.encodeRefusal(FixedText("the behaviours are random")))
      let answer = pair.toController(refusal)
      #expect(answer == .taskRefused && "\(pair.controller.peerText)" == "the behaviours are random")
    }
  }

  @Test func `a refusal of another request than the last is stale`() {
    _ = pair.toRobot(Array(pair.controller.encode(request)))
    let refusal = Array(pair.robot.encodeRefusal(FixedText("no")))
    var next = request
    next.number = 4
    _ = pair.controller.encode(next)
    let answer = pair.toController(refusal)
    #expect(answer == .none && pair.controller.counters[.stale] == 1)
  }

  @Test func `who has asked for nothing is refused nothing`() {
    // Long enough for its answer.
    _ = pair.toRobot(requestDatagram(behaviour: String(repeating: "b", count: 60)))
    let answer = pair.toController(Array(pair.robot.encodeRefusal(FixedText("no"))))
    #expect(answer == .none && pair.controller.counters[.stale] == 1 && pair.controller.isConnected)
  }

  @Test func `a request that breaks a rule is dropped`() {
    for bytes in [requestDatagram(number: 0), requestDatagram(behaviour: String(repeating: "b", count: 64))] {
      let before = pair.robot.counters[.outOfRange]
      let event = pair.toRobot(bytes)
      #expect(event == .none && pair.robot.counters[.outOfRange] == before + 1 && pair.robotReply.isEmpty)
    }
    let event = pair.toRobot(requestDatagram(behaviour: String(repeating: "b", count: 63)))
    #expect(event == .task)
  }

  @Test func `a request of somebody else, of another start, or an old one is dropped`() {
    var event = pair.toRobot(requestDatagram(), from: PeerAddress(host: 1, port: 1))
    #expect(event == .none && pair.robot.counters[.stranger] == 1 && pair.robotReply.isEmpty)
    event = pair.toRobot(requestDatagram(epoch: LinkPair.controllerEpoch + 1))
    #expect(event == .none && pair.robot.counters[.otherEpoch] == 1 && pair.robotReply.isEmpty)
    event = pair.toRobot(requestDatagram(sequence: 100))
    #expect(event == .task)
    event = pair.toRobot(requestDatagram(sequence: 99))
    #expect(event == .none && pair.robot.counters[.stale] == 1)
  }

  @Test func `no refusal is longer than its question, and over UDP there is room for a whole text`() {
    let text = FixedText(String(repeating: "x", count: 159))
    let question = Array(pair.controller.encode(request))
    #expect((LinkLimits.helloBytes...LinkLimits.helloBytes + 4).contains(question.count))
    _ = pair.toRobot(question)
    let refusal = Array(pair.robot.encodeRefusal(text))
    #expect(!refusal.isEmpty && refusal.count <= question.count)
    let short = requestDatagram(number: 77, sequence: 5_000)
    _ = pair.toRobot(short)
    #expect(pair.robot.encodeRefusal(text).count <= short.count)
  }

  @Test func `the longest Description still fits into the answer to a Hello`() throws {
    let name = String(repeating: "n", count: 63)
    let profile = RobotProfile(family: name, observationSize: 512, actionSize: 128, periodNanoseconds: .max)
    var robot = RobotSession(
      description: RobotDescription(
        profile: profile, name: name, actionLimit: 1, episodeLength: Int(Int32.max), lockstep: true,
        taskCount: LinkLimits.tasks),
      epoch: .max, silenceNanoseconds: 1)
    var controller = ControllerSession(profile: profile, model: name, epoch: .max, silenceNanoseconds: 1)
    var action = ActionMessage()
    var observation = ObservationMessage()
    _ = controller.poll(now: 200 * millisecond)
    _ = robot.receive(controller.reply, from: pair.address, now: 1, action: &action)
    let event = controller.receive(robot.reply, now: 1, observation: &observation)
    #expect(event == .connected)
    let robotFound = controller.robot
    let found = try #require(robotFound)
    #expect(found.taskCount == 1_000_000 && "\(found.name)" == name)
  }

  @Test func `more than a million tasks are too many`() {
    let pair = LinkPair()
    pair.now += ControllerSession.helloNanoseconds
    _ = pair.controller.poll(now: pair.now)
    let event = pair.toController(
      descriptionDatagram(
        describe(cheetah, tasks: 1_000_001), epoch: 5, sequence: 1, answering: LinkPair.controllerEpoch))
    #expect(event == .none && !pair.controller.isConnected && pair.controller.counters[.unexpected] == 1)
  }

  @Test func `the next controller's requests are counted anew`() {
    _ = pair.toRobot(Array(pair.controller.encode(request)))
    pair.robot.obeyTaskRequest()
    pair.restartController()
    pair.now += 600 * millisecond
    pair.shakeHands()
    let answer = pair.toController(pair.nextObservation())
    #expect(answer == .observation && pair.observation.taskRequest == 0)
    let event = pair.toRobot(Array(pair.controller.encode(request)))
    #expect(event == .task)
  }
}
