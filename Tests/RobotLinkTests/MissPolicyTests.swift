// The robot's half of the failsafe.

import RobotLink
import Testing

@Suite("Miss policy") struct MissPolicyTests {
  @Test("one miss is held over, the following ones are zero, and an answer ends it")
  func sequence() {
    var policy = MissPolicy()
    let answers = [true, false, true, false, false, false, true, true, false]
    let sources = answers.map { policy.step(isAnswered: $0) }
    #expect(
      sources == [.controller, .held, .controller, .held, .zero, .zero, .controller, .controller, .held])
  }
}
