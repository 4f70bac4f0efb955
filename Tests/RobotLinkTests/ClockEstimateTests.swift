// Time from four stamps: whatever the delays, the true offset lies within the stated bound; long round trips are gated
// out.

import RobotLink
import Testing

@Suite("Clock estimate") struct ClockEstimateTests {
  /// Carries a question for the time from `pair`'s controller to its robot and back, on two clocks.
  ///
  /// - Parameter robotClock: the robot's clock at a time of the controller's.
  func ask(_ pair: LinkPair, there: UInt64, back: UInt64, robotClock: (UInt64) -> UInt64) {
    pair.controller.askForTime(now: pair.now)
    let question = pair.controllerReply
    pair.now += there
    _ = question.withUnsafeBytes {
      pair.robot.receive($0, from: pair.address, now: robotClock(pair.now), action: &pair.action)
    }
    let answer = pair.robotReply
    pair.now += back
    _ = pair.toController(answer)
  }

  @Test(
    arguments: [1, 2, 3, 4] as [UInt64])
  func `the true offset stays within the bound while delays vary and clocks drift`(seed: UInt64) {
    var generator = FuzzTests.Generator(state: seed)
    let pair = LinkPair()
    pair.shakeHands()
    // Also clocks that have just started and clocks about to wrap.
    let start = [0, .max - 500 * millisecond, 7, UInt64.max / 2][Int(seed - 1)]
    let began = pair.now
    let drift = Int64.random(in: -290...290, using: &generator)
    func robotClock(_ now: UInt64) -> UInt64 {
      let elapsed = Int64(now - began)
      return start &+ UInt64(bitPattern: elapsed + elapsed * drift / 1_000_000)
    }
    for _ in 0..<400 {
      ask(
        pair, there: .random(in: 50_000...20 * millisecond, using: &generator),
        back: .random(in: 50_000...20 * millisecond, using: &generator), robotClock: robotClock)
      let now = pair.now
      let (bound, heard) = (
        pair.controller.clock.uncertainty(now: now), pair.controller.clock.controllerTime(ofRobot: robotClock(now))
      )
      guard let bound, let heard else {
        Issue.record("no estimate after an answer")
        return
      }
      let error = abs(Int64(bitPattern: heard &- now))
      #expect(error <= Int64(bound) + 2)
      pair.now += 250 * millisecond
    }
    let estimate = pair.controller.clock
    #expect(estimate.taken + estimate.gated == 400)
    #expect(estimate.gated > 100)
    // The best of many round trips was kept: far better than the average of 20 ms.
    #expect(estimate.roundTripNanoseconds < 15 * millisecond)
  }

  @Test func `it is asked four times per second while connected, and costs neither sequence gaps nor heartbeats`() {
    let pair = LinkPair()
    pair.controller.askForTime(now: pair.now)
    #expect(pair.controllerReply.isEmpty)
    pair.shakeHands()
    var questions = 0
    for _ in 0..<1_000 {
      pair.controller.askForTime(now: pair.now)
      if !pair.controllerReply.isEmpty {
        questions += 1
        _ = pair.toRobot(pair.controllerReply)
        #expect(!pair.robotReply.isEmpty)
      }
      pair.now += millisecond
    }
    #expect(questions == 4)
    let silent = pair.robot.hasFallenSilent(now: pair.now)
    #expect(silent, "questions alone are no sign that anybody drives")
    #expect(pair.robot.counters.lost == 0)
  }

  @Test func `stamps that contradict each other are refused, and a restarted robot's clock is learnt anew`() {
    let pair = LinkPair()
    pair.shakeHands()
    ask(pair, there: millisecond, back: millisecond) { $0 + 5_000 * millisecond }
    let before = pair.controller.clock
    #expect(before.taken == 1)
    #expect(before.controllerTime(ofRobot: 5_000 * millisecond) == 0)
    // A question of the future.
    pair.now += 250 * millisecond
    pair.controller.askForTime(now: pair.now + 100 * millisecond)
    _ = pair.toRobot(pair.controllerReply)
    _ = pair.toController(pair.robotReply)
    #expect(pair.controller.counters[.outOfRange] == 1)
    #expect(pair.controller.clock == before)
    pair.restartRobot()
    _ = pair.toController(pair.nextObservation())
    pair.shakeHands()
    #expect(pair.controller.clock == ClockEstimate())
  }
}
