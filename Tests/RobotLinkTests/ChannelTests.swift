// Channels on the link: what a robot says of them arrives, what differs from the model is refused by name, and robots
// that say nothing of them are driven as they always were.

import CRobotProtocol
import Failsafe
import RobotLink
import Testing

/// The half-cheetah's sizes with names; `change` harms them.
private func channels(
  nameBytes: Int = 0, change: (inout [LinkChannel], inout [LinkChannel]) -> Void = { _, _ in }
) -> ChannelTable {
  let filler = String(repeating: "x", count: nameBytes)
  var observation = (0..<17).map { LinkChannel(name: "sensor \($0)\(filler)", unit: "rad", lower: -3, upper: 3) }
  observation[16] = LinkChannel(name: "knee velocity", unit: "rad/s")
  var action = (0..<6).map {
    LinkChannel(name: "motor \($0)\(filler)", unit: "N m", lower: -1, upper: 1, slew: 60)
  }
  (action[2].lower, action[2].upper, action[2].slew) = (0.25, 2, .infinity)
  change(&observation, &action)
  return ChannelTable(observation: observation, action: action)
}

@Suite("Channels on the link") struct ChannelTests {
  /// A pair whose two ends know these channels.
  private func pair(robot: consuming ChannelTable, model: consuming ChannelTable) -> LinkPair {
    let pair = LinkPair()
    pair.robot = RobotSession(
      description: describe(cheetah), epoch: LinkPair.robotEpoch, silenceNanoseconds: 500 * millisecond,
      channels: robot)
    pair.controller = ControllerSession(
      profile: cheetah, model: "test model", epoch: LinkPair.controllerEpoch, silenceNanoseconds: 500 * millisecond,
      channels: model)
    return pair
  }

  /// Carries Hellos and answers to and fro; the first event of the controller that is one, and each answer's length
  /// beside that of its Hello.
  private func meet(_ pair: LinkPair) -> (event: ControllerEvent, lengths: [(hello: Int, answer: Int)]) {
    var lengths: [(hello: Int, answer: Int)] = []
    for _ in 0..<6 {
      pair.now += ControllerSession.helloNanoseconds
      _ = pair.controller.poll(now: pair.now)
      for _ in 0..<2 where !pair.controllerReply.isEmpty && pair.controller.isConnected == false {
        let hello = pair.controllerReply
        _ = pair.toRobot(hello)
        let answer = pair.robotReply
        lengths.append((hello.count, answer.count))
        let event = pair.toController(answer)
        switch event {
        case .none: break
        default: return (event, lengths)
        }
      }
    }
    return (.none, lengths)
  }

  @Test func `limits of every channel arrive, though no answer is longer than its Hello`() throws {
    let pair = pair(robot: channels(), model: channels())
    let (event, lengths) = meet(pair)
    guard case .connected = event else {
      Issue.record("\(event): \(pair.controller.peerText)")
      return
    }
    // Once with a Hello of the usual length, once with one as long as the answer.
    #expect(lengths.count == 2)
    for (hello, answer) in lengths { #expect(answer <= hello && answer > 0) }
    #expect(lengths[1].answer > LinkLimits.helloBytes)
    let robot = try #require(pair.knownRobot)
    #expect(robot.limits[0] == CommandLimits(lower: -1, upper: 1, slewPerSecond: 60))
    #expect(robot.limits[2] == CommandLimits(lower: 0.25, upper: 2))
    #expect(robot.actionLimit == 2)
    #expect(robot == pair.robotDescription)
    // While it drives the robot says the same again, to a Hello as long.
    pair.now += 400 * millisecond
    _ = pair.controller.poll(now: pair.now)
    #expect(pair.toController(pair.toRobotAndBack()) == .none)
    #expect(pair.isConnected)
  }

  @Test func `a model without channels drives a robot with them, and takes its limits`() throws {
    let pair = pair(robot: channels(), model: ChannelTable())
    #expect(meet(pair).event == .connected)
    #expect(try #require(pair.knownRobot).limits[2] == CommandLimits(lower: 0.25, upper: 2))
  }

  @Test func `a robot that says nothing of its channels is driven as ever, by one Hello`() throws {
    let pair = pair(robot: ChannelTable(), model: channels())
    let (event, lengths) = meet(pair)
    #expect(event == .connected)
    #expect(lengths.count == 1)
    #expect(try #require(pair.knownRobot).limits[5] == CommandLimits(within: 1))
  }

  private typealias Change = @Sendable (inout [LinkChannel], inout [LinkChannel]) -> Void

  private static let differences: [(words: String, change: Change)] = [
    (
      "observation channel 3: the model has 'sensor 3', the robot 'sensor 4'",
      { (observation: inout [LinkChannel], _: inout [LinkChannel]) in observation.swapAt(3, 4) }
    ),
    (
      "action channel 0: the model has 'motor 0', the robot 'motor 5'",
      { (_: inout [LinkChannel], action: inout [LinkChannel]) in action.swapAt(0, 5) }
    ),
    (
      "observation channel 16 (knee velocity): the model's unit is 'rad/s', the robot's 'deg/s'",
      { (observation: inout [LinkChannel], _: inout [LinkChannel]) in observation[16].unit = FixedText("deg/s") }
    ),
    (
      "action channel 5 (motor 5): the model's unit is 'N m', the robot's 'A'",
      { (_: inout [LinkChannel], action: inout [LinkChannel]) in action[5].unit = FixedText("A") }
    ),
  ]

  @Test(arguments: 0..<4)
  func `what differs in name, order or unit is refused by the first channel that does`(number: Int) {
    let (words, change) = Self.differences[number]
    let pair = pair(robot: channels(change: change), model: channels())
    #expect(meet(pair).event == .refused)
    #expect(pair.refusal == words)
    #expect(!pair.isConnected)
    // The robot is told too, and waits for another.
    #expect(pair.toRobot(pair.controllerReply) == .refused)
    #expect(pair.robotsText == words)
    #expect(pair.isWaiting)
  }

  @Test func `a name or a unit that one side leaves out differs from nothing`() {
    let pair = pair(
      robot: channels { observation, action in
        observation[3].name = FixedText()
        action[1].unit = FixedText()
      }, model: channels())
    #expect(meet(pair).event == .connected)
  }

  @Test func `names that no datagram has room for are compared by their number`() {
    let profile = RobotProfile(family: "wide", observationSize: 200, actionSize: 2, periodNanoseconds: 50_000_000)
    func table(swapped: Bool) -> ChannelTable {
      var observation = (0..<200).map { LinkChannel(name: "a sensor with a long name, \($0)") }
      if swapped { observation.swapAt(7, 8) }
      return ChannelTable(
        observation: observation, action: (0..<2).map { LinkChannel(name: "motor \($0)", lower: -1, upper: 1) })
    }
    for isOnLine in [false, true] {
      for isSwapped in [false, true] {
        let pair = LinkPair()
        if isOnLine { pair.address = .line }
        pair.robot = RobotSession(
          description: describe(profile), epoch: LinkPair.robotEpoch, silenceNanoseconds: 500 * millisecond,
          channels: table(swapped: isSwapped))
        pair.controller = ControllerSession(
          profile: profile, model: "", epoch: LinkPair.controllerEpoch, silenceNanoseconds: 500 * millisecond,
          isOnLine: isOnLine, channels: table(swapped: false))
        let event = meet(pair).event
        #expect(event == (isSwapped ? .refused : .connected))
        if isSwapped { #expect(pair.refusal.hasPrefix("the channels' names or their order")) }
      }
    }
  }

  @Test func `a command is held to its own channel's limits at the robot's end, and so is what was applied`() {
    let pair = pair(robot: channels(), model: channels())
    #expect(meet(pair).event == .connected)
    #expect(pair.toController(pair.nextObservation()) == .observation)
    for (entry, value, isAllowed) in [
      (0, 1, true), (0, -1, true), (0, 1.1, false), (2, 2, true), (2, 0.25, true), (2, 0.2, false), (2, -2, false),
    ] as [(Int, Float, Bool)] {
      var message = ActionMessage()
      message.answer(pair.observation)
      message.command[2] = 1
      message.command[entry] = value
      let before = pair.outOfRange
      let event = pair.toRobot(Array(pair.controller.encode(message)))
      #expect(event == (isAllowed ? .action : .none), "\(value) in \(entry)")
      #expect(pair.outOfRange == before + (isAllowed ? 0 : 1))
    }
  }

  @Test func `channels that break a rule make the whole Description worthless`() {
    let harms: [@Sendable (inout Robot__Channel) -> Void] = [
      { $0.lower = .nan }, { $0.upper = .infinity }, { ($0.lower, $0.upper) = (1, 1) },
      { ($0.lower, $0.upper) = (0, 0) }, { $0.slew = -1 }, { $0.slew = .infinity },
    ]
    for (number, harm) in harms.enumerated() {
      var channel = rp_channel()
      (channel.lower, channel.upper) = (-1, 1)
      harm(&channel)
      #expect(refuses(channel, count: 6), "\(number)")
    }
    var sound = rp_channel()
    (sound.lower, sound.upper) = (-1, 1)
    #expect(!refuses(sound, count: 6))
    for count in [1, 5, 7, 200] { #expect(refuses(sound, count: count)) }
  }

  /// Whether a Description with `count` such action channels is refused.
  private func refuses(_ channel: Robot__Channel, count: Int) -> Bool {
    let pair = LinkPair()
    _ = pair.controller.poll(now: pair.now)
    var channel = channel
    let bytes = withUnsafeMutablePointer(to: &channel) { channel in
      var pointers = [UnsafeMutablePointer<Robot__Channel>?](repeating: channel, count: count)
      return pointers.withUnsafeMutableBufferPointer { pointers in
        descriptionDatagram(
          describe(cheetah), epoch: LinkPair.robotEpoch, sequence: 1, answering: LinkPair.controllerEpoch
        ) { message in
          message.n_action_channels = count
          message.action_channels = pointers.baseAddress
        }
      }
    }
    _ = pair.toController(bytes)
    return !pair.controller.isConnected
  }

  @Test func `over real sockets both ends meet in spite of long names, and do not where a name differs`() throws {
    for isSwapped in [false, true] {
      var robot = try RobotEndpoint(
        listeningAt: LinkAddress(host: "127.0.0.1", port: 0), description: describe(cheetah),
        silenceNanoseconds: 10_000 * millisecond,
        channels: channels(nameBytes: 18) { observation, _ in if isSwapped { observation.swapAt(0, 9) } })
      var controller = try ControllerEndpoint(
        connectingTo: LinkAddress(host: "127.0.0.1", port: robot.port), profile: cheetah, model: "test",
        silenceNanoseconds: 10_000 * millisecond, channels: channels(nameBytes: 18))
      let limit = monotonicNanoseconds() + 5_000 * millisecond
      var last = ControllerEndpoint.Event.timeout
      while last == .timeout || last == .link(.none), monotonicNanoseconds() < limit {
        last = controller.next(until: monotonicNanoseconds() + millisecond)
        _ = robot.next(until: monotonicNanoseconds() + millisecond)
      }
      #expect(last == .link(isSwapped ? .refused : .connected))
      if isSwapped {
        let text = controller.session.peerText.description
        #expect(text.hasPrefix("observation channel 0: the model has 'sensor 0xx"))
      }
    }
  }
}

/// What non-copyable values know, for expectations, which copy.
extension LinkPair {
  fileprivate var isConnected: Bool { controller.isConnected }
  fileprivate var knownRobot: RobotDescription? { controller.robot }
  fileprivate var robotDescription: RobotDescription { robot.description }
  fileprivate var refusal: String { controller.peerText.description }
  fileprivate var robotsText: String { robot.peerText.description }
  fileprivate var isWaiting: Bool { robot.peer == nil }
  fileprivate var outOfRange: UInt64 { robot.counters[.outOfRange] }

  /// Carries the controller's datagram over; the robot's answer.
  fileprivate func toRobotAndBack() -> [UInt8] {
    _ = toRobot(controllerReply)
    return robotReply
  }
}
