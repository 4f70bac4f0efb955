// Either side killed, stopped or cut off at any instant: on a virtual clock, the pair drives again within 500 ms.

import RobotLink
import Testing

/// Robot and controller on a virtual clock with a wire that delays and loses; a step is a millisecond.
final class VirtualLink {
  enum Side: CaseIterable { case robot, controller }

  let pair = LinkPair()
  var generator: FuzzTests.Generator
  /// Delay in milliseconds, and the share of frames lost.
  var delay: ClosedRange<UInt64> = 1...1
  var loss = 0.0
  /// A controller that is started again comes from another port; on a serial line it does not.
  let isUDP: Bool
  private var running: Set<Side> = [.robot, .controller]
  private var wire: [(at: UInt64, to: Side, from: PeerAddress, bytes: [UInt8])] = []
  private var epochs: UInt32 = 0x7000_0000
  private var tick: UInt64 = 0
  private var answered: UInt32 = 0
  /// Actions that came within the interval of the observation they answer.
  private(set) var driven = 0
  /// With a key: the seals, and the record of somebody who sends any of it again, `attacks` times a millisecond.
  let seals: SealedWire?
  private let attacks: Double

  init(seed: UInt64, isUDP: Bool, isSealed: Bool = false, attacks: Double = 0) {
    generator = FuzzTests.Generator(state: seed)
    self.isUDP = isUDP
    if !isUDP { pair.address = .line }
    seals = isSealed ? SealedWire() : nil
    self.attacks = attacks
  }

  func kill(_ side: Side) { running.remove(side) }

  func start(_ side: Side) {
    epochs += 1
    running.insert(side)
    switch side {
    case .robot:
      pair.robot = RobotSession(description: describe(cheetah), epoch: epochs, silenceNanoseconds: 500 * millisecond)
      tick = pair.now
      seals?.restartRobot()
    case .controller:
      seals?.restartController()
      pair.controller = ControllerSession(
        profile: cheetah, model: "", epoch: epochs, silenceNanoseconds: 500 * millisecond)
      if isUDP { pair.address.port += 1 }
      // Nobody listens at the old port any more.
      wire.removeAll { isUDP && $0.to == .controller }
    }
  }

  /// A stopped side keeps what it knows and finds what came meanwhile.
  func stop(_ side: Side) { running.remove(side) }
  func proceed(_ side: Side) { running.insert(side) }

  private func send(_ bytes: [UInt8], to side: Side) {
    guard let seals, !bytes.isEmpty else { return put(bytes, to: side) }
    switch side {
    case .robot: put(seals.fromController(bytes, address: pair.address, now: pair.now), to: side)
    case .controller: put(seals.fromRobot(bytes, to: pair.address), to: side)
    }
  }

  private func put(_ bytes: [UInt8], to side: Side) {
    if bytes.isEmpty || Double.random(in: 0..<1, using: &generator) < loss { return }
    wire.append((pair.now + .random(in: delay, using: &generator) * millisecond, side, pair.address, bytes))
  }

  private func deliver() {
    let due = wire.filter { $0.at <= pair.now && running.contains($0.to) }
    wire.removeAll { $0.at <= pair.now && running.contains($0.to) }
    for frame in due {
      guard let bytes = unseal(frame.bytes, at: frame.to, from: frame.from) else { continue }
      switch frame.to {
      case .robot:
        let event = pair.toRobot(bytes, from: frame.from)
        if event == .connected { tick = pair.now }
        if event == .action, pair.action.observationSequence == answered { driven += 1 }
        if pair.robot.replyAddress == pair.address { send(pair.robotReply, to: .controller) }
      case .controller:
        let event = pair.toController(bytes)
        send(pair.controllerReply, to: .robot)
        if event == .observation {
          var action = ActionMessage()
          action.answer(pair.observation)
          send(Array(pair.controller.encode(action)), to: .robot)
        }
      }
    }
  }

  /// The frame in what has come, if it is one.
  private func unseal(_ bytes: [UInt8], at side: Side, from address: PeerAddress) -> [UInt8]? {
    guard let seals else { return bytes }
    switch side {
    case .robot:
      let (frame, reply) = seals.toRobot(bytes, from: address, now: pair.now)
      if address == pair.address { put(reply, to: .controller) }
      return frame
    case .controller:
      let (frame, reply) = seals.toController(bytes, address: pair.address, now: pair.now)
      put(reply, to: .robot)
      return frame
    }
  }

  /// Somebody sends what was on the wire once more, under the controller's name or the one it had then.
  private func attack() {
    guard let seals, Double.random(in: 0..<1, using: &generator) < attacks,
      let record = seals.records.suffix(5_000).randomElement(using: &generator)
    else { return }
    let name = Bool.random(using: &generator) ? record.from : pair.address
    wire.append((pair.now, record.toRobot ? .robot : .controller, name, record.bytes))
  }

  /// One millisecond.
  func step() {
    pair.now += millisecond
    attack()
    deliver()
    if running.contains(.robot) {
      _ = pair.robot.hasFallenSilent(now: pair.now)
      if let peer = pair.robot.peer, pair.now >= tick {
        tick += 50 * millisecond
        if tick < pair.now { tick = pair.now }
        let bytes = Array(pair.robot.encode(ObservationMessage()))
        answered = pair.robot.sequence
        if peer == pair.address { send(bytes, to: .controller) }
      }
    }
    if running.contains(.controller) {
      _ = pair.controller.poll(now: pair.now)
      send(pair.controllerReply, to: .robot)
    }
  }

  func run(milliseconds: Int) { for _ in 0..<milliseconds { step() } }

  /// Milliseconds until the next action that comes in time, at most 5 s.
  func millisecondsUntilDriven() -> Int {
    let before = driven
    for passed in 1...5_000 {
      step()
      if driven > before { return passed }
    }
    return 5_000
  }
}

@Suite("Recovery") struct RecoveryTests {
  static let cases: [(VirtualLink.Side, Bool)] = VirtualLink.Side.allCases.flatMap { [($0, true), ($0, false)] }

  @Test(arguments: cases)
  func `killed at any instant and back after any time, it drives within 500 ms of the return`(
    side: VirtualLink.Side, isUDP: Bool
  ) {
    let link = VirtualLink(seed: 3, isUDP: isUDP)
    var longest = link.millisecondsUntilDriven()
    for _ in 0..<300 {
      link.run(milliseconds: .random(in: 200...700, using: &link.generator))
      link.kill(side)
      link.run(milliseconds: .random(in: 0...900, using: &link.generator))
      link.start(side)
      longest = max(longest, link.millisecondsUntilDriven())
    }
    #expect(longest < 500)
  }

  @Test(arguments: cases)
  func `stopped at any instant and continued after any time, it drives within 500 ms`(
    side: VirtualLink.Side, isUDP: Bool
  ) {
    let link = VirtualLink(seed: 4, isUDP: isUDP)
    var longest = link.millisecondsUntilDriven()
    for _ in 0..<300 {
      link.run(milliseconds: .random(in: 200...700, using: &link.generator))
      link.stop(side)
      link.run(milliseconds: .random(in: 0...1_500, using: &link.generator))
      link.proceed(side)
      longest = max(longest, link.millisecondsUntilDriven())
    }
    #expect(longest < 500)
  }

  @Test(arguments: [true, false])
  func `both killed in any order find each other within 500 ms of the later return`(isUDP: Bool) {
    let link = VirtualLink(seed: 5, isUDP: isUDP)
    var longest = link.millisecondsUntilDriven()
    for _ in 0..<200 {
      link.run(milliseconds: .random(in: 200...700, using: &link.generator))
      let order = VirtualLink.Side.allCases.shuffled(using: &link.generator)
      for side in order { link.kill(side) }
      for side in order.shuffled(using: &link.generator) {
        link.run(milliseconds: .random(in: 0...400, using: &link.generator))
        link.start(side)
      }
      longest = max(longest, link.millisecondsUntilDriven())
    }
    #expect(longest < 500)
  }

  @Test func `with 30 % loss and 15 to 25 ms of delay each way, a third of the periods is driven in time`() {
    let link = VirtualLink(seed: 6, isUDP: true)
    (link.loss, link.delay) = (0.3, 15...25)
    _ = link.millisecondsUntilDriven()
    let before = link.driven
    link.run(milliseconds: 60_000)
    let driven = link.driven - before
    // Of 1 200 periods 0.7² have both frames; of those, the ones whose two delays add up to less than the period.
    #expect(driven > 400)
    let counters = link.pair.robot.counters
    #expect(counters.lost > 300)
    #expect(counters[.stranger] == 0)
  }

  @Test(
    arguments: VirtualLink.Side.allCases, [true, false])
  func `with a key, and everything on the wire replayed at random, it drives within 500 ms all the same`(
    side: VirtualLink.Side, isKilled: Bool
  ) throws {
    let link = VirtualLink(seed: 7, isUDP: true, isSealed: true, attacks: 0.05)
    var longest = link.millisecondsUntilDriven()
    for _ in 0..<60 {
      link.run(milliseconds: .random(in: 200...700, using: &link.generator))
      if isKilled { link.kill(side) } else { link.stop(side) }
      link.run(milliseconds: .random(in: 0...900, using: &link.generator))
      if isKilled { link.start(side) } else { link.proceed(side) }
      longest = max(longest, link.millisecondsUntilDriven())
    }
    #expect(longest < 500)
    let seals = try #require(link.seals)
    #expect(seals.wrongs == 0)
    #expect(seals.counts[.replayed, default: 0] > 50)
    #expect(seals.counts[.otherSession, default: 0] > 20)
    // Nothing that was sent again has come as far as a parser.
    for reason in Rejection.allCases where reason != .unexpected && reason != .stranger && reason != .otherEpoch {
      #expect(link.pair.robot.counters[reason] == 0, "\(reason.name)")
    }
  }

  @Test func `with a key and 30 % loss, 15 to 25 ms of delay each way, it drives as much as without`() {
    let link = VirtualLink(seed: 6, isUDP: true, isSealed: true)
    (link.loss, link.delay) = (0.3, 15...25)
    _ = link.millisecondsUntilDriven()
    let before = link.driven
    link.run(milliseconds: 60_000)
    #expect(link.driven - before > 400)
    #expect(link.seals?.wrongs == 0)
  }
}
