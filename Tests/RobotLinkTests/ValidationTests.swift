// Every rule of robot.proto that a frame can break: it is dropped, counted under its own reason, and changes nothing.

import CRobotProtocol
import RobotLink
import Testing

@Suite("Validation") struct ValidationTests {
  let zeros = [Float](repeating: 0, count: 17)
  let still = [Float](repeating: 0, count: 6)

  /// Hands `bytes` to a connected controller and expects that only the counter of `reason` moves.
  func expectController(_ reason: Rejection, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let pair = LinkPair()
    pair.shakeHands()
    pair.observation.state[3] = 77
    let event = pair.toController(bytes)
    #expect(event == .none, sourceLocation: sourceLocation)
    #expect(pair.observation.state[3] == 77, sourceLocation: sourceLocation)
    #expect(pair.controller.counters[reason] == 1, sourceLocation: sourceLocation)
    #expect(pair.controller.counters.rejected == 1, sourceLocation: sourceLocation)
  }

  func expectRobot(_ reason: Rejection, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let pair = LinkPair()
    pair.shakeHands()
    pair.action.command[3] = 0.77
    let event = pair.toRobot(bytes)
    #expect(event == .none, sourceLocation: sourceLocation)
    #expect(pair.action.command[3] == 0.77, sourceLocation: sourceLocation)
    #expect(pair.robot.counters[reason] == 1, sourceLocation: sourceLocation)
    #expect(pair.robot.counters.rejected == 1, sourceLocation: sourceLocation)
  }

  func observation(_ state: [Float], applied: [Float] = [], reward: Float? = nil, step: UInt32 = 0) -> [UInt8] {
    observationDatagram(
      epoch: LinkPair.robotEpoch, sequence: 9, state: state, applied: applied, reward: reward, step: step)
  }

  func action(
    _ command: [Float], mode: Int = 1, prediction: [Float] = [], later: [Float] = [], sequence: UInt32 = 9
  ) -> [UInt8] {
    actionDatagram(
      epoch: LinkPair.controllerEpoch, sequence: sequence, command: command, answering: LinkPair.robotEpoch, mode: mode,
      prediction: prediction, later: later)
  }

  @Test func `datagrams too short or too long are counted as such`() {
    expectController(.tooShort, [])
    expectController(.tooShort, [1, 2, 3, 4, 5, 6, 7, 8])
    expectController(.tooLong, [UInt8](repeating: 0, count: 4097))
    expectController(.tooLong, sealed([UInt8](repeating: 0, count: 60_000)))
  }

  @Test func `a wrong checksum is counted as such, whichever bit is wrong`() {
    let good = observation(zeros)
    for bit in 0..<(8 * good.count) {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      expectController(.checksum, bad)
    }
  }

  @Test func `bytes with a right checksum that are no frame are counted as malformed`() {
    expectController(.malformed, sealed([UInt8](repeating: 0xFF, count: 40)))
    // A length that goes beyond the end.
    expectController(.malformed, sealed([0x0D, 1, 0, 0, 0, 0x15, 1, 0, 0, 0, 0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]))
    // No body, no epoch, no sequence.
    expectController(.malformed, datagram(epoch: 1, sequence: 1) { _ in })
    expectController(.malformed, observationDatagram(epoch: 0, sequence: 1, state: zeros))
    expectController(.malformed, observationDatagram(epoch: LinkPair.robotEpoch, sequence: 0, state: zeros))
  }

  @Test func `a frame stuffed with unknown fields runs out of the fixed memory and is counted`() {
    // Field 15, varint, again and again: each takes a record in the decoder's memory.
    var bytes: [UInt8] = [0x0D, 1, 0, 0, 0, 0x15, 1, 0, 0, 0]
    while bytes.count < 4_000 { bytes += [0x78, 0x01] }
    expectController(.memory, sealed(bytes))
  }

  @Test func `an observation with wrong sizes is dropped`() {
    expectController(.wrongSize, observation([]))
    expectController(.wrongSize, observation(zeros + [0]))
    expectController(.wrongSize, observation(zeros, applied: still))
    expectController(.wrongSize, observation(zeros, applied: [], step: 1))
    expectController(.wrongSize, observation(zeros, applied: still + [0], step: 1))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `an observation with a NaN or an infinity anywhere is dropped`(bad: Float) {
    for index in 0..<17 {
      var state = zeros
      state[index] = bad
      expectController(.notFinite, observation(state))
    }
    var applied = still
    applied[5] = bad
    expectController(.notFinite, observation(zeros, applied: applied, step: 1))
    expectController(.notFinite, observation(zeros, applied: still, reward: bad, step: 1))
  }

  @Test func `an applied action beyond the limit, or a reward before anything was done, is out of range`() {
    var applied = still
    applied[2] = 1.01
    expectController(.outOfRange, observation(zeros, applied: applied, step: 1))
    expectController(.outOfRange, observation(zeros, reward: 1))
  }

  @Test func `an action with wrong sizes, a NaN, a command beyond the limit or an unknown mode is dropped`() {
    expectRobot(.wrongSize, action([]))
    expectRobot(.wrongSize, action([0, 0, 0]))
    expectRobot(.wrongSize, action(still, prediction: [0]))
    expectRobot(.notFinite, action([0, 0, 0, 0, 0, .nan]))
    expectRobot(.notFinite, action(still, prediction: zeros.dropLast() + [.infinity]))
    expectRobot(.outOfRange, action([0, 0, 0, 0, 0, -1.01]))
    expectRobot(.outOfRange, action(still, mode: 6))
    expectRobot(.outOfRange, action(still, mode: -1))
  }

  @Test func `later commands that are incomplete, too many, not finite, beyond the limit or of no plan are refused`() {
    for count in [1, 5, 7, 17, 19, 24, 600] {
      expectRobot(.wrongSize, action(still, later: [Float](repeating: 0, count: count)))
    }
    for bad in [Float.nan, .infinity, -.infinity] {
      for index in 0..<18 {
        var later = still + still + still
        later[index] = bad
        expectRobot(.notFinite, action(still, later: later))
      }
    }
    expectRobot(.outOfRange, action(still, later: still + [0, 0, 0, 0, 0, -1.01]))
    for mode in [0, 3, 4, 5] { expectRobot(.outOfRange, action(still, mode: mode, later: still)) }
  }

  @Test func `later commands of a plan are taken over, and an action without any has none`() {
    let pair = LinkPair()
    pair.shakeHands()
    let later = (0..<18).map { Float($0) / 20 }
    for (mode, count) in [(1, 18), (2, 6), (1, 0), (3, 0), (2, 12)] {
      let bytes = action(
        still, mode: mode, later: Array(later.prefix(count)), sequence: 9 + UInt32(pair.robot.counters.accepted))
      let event = pair.toRobot(bytes)
      #expect(event == .action)
      #expect(pair.action.laterEntries == count / 6)
      for index in 0..<count { #expect(pair.action.laterCommands[index] == later[index]) }
    }
  }

  @Test
  func `the largest action that there may be fits a datagram: the prediction makes room for what moves the robot`() {
    let largest = RobotProfile(
      family: "f", observationSize: LinkLimits.observationEntries, actionSize: LinkLimits.actionEntries,
      periodNanoseconds: 1)
    let pair = LinkPair(robot: largest, model: largest)
    pair.shakeHands()
    for later in 0...LinkLimits.laterEntries {
      var message = ActionMessage()
      (message.mode, message.laterEntries, message.hasPredictedState) = (.plan, later, true)
      (message.plan, message.planEntry, message.planMicroseconds) = (.max, .max, .max)
      (message.denoisingSteps, message.deadlineMisses, message.predictedReturn) = (.max, .max, 1)
      (message.observationEpoch, message.observationSequence) = (LinkPair.robotEpoch, .max)
      message.belief = StatedBelief(parameterCount: LinkLimits.parameterEntries, confidence: 1, isUnexplained: true)
      let event = pair.toRobot(Array(pair.controller.encode(message)))
      #expect(event == .action)
      #expect(pair.action.laterEntries == later)
      #expect(pair.action.hasPredictedState == (later < LinkLimits.laterEntries))
      #expect(pair.action.belief == message.belief)
    }
  }

  @Test func `a frame that this side never receives is unexpected`() {
    expectRobot(.unexpected, observation(zeros))
    expectController(.unexpected, action(still))
  }

  @Test func `frames from strangers and of other epochs are dropped, and the sender is told to say Hello`() {
    let pair = LinkPair()
    pair.shakeHands()
    _ = pair.toRobot(action(still), from: PeerAddress(host: 1, port: 1))
    #expect(pair.robot.counters[.stranger] == 1)
    #expect(!pair.robotReply.isEmpty)
    _ = pair.toRobot(actionDatagram(epoch: 5, sequence: 9, command: still, answering: LinkPair.robotEpoch))
    #expect(pair.robot.counters[.otherEpoch] == 1)
    let echo = actionDatagram(epoch: LinkPair.controllerEpoch, sequence: 9, command: still, answering: 5)
    let event = pair.toRobot(echo)
    #expect(event == .none)
    #expect(pair.robot.counters[.otherEpoch] == 2)
  }

  @Test func `sequence numbers must grow: repeats are duplicates, older ones stale, gaps lost`() {
    let pair = LinkPair()
    pair.shakeHands()
    for sequence in [2, 2, 3, 7, 5, 7, 8] as [UInt32] { _ = pair.toRobot(action(still, sequence: sequence)) }
    #expect(pair.robot.counters.accepted == 5)
    #expect(pair.robot.counters[.duplicate] == 2)
    #expect(pair.robot.counters[.stale] == 1)
    #expect(pair.robot.counters.lost == 3)
  }

  @Test func `sequence numbers wrap from the largest to 1 without a gap`() {
    let pair = LinkPair()
    pair.shakeHands()
    // Two steps of less than half the range lead to the end of it.
    for sequence in [0x7000_0000, 0xDFFF_FFFF, UInt32.max - 1, .max] {
      let event = pair.toRobot(action(still, sequence: sequence))
      #expect(event == .action)
    }
    let before = pair.robot.counters.lost
    for sequence in [1, 2, 4] as [UInt32] {
      let event = pair.toRobot(action(still, sequence: sequence))
      #expect(event == .action)
    }
    #expect(pair.robot.counters.lost == before + 1)
    let old = pair.toRobot(action(still, sequence: .max))
    #expect(old == .none)
    #expect(pair.robot.counters[.stale] == 1)
  }

  @Test
  func `a Status without a sequence number from the driving controller is malformed, even where the numbers wrap`() {
    let pair = LinkPair()
    #expect(pair.toRobot(helloDatagram(epoch: 3, sequence: .max, profile: cheetah)) == .connected)
    var status = rp_status()
    let goodbye = withUnsafeMutablePointer(to: &status) { status in
      datagram(epoch: 3, sequence: 0) {
        $0.body_case = ROBOT__FRAME__BODY_STATUS
        $0.status = status
      }
    }
    #expect(pair.toRobot(goodbye) == .none)
    #expect(pair.robot.counters[.malformed] == 1)
    #expect(pair.robot.counters.lost == 0)
  }

  @Test func `a Hello of another protocol version or with impossible sizes is refused`() {
    for (version, size) in [(2, 17), (1, 0), (1, 513)] as [(UInt32, UInt32)] {
      let pair = LinkPair()
      var hello = rp_hello()
      hello.protocol = version
      hello.observation_size = size
      hello.action_size = 6
      hello.period_ns = 50_000_000
      let bytes = withUnsafeMutablePointer(to: &hello) { hello in
        datagram(epoch: 3, sequence: 1) {
          $0.body_case = ROBOT__FRAME__BODY_HELLO
          $0.hello = hello
        }
      }
      let event = pair.toRobot(bytes)
      #expect(event == .none)
      #expect(pair.robot.peer == nil)
      #expect(pair.robot.counters[.outOfRange] == 1)
      #expect(!pair.robotReply.isEmpty)
    }
  }
}
