// A latch and its lifting on the wire.

import RobotLink
import Testing

@Suite("A latch on the link") struct LatchMessageTests {
  @Test(
    arguments: [nil, RobotLatch.silence, .stuckSensors, .reset, .other])
  func `what latched a robot arrives as it is; none is none`(latch: RobotLatch?) {
    let pair = LinkPair()
    pair.shakeHands()
    var message = ObservationMessage()
    message.latch = latch
    var event = pair.toController(Array(pair.robot.encode(message)))
    #expect(event == .observation)
    #expect(pair.observation.latch == latch)
    // An older robot says nothing of the kind.
    message.latch = nil
    event = pair.toController(Array(pair.robot.encode(message)))
    #expect(event == .observation)
    #expect(pair.observation.latch == nil)
  }

  @Test func `re-arming arrives, and does not stay for the next action`() {
    let pair = LinkPair()
    pair.shakeHands()
    for rearms in [true, false] {
      var message = ActionMessage()
      message.observationEpoch = LinkPair.robotEpoch
      message.rearms = rearms
      let event = pair.toRobot(Array(pair.controller.encode(message)))
      #expect(event == .action)
      #expect(pair.action.rearms == rearms)
    }
  }
}
