// The state tables of Docs/link-protocol.md, cell by cell: what may end a drive, and what may not.

import RobotLink
import Testing

@Suite("State tables") struct StateTableTests {
  static let other: UInt32 = 0x0B07_00FF

  /// What a robot might say of itself in mid-drive that it has not said before; the last does not fit the model either.
  static let changed: [RobotDescription] = {
    var descriptions = Array(repeating: describe(cheetah), count: 4)
    descriptions[0].actionLimit = 2
    descriptions[1].lockstep = true
    descriptions[2].name = FixedText("another")
    descriptions[3].profile.observationSize = 11
    return descriptions
  }()

  /// Two ends that drive.
  func drivenPair() -> LinkPair {
    let pair = LinkPair()
    pair.shakeHands()
    #expect(pair.toController(pair.nextObservation()) == .observation)
    #expect(pair.toRobot(pair.nextAction()) == .action)
    return pair
  }

  func expectDriving(_ pair: LinkPair, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(pair.controller.isConnected == true, sourceLocation: sourceLocation)
    #expect(pair.controller.robot == describe(cheetah), sourceLocation: sourceLocation)
    #expect(pair.toController(pair.nextObservation()) == .observation, sourceLocation: sourceLocation)
    #expect(pair.toRobot(pair.nextAction()) == .action, sourceLocation: sourceLocation)
  }

  // MARK: The controller, connected

  @Test(
    arguments: changed.indices)
  func `a Description of the same start that says something else is told, counted and ignored`(index: Int) {
    for isQuiet in [false, true] {
      let pair = drivenPair()
      if isQuiet { pair.now += 150 * millisecond }
      let bytes = descriptionDatagram(
        Self.changed[index], epoch: LinkPair.robotEpoch, sequence: 900, answering: LinkPair.controllerEpoch)
      #expect(pair.toController(bytes) == .contradiction)
      #expect(pair.controllerReply.isEmpty)
      #expect(pair.controller.counters[.unexpected] == 1)
      // Its number does not count: what the robot sends next is not older.
      expectDriving(pair)
      #expect(pair.controller.counters.lost == 0)
    }
  }

  @Test func `after a silence what the robot says then holds, whatever was forged in its name before`() {
    let pair = drivenPair()
    pair.now += 100 * millisecond
    // Another start, and then this one's epoch with another limit: for a while the controller takes that for the robot.
    for (description, epoch) in [(describe(cheetah), Self.other), (Self.changed[0], LinkPair.robotEpoch)] {
      let bytes = descriptionDatagram(description, epoch: epoch, sequence: 900, answering: LinkPair.controllerEpoch)
      #expect(pair.toController(bytes) == .connected)
      #expect(pair.controller.robot == description)
      pair.now += 100 * millisecond
    }
    pair.now += 500 * millisecond
    let silent = pair.controller.poll(now: pair.now)
    #expect(silent)
    let (_, connected) = pair.shakeHands()
    #expect(connected == .connected)
    expectDriving(pair)
  }

  @Test func `a Description of another start is worth nothing while the robot is heard, whether it fits or not`() {
    for description in Self.changed + [describe(cheetah)] {
      let pair = drivenPair()
      let bytes = descriptionDatagram(
        description, epoch: Self.other, sequence: 900, answering: LinkPair.controllerEpoch)
      #expect(pair.toController(bytes) == .none)
      #expect(pair.controllerReply.isEmpty)
      #expect(pair.controller.counters[.otherEpoch] == 1)
      expectDriving(pair)
    }
  }

  @Test func `once the robot is quiet, another start that fits begins anew; one that does not changes nothing`() {
    let pair = drivenPair()
    pair.now += 100 * millisecond
    var misfit = describe(cheetah)
    misfit.profile.actionSize = 5
    let bad = descriptionDatagram(misfit, epoch: Self.other, sequence: 1, answering: LinkPair.controllerEpoch)
    #expect(pair.toController(bad) == .none)
    #expect(!pair.controllerReply.isEmpty, "it is told why")
    #expect(pair.controller.isConnected == true)
    #expect(pair.controller.robot == describe(cheetah))
    let good = descriptionDatagram(
      Self.changed[0], epoch: Self.other, sequence: 7, answering: LinkPair.controllerEpoch)
    #expect(pair.toController(good) == .connected)
    #expect(pair.controller.robot == Self.changed[0])
    // The old start is over, the new one counts from its own number.
    #expect(pair.toController(pair.nextObservation()) == .none)
    let first = observationDatagram(epoch: Self.other, sequence: 8, state: [Float](repeating: 0, count: 17))
    #expect(pair.toController(first) == .observation)
    #expect(pair.controller.counters.lost == 0)
  }

  @Test func `a Description that answers another controller's Hello, or an inquiry, is worth nothing`() {
    let pair = drivenPair()
    for (answering, sequence, reason) in [(5, 900, .otherEpoch), (LinkPair.controllerEpoch, 0, .malformed)]
      as [(UInt32, UInt32, Rejection)]
    {
      let bytes = descriptionDatagram(
        Self.changed[3], epoch: LinkPair.robotEpoch, sequence: sequence, answering: answering)
      #expect(pair.toController(bytes) == .none)
      #expect(pair.controller.counters[reason] == 1)
    }
    expectDriving(pair)
  }

  @Test func `a REFUSED in mid-drive is told, counted and ignored, in the sequence or outside it`() {
    for (sequence, answering) in [(900, 0), (0, LinkPair.controllerEpoch)] as [(UInt32, UInt32)] {
      let pair = drivenPair()
      let bytes = statusDatagram(.refused, epoch: LinkPair.robotEpoch, sequence: sequence, answering: answering)
      #expect(pair.toController(bytes) == .contradiction)
      #expect(pair.controller.counters[.unexpected] == 1)
      expectDriving(pair)
    }
  }

  @Test func `no other word of a stranger or another start moves a connected controller`() {
    let pair = drivenPair()
    for code in [.refused, .busy, .unknownPeer, .goodbye] as [StatusCode] {
      for (epoch, sequence, answering) in [
        (Self.other, 900, 0), (Self.other, 0, 5), (LinkPair.robotEpoch, 0, 5), (LinkPair.robotEpoch, 1, 0),
      ] as [(UInt32, UInt32, UInt32)] {
        #expect(
          pair.toController(statusDatagram(code, epoch: epoch, sequence: sequence, answering: answering)) == .none)
      }
    }
    expectDriving(pair)
  }

  @Test func `BUSY is told and UNKNOWN_PEER noted, and neither ends a drive; a goodbye of the robot's does`() {
    let pair = drivenPair()
    func status(_ code: StatusCode) -> ControllerEvent {
      pair.toController(
        statusDatagram(code, epoch: Self.other, sequence: 0, answering: LinkPair.controllerEpoch))
    }
    #expect(status(.busy) == .busy)
    #expect(status(.goodbye) == .none)
    pair.now += 10 * millisecond
    _ = pair.controller.poll(now: pair.now)
    #expect(pair.controllerReply.isEmpty)
    #expect(status(.unknownPeer) == .none)
    expectDriving(pair)
    pair.now += 90 * millisecond
    #expect(pair.controller.nextPoll() <= pair.now)
    expectDriving(pair)
    for isSaid in [true, false] {
      _ = pair.controller.poll(now: pair.now)
      #expect(pair.controllerReply.isEmpty != isSaid)
      pair.now += 90 * millisecond
    }
    expectDriving(pair)
    #expect(pair.toController(Array(pair.robot.encodeGoodbye())) == .goodbye)
    #expect(pair.controller.isConnected == false)
  }

  // MARK: The controller, seeking

  @Test
  func `a seeking controller believes a refusal when three Hellos in a row were answered so, not by their number`() {
    let pair = LinkPair()
    let bytes = statusDatagram(.refused, epoch: Self.other, sequence: 0, answering: LinkPair.controllerEpoch)
    var events: [ControllerEvent] = []
    for _ in 0..<3 {
      pair.now += ControllerSession.helloNanoseconds
      _ = pair.controller.poll(now: pair.now)
      for _ in 0..<100 { events.append(pair.toController(bytes)) }
    }
    #expect(events.firstIndex(of: .refused) == 200)
    #expect(events.count { $0 != .none } == 1)
  }

  @Test func `a forged refusal before the true robot's answer keeps nobody from driving`() {
    let pair = LinkPair()
    _ = pair.controller.poll(now: pair.now)
    let hello = pair.controllerReply
    let forged = statusDatagram(.refused, epoch: Self.other, sequence: 0, answering: LinkPair.controllerEpoch)
    for _ in 0..<10 { #expect(pair.toController(forged) == .none) }
    #expect(pair.toRobot(hello) == .connected)
    #expect(pair.toController(pair.robotReply) == .connected)
    expectDriving(pair)
  }

  @Test func `a seeking controller takes no observation, no goodbye, and no REFUSED in a sequence or of others`() {
    let pair = LinkPair()
    _ = pair.controller.poll(now: pair.now)
    let frames = [
      observationDatagram(epoch: LinkPair.robotEpoch, sequence: 1, state: [Float](repeating: 0, count: 17)),
      statusDatagram(.goodbye, epoch: LinkPair.robotEpoch, sequence: 1),
      statusDatagram(.refused, epoch: LinkPair.robotEpoch, sequence: 1),
      statusDatagram(.refused, epoch: LinkPair.robotEpoch, sequence: 0, answering: 5),
      statusDatagram(.goodbye, epoch: LinkPair.robotEpoch, sequence: 0, answering: LinkPair.controllerEpoch),
    ]
    for frame in frames { #expect(pair.toController(frame) == .none) }
    #expect(pair.controller.counters.accepted == 0)
    #expect(pair.controller.counters.rejected == UInt64(frames.count))
    #expect(pair.controller.isConnected == false)
  }

  // MARK: Numbers that lead astray

  @Test func `a number far ahead, forged or real, silences neither end for longer than it takes to be quiet`() {
    let pair = drivenPair()
    let zeros = [Float](repeating: 0, count: 17)
    #expect(
      pair.toController(observationDatagram(epoch: LinkPair.robotEpoch, sequence: 1_000_000, state: zeros))
        == .observation)
    #expect(pair.toController(pair.nextObservation()) == .none)
    #expect(pair.controller.counters[.stale] == 1)
    pair.now += 100 * millisecond
    #expect(pair.toController(pair.nextObservation()) == .observation)
    #expect(pair.toController(pair.nextObservation()) == .observation)
    let still = [Float](repeating: 0, count: 6)
    let ahead = actionDatagram(
      epoch: LinkPair.controllerEpoch, sequence: 1_000_000, command: still, answering: LinkPair.robotEpoch)
    #expect(pair.toRobot(ahead) == .action)
    #expect(pair.toRobot(pair.nextAction()) == .none)
    pair.now += 250 * millisecond
    #expect(pair.toRobot(pair.nextAction()) == .action)
    #expect(pair.toRobot(pair.nextAction()) == .action)
  }

  @Test func `the number of a frame that breaks another rule does not count`() {
    let pair = drivenPair()
    let bad = [Float](repeating: .nan, count: 17)
    let sent = pair.toController(observationDatagram(epoch: LinkPair.robotEpoch, sequence: 1_000_000, state: bad))
    #expect(sent == .none)
    let told = pair.toRobot(
      actionDatagram(
        epoch: LinkPair.controllerEpoch, sequence: 1_000_000, command: [9, 9, 9, 9, 9, 9],
        answering: LinkPair.robotEpoch))
    #expect(told == .none)
    expectDriving(pair)
    #expect(pair.controller.counters.lost == 0 && pair.robot.counters.lost == 0)
  }

  // MARK: The robot

  @Test func `a robot that is driven keeps its controller while that one answers, whatever Hello comes`() {
    let pair = drivenPair()
    let stranger = PeerAddress(host: 0x0A00_0001, port: 9)
    for round in 1...100 as ClosedRange<UInt32> {
      pair.now += 50 * millisecond
      for name in [stranger, pair.address] {
        let hello = helloDatagram(epoch: 0x100 + round, sequence: 1, profile: cheetah)
        #expect(pair.toRobot(hello, from: name) == .none)
        #expect(pair.robot.replyAddress == name)
        #expect(pair.toController(pair.robotReply) == .none)
      }
      expectDriving(pair)
    }
    #expect(pair.robot.counters[.stranger] == 200)
    // Its Hello said again changes nothing either.
    let again = pair.toRobot(
      helloDatagram(epoch: LinkPair.controllerEpoch, sequence: 900, profile: cheetah))
    #expect(again == .none)
    #expect(pair.robot.peer == pair.address)
  }

  @Test func `no answer over UDP is longer than the datagram that it answers, and a short Hello is told so`() {
    let named = RobotDescription(
      profile: cheetah, name: FixedText(String(repeating: "n", count: 63)), actionLimit: 1, episodeLength: 1 << 30,
      lockstep: true)
    var ant = cheetah
    ant.family = FixedText("ant-dir")
    for isDriven in [false, true] {
      for padding in 0...200 {
        for profile in [nil, cheetah, ant] {
          for model in ["", "a model with a name"] {
            let pair = LinkPair()
            pair.robot = RobotSession(description: named, epoch: 9, silenceNanoseconds: 500 * millisecond)
            if isDriven { pair.shakeHands() }
            let hello = helloDatagram(epoch: 3, sequence: 1, profile: profile, model: model, padding: padding)
            let event = pair.toRobot(hello, from: PeerAddress(host: 1, port: 2))
            #expect(pair.robotReply.count <= hello.count)
            if hello.count >= LinkLimits.helloBytes, profile != ant { #expect(pair.robotReply.count > 20) }
            // Who is not told what he drives does not drive.
            if event == .connected { #expect(pair.robotReply.count >= 50) }
          }
        }
      }
    }
    // A Hello without padding, as controllers sent it before, is answered without what is for people.
    let pair = LinkPair()
    let hello = helloDatagram(epoch: 3, sequence: 1, profile: cheetah, model: "a model with a name", padding: 0)
    #expect(pair.toRobot(hello) == .connected)
    let short = LinkPair()
    #expect(short.toRobot(helloDatagram(epoch: 3, sequence: 1, padding: 0)) == .none)
    #expect(short.robot.counters[.tooShort] == 1)
    // On a line nobody else can be meant.
    let line = LinkPair()
    #expect(line.toRobot(helloDatagram(epoch: 3, sequence: 1, padding: 0), from: .line) == .none)
    #expect(line.robot.counters.accepted == 1)
    #expect(line.robotReply.count > 60)
  }

  @Test func `no action, question or status from anyone is answered by more bytes than it had`() {
    let stranger = PeerAddress(host: 1, port: 2)
    let pair = drivenPair()
    let frames = [
      actionDatagram(epoch: 3, sequence: 1, command: [], answering: 0),
      actionDatagram(epoch: 3, sequence: 1, command: [0, 0, 0, 0, 0, 0], answering: LinkPair.robotEpoch),
      statusDatagram(.goodbye, epoch: 3, sequence: 1),
    ]
    for frame in frames {
      for sender in [stranger, pair.address] {
        _ = pair.toRobot(frame, from: sender)
        #expect(pair.robotReply.count <= frame.count)
      }
    }
    pair.controller.askForTime(now: pair.now)
    let question = pair.controllerReply
    #expect(pair.toRobot(question) == .none)
    #expect(!pair.robotReply.isEmpty)
    #expect(pair.robotReply.count <= question.count)
  }

  @Test func `what a controller says first has room for its answer over UDP, and no padding on a line`() {
    for isOnLine in [false, true] {
      var controller = ControllerSession(
        profile: cheetah, model: "", epoch: 7, silenceNanoseconds: 1, isOnLine: isOnLine)
      _ = controller.poll(now: 1)
      #expect((controller.reply.count >= LinkLimits.helloBytes) == !isOnLine)
      #expect(controller.reply.count <= (isOnLine ? 60 : LinkLimits.helloBytes + 8))
    }
  }
}
