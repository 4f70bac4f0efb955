// The two state machines: meeting, not fitting, falling silent, restarting.

import RobotLink
import Testing

@Suite("Hand-shake") struct HandshakeTests {
  @Test func `a controller that fits is accepted and both ends know each other`() {
    let pair = LinkPair()
    let (accepted, connected) = pair.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .connected)
    #expect(pair.robot.peer == pair.address)
    #expect(pair.robot.model == FixedText("test model"))
    #expect(pair.controller.robot == describe(cheetah))
    let observed = pair.toController(pair.nextObservation())
    #expect(observed == .observation)
    #expect(pair.observation.state[16] == 16)
    let answered = pair.toRobot(pair.nextAction())
    #expect(answered == .action)
    #expect(pair.action.command[5] == 0.5)
    #expect(pair.action.observationSequence == pair.observation.sequence)
  }

  @Test func `a model's name longer than the link's limit is cut at a character, and the robot takes it`() {
    let pair = LinkPair()
    pair.controller = ControllerSession(
      profile: cheetah, model: String(repeating: "ä", count: 40), epoch: 7, silenceNanoseconds: 500 * millisecond)
    let (accepted, connected) = pair.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .connected)
    // Two bytes each: 31 fit in 63.
    #expect(pair.robot.model == FixedText(String(repeating: "ä", count: 31)))
  }

  static let misfits: [(RobotProfile, String)] = [
    (RobotProfile(family: "ant-dir", observationSize: 17, actionSize: 6, periodNanoseconds: 50_000_000), "family"),
    (RobotProfile(family: "cheetah-vel", observationSize: 11, actionSize: 6, periodNanoseconds: 50_000_000), "11"),
    (RobotProfile(family: "cheetah-vel", observationSize: 17, actionSize: 8, periodNanoseconds: 50_000_000), "8"),
    (
      RobotProfile(family: "cheetah-vel", observationSize: 17, actionSize: 6, periodNanoseconds: 20_000_000), "20000000"
    ),
    (
      {
        var profile = cheetah
        profile.schema = 5
        return profile
      }(), "schemas"
    ),
  ]

  @Test(
    arguments: misfits.indices)
  func `a controller that does not fit is refused with the reason, and believes it the third time`(index: Int) {
    let (model, word) = Self.misfits[index]
    let pair = LinkPair(model: model)
    for expected in [.none, .none, .refused, .refused] as [ControllerEvent] {
      let (robotEvent, event) = pair.shakeHands()
      #expect(robotEvent == .none)
      #expect(event == expected)
    }
    #expect(pair.robot.peer == nil)
    #expect(pair.controller.peerText.description.contains(word))
  }

  @Test(
    arguments: misfits.indices)
  func `a robot that does not fit is refused with the reason, and the controller gives up the third time`(index: Int) {
    let (profile, word) = Self.misfits[index]
    // A sloppy robot: it accepted this controller's Hello although they do not fit.
    let pair = LinkPair(robot: profile, model: profile)
    let strict = LinkPair()
    for expected in [.none, .none, .refused] as [ControllerEvent] {
      pair.now += ControllerSession.helloNanoseconds
      _ = pair.controller.poll(now: pair.now)
      _ = pair.toRobot(pair.controllerReply)
      strict.now = pair.now
      _ = strict.controller.poll(now: pair.now)
      let event = strict.toController(pair.robotReply)
      #expect(event == expected)
      #expect(strict.controller.peerText.description.contains(word))
      let told = pair.toRobot(strict.controllerReply)
      #expect(told == .refused)
      #expect(pair.robot.peerText == strict.controller.peerText)
    }
  }

  @Test func `a schema of 0 on one side fits every schema`() {
    var profile = cheetah
    profile.schema = 0
    let pair = LinkPair(model: profile)
    let (_, event) = pair.shakeHands()
    #expect(event == .connected)
  }

  @Test func `Hello is repeated every 100 ms until it is answered`() {
    let pair = LinkPair()
    var hellos = 0
    for _ in 0..<1_000 {
      _ = pair.controller.poll(now: pair.now)
      if !pair.controllerReply.isEmpty { hellos += 1 }
      pair.now += millisecond
    }
    #expect(hellos == 10)
    let due = pair.controller.nextPoll()
    #expect(due == pair.now)
  }

  @Test func `a repeated Hello of the driving controller is answered again and starts nothing anew`() {
    let pair = LinkPair()
    _ = pair.controller.poll(now: pair.now)
    let first = pair.toRobot(pair.controllerReply)
    pair.now += 100 * millisecond
    _ = pair.controller.poll(now: pair.now)
    let second = pair.toRobot(pair.controllerReply)
    #expect(first == .connected)
    #expect(second == .none)
    let event = pair.toController(pair.robotReply)
    #expect(event == .connected)
  }

  @Test func `a second controller hears that the robot is busy until the first has not answered for 250 ms`() {
    let pair = LinkPair()
    pair.shakeHands()
    let other = PeerAddress(host: 0x7F00_0001, port: 40_001)
    pair.restartController()
    _ = pair.controller.poll(now: pair.now)
    let refused = pair.toRobot(pair.controllerReply, from: other)
    let told = pair.toController(pair.robotReply)
    #expect(refused == .none)
    #expect(told == .busy)
    #expect(pair.robot.peer == pair.address)
    #expect(pair.robot.counters[.stranger] == 1)

    pair.now += 249 * millisecond
    _ = pair.controller.poll(now: pair.now)
    let early = pair.toRobot(pair.controllerReply, from: other)
    #expect(early == .none)
    pair.now += 100 * millisecond
    _ = pair.controller.poll(now: pair.now)
    let taken = pair.toRobot(pair.controllerReply, from: other)
    #expect(taken == .connected)
    #expect(pair.robot.peer == other)
  }

  @Test func `the robot notices silence once, after the documented time and not before`() {
    let pair = LinkPair()
    pair.shakeHands()
    let early = pair.robot.hasFallenSilent(now: pair.now + 499 * millisecond)
    let late = pair.robot.hasFallenSilent(now: pair.now + 500 * millisecond)
    let again = pair.robot.hasFallenSilent(now: pair.now + 600 * millisecond)
    #expect(!early)
    #expect(late)
    #expect(!again)
  }

  @Test func `the controller notices silence after the documented time`() {
    let pair = LinkPair()
    pair.shakeHands()
    let early = pair.controller.poll(now: pair.now + 499 * millisecond)
    let late = pair.controller.poll(now: pair.now + 500 * millisecond)
    #expect(!early)
    #expect(late)
    #expect(pair.controller.isConnected == false)
  }

  @Test func `a connected controller says Hello after two quiet periods, which changes nothing without a restart`() {
    let pair = LinkPair()
    pair.shakeHands()
    #expect(pair.controller.nextPoll() == pair.now + 100 * millisecond)
    pair.now += 99 * millisecond
    _ = pair.controller.poll(now: pair.now)
    #expect(pair.controllerReply.isEmpty)
    pair.now += millisecond
    _ = pair.controller.poll(now: pair.now)
    let heard = pair.toRobot(pair.controllerReply)
    #expect(heard == .none)
    let answered = pair.toController(pair.robotReply)
    #expect(answered == .none)
    #expect(pair.controller.isConnected == true)
    // The same Hello finds a robot that has restarted.
    pair.restartRobot()
    pair.now += 100 * millisecond
    _ = pair.controller.poll(now: pair.now)
    let found = pair.toRobot(pair.controllerReply)
    let again = pair.toController(pair.robotReply)
    #expect((found, again) == (.connected, .connected))
  }

  @Test func `an inquiry is answered in every state, tells the description and changes nothing`() throws {
    let pair = LinkPair()
    let question = helloDatagram(epoch: 77, sequence: 1)
    let stranger = PeerAddress(host: 1, port: 2)
    for isDriven in [false, true] {
      let event = pair.toRobot(question, from: stranger)
      #expect(event == .none)
      #expect(pair.robot.replyAddress == stranger)
      #expect(!pair.robotReply.isEmpty)
      #expect(pair.robot.peer == (isDriven ? pair.address : nil))
      // A session takes such an answer for nothing.
      let before = pair.controller.counters[.malformed]
      _ = pair.toController(pair.robotReply)
      #expect(pair.controller.counters[.malformed] == before + 1)
      pair.shakeHands()
    }
    _ = pair.toController(pair.nextObservation())
    #expect(pair.controller.counters.lost == 0, "an inquiry uses no sequence number up")
  }

  @Test
  func `a restarted robot answers the next action with 'unknown peer' and is picked up by the Hello of its silence`() {
    let pair = LinkPair()
    pair.shakeHands()
    _ = pair.toController(pair.nextObservation())
    pair.restartRobot()
    let unknown = pair.toRobot(pair.nextAction())
    let told = pair.toController(pair.robotReply)
    #expect(unknown == .none)
    #expect(told == .none)
    let (accepted, connected) = pair.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .connected)
    let observed = pair.toController(pair.nextObservation())
    #expect(observed == .observation)
    #expect(pair.observation.epoch == LinkPair.robotEpoch + 1)
  }

  @Test func `an observation of another epoch is dropped; a robot that has restarted is found by its silence`() {
    let pair = LinkPair()
    pair.shakeHands()
    pair.restartRobot()
    let event = pair.toController(pair.nextObservation())
    #expect(event == .none)
    #expect(pair.controller.isConnected == true)
    #expect(pair.controller.counters[.otherEpoch] == 1)
    let (_, connected) = pair.shakeHands()
    #expect(connected == .connected)
  }

  @Test(
    arguments: [true, false])
  func `a restarted controller waits until its former self is silent; on a line it is taken at once`(isLine: Bool) {
    let pair = LinkPair()
    if isLine { pair.address = .line }
    pair.shakeHands()
    let stale = pair.nextAction()
    pair.restartController()
    for _ in 0..<(isLine ? 0 : 2) {
      let (accepted, told) = pair.shakeHands()
      #expect(accepted == .none)
      #expect(told == .busy)
    }
    let (accepted, connected) = pair.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .connected)
    let old = pair.toRobot(stale)
    #expect(old == .none)
    #expect(pair.robot.counters[.otherEpoch] == 1)
  }

  @Test func `goodbye from either side ends the link on the other`() {
    let pair = LinkPair()
    pair.shakeHands()
    let robotLeft = pair.toController(Array(pair.robot.encodeGoodbye()))
    #expect(robotLeft == .goodbye)
    pair.shakeHands()
    let controllerLeft = pair.toRobot(Array(pair.controller.encodeGoodbye()))
    #expect(controllerLeft == .goodbye)
    #expect(pair.robot.peer == nil)
  }

  @Test func `a description that answers another controller's Hello is dropped`() {
    let pair = LinkPair()
    _ = pair.controller.poll(now: pair.now)
    _ = pair.toRobot(pair.controllerReply)
    let description = pair.robotReply
    pair.restartController()
    let event = pair.toController(description)
    #expect(event == .none)
    #expect(pair.controller.counters[.otherEpoch] == 1)
  }
}
