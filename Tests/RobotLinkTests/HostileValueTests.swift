// Nothing moves on a bad value: whatever is wrong with a frame, the message handed over stays as it was, bit for bit.

import RobotLink
import Testing

@Suite("Hostile values") struct HostileValueTests {
  static let bad: [Float] = [.nan, .signalingNaN, .infinity, -.infinity]

  /// Bits of what the controller was handed last, and the robot.
  func held(_ pair: LinkPair) -> [UInt32] {
    (0..<17).map { pair.observation.state[$0].bitPattern } + (0..<6).map { pair.action.command[$0].bitPattern }
      + (0..<18).map { pair.action.laterCommands[$0].bitPattern } + [UInt32(pair.action.laterEntries)]
      + [pair.observation.sequence, pair.action.observationSequence, pair.observation.reward?.bitPattern ?? 1]
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a NaN, infinity, out-of-range or stale observation changes nothing`(seed: UInt64) {
    var generator = FuzzTests.Generator(state: seed)
    let pair = LinkPair()
    pair.shakeHands()
    _ = pair.toController(pair.nextObservation())
    _ = pair.toRobot(pair.nextAction())
    let before = held(pair)
    for _ in 0..<2_000 {
      var state = (0..<17).map { _ in Float.random(in: -10...10, using: &generator) }
      var applied = (0..<6).map { _ in Float.random(in: -1...1, using: &generator) }
      var (reward, sequence): (Float, UInt32) = (1, 50)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: state[.random(in: 0..<17, using: &generator)] = Self.bad.randomElement(using: &generator)!
      case 1: applied[.random(in: 0..<6, using: &generator)] = Self.bad.randomElement(using: &generator)!
      case 2: reward = Self.bad.randomElement(using: &generator)!
      case 3: applied[.random(in: 0..<6, using: &generator)] = .random(in: 1.002...1e30, using: &generator)
      case 4: sequence = .random(in: 1...pair.observation.sequence, using: &generator)
      default: state.removeLast(.random(in: 1...17, using: &generator))
      }
      // Numbers that were dropped are used up: each frame must be judged by its values.
      if sequence == 50 { sequence = 50 + UInt32(pair.controller.counters.rejected) }
      let event = pair.toController(
        observationDatagram(
          epoch: LinkPair.robotEpoch, sequence: sequence, state: state, applied: applied, reward: reward, step: 3))
      #expect(event == .none)
      #expect(held(pair) == before)
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a NaN, infinity, out-of-range or stale action changes nothing`(seed: UInt64) {
    var generator = FuzzTests.Generator(state: seed)
    let pair = LinkPair()
    pair.shakeHands()
    _ = pair.toController(pair.nextObservation())
    _ = pair.toRobot(pair.nextAction())
    let before = held(pair)
    for _ in 0..<2_000 {
      var command = (0..<6).map { _ in Float.random(in: -1...1, using: &generator) }
      var sequence = 50 + UInt32(pair.robot.counters.rejected)
      var (mode, answering, prediction): (Int, UInt32, [Float]) = (1, LinkPair.robotEpoch, [])
      var later = (0..<6 * Int.random(in: 0...3, using: &generator)).map { _ in
        Float.random(in: -1...1, using: &generator)
      }
      switch Int.random(in: 0..<9, using: &generator) {
      case 0: command[.random(in: 0..<6, using: &generator)] = Self.bad.randomElement(using: &generator)!
      case 1: command[.random(in: 0..<6, using: &generator)] = -.random(in: 1.002...1e30, using: &generator)
      case 2: mode = .random(in: 6...100, using: &generator)
      case 3: answering = .random(in: 1...1_000, using: &generator)
      case 4: prediction = Array(repeating: .nan, count: 17)
      case 5: sequence = .random(in: 1...2, using: &generator)
      case 6: later += [Float](repeating: 0, count: .random(in: 1...5, using: &generator))
      case 7:
        if later.isEmpty { later = [0, 0, 0, 0, 0, 0] }
        later[.random(in: later.indices, using: &generator)] = (Self.bad + [1.1, -3]).randomElement(using: &generator)!
      default: command.append(0)
      }
      let event = pair.toRobot(
        actionDatagram(
          epoch: LinkPair.controllerEpoch, sequence: sequence, command: command, answering: answering, mode: mode,
          prediction: prediction, later: later))
      #expect(event == .none)
      #expect(held(pair) == before)
    }
  }
}
