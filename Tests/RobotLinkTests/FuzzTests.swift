// Thousands of damaged and made-up datagrams from fixed seeds: both ends count every one, and go on working.

import CRobotProtocol
import RobotLink
import Testing

@Suite("Fuzz") struct FuzzTests {
  /// SplitMix64 (Steele and others, 2014).
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }

  /// Throws `count` datagrams at a connected pair; each must be accepted or counted, and the pair must work after it.
  func throwAtPair(seed: UInt64, count: Int, _ make: (LinkPair, inout Generator) -> [UInt8]) {
    var generator = Generator(state: seed)
    let pair = LinkPair()
    pair.shakeHands()
    _ = pair.toController(pair.nextObservation())
    for _ in 0..<count {
      let bytes = make(pair, &generator)
      let (robotBefore, controllerBefore) = (pair.robot.counters, pair.controller.counters)
      _ = pair.toRobot(bytes)
      _ = pair.toController(bytes)
      let (robotAfter, controllerAfter) = (pair.robot.counters, pair.controller.counters)
      #expect(robotAfter.rejected + robotAfter.accepted == robotBefore.rejected + robotBefore.accepted + 1)
      #expect(
        controllerAfter.rejected + controllerAfter.accepted == controllerBefore.rejected + controllerBefore.accepted + 1
      )
    }
    for index in 0..<17 { #expect(pair.observation.state[index].isFinite) }
    for index in 0..<6 { #expect(abs(pair.action.command[index]) <= 1.001) }
    #expect((0...LinkLimits.laterEntries).contains(pair.action.laterEntries))
    for index in 0..<6 * pair.action.laterEntries { #expect(abs(pair.action.laterCommands[index]) <= 1.001) }
    // Whatever came before, fresh starts of both find each other.
    pair.restartRobot()
    pair.restartController()
    let (accepted, connected) = pair.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .connected)
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>) func `random bytes of every length`(seed: UInt64) {
    throwAtPair(seed: seed, count: 2_000) { _, generator in
      (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    }
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>) func `random bytes with a right checksum`(seed: UInt64) {
    throwAtPair(seed: seed, count: 2_000) { _, generator in
      sealed((0..<Int.random(in: 5...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
    }
  }

  @Test(
    arguments: 1...6 as ClosedRange<UInt64>)
  func `real frames with flipped bits, cut or grown, with and without a right checksum`(seed: UInt64) {
    throwAtPair(seed: seed, count: 2_000) { pair, generator in
      var bytes = Bool.random(using: &generator) ? pair.nextObservation() : pair.nextAction()
      bytes.removeLast(4)
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        bytes[.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      }
      switch Int.random(in: 0...3, using: &generator) {
      case 0: bytes.removeLast(.random(in: 0...bytes.count, using: &generator))
      case 1: bytes += (0..<20).map { _ in .random(in: 0...255, using: &generator) }
      default: break
      }
      return Int.random(in: 0...9, using: &generator) == 0 ? bytes : sealed(bytes)
    }
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `frames of random sequence, epoch, sizes and values`(seed: UInt64) {
    let odd: [Float] = [0, 1, -1, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    throwAtPair(seed: seed, count: 2_000) { _, generator in
      let values = (0..<Int.random(in: 0...600, using: &generator)).map { _ in odd.randomElement(using: &generator)! }
      let epochs = [LinkPair.robotEpoch, LinkPair.controllerEpoch, 1]
      let epoch = epochs.randomElement(using: &generator)!
      let sequence = UInt32.random(in: 0...40, using: &generator)
      return Bool.random(using: &generator)
        ? observationDatagram(
          epoch: epoch, sequence: sequence, state: values, applied: values, reward: values.first, step: 1)
        : actionDatagram(
          epoch: epoch, sequence: sequence, command: Array(values.prefix(Bool.random(using: &generator) ? 6 : 600)),
          answering: epochs[0], prediction: values, later: values)
    }
  }
}
