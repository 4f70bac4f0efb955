// A context that follows the robot, in the loop: all episodes are looked at, and a change is counted and told.

import ControlLoop
import PlannerRuntime
import RobotLink
import Testing

@Suite("Online context in the loop") struct OnlineContextLoopTests {
  private func online() -> ControlOptions {
    var options = ControlOptions()
    options.contextUpdate = .online
    return options
  }

  @Test("transitions of all episodes are taken in, not of the warm start alone")
  func allEpisodes() throws {
    let rig = try Rig(online())
    rig.connect()
    for number in 0..<3 as Range<UInt32> { _ = rig.episode(number) }
    #expect(rig.loop.contextTransitions == 15)
    #expect(rig.loop.statistics.changes == 0)
  }

  @Test("a change is counted once and told, and the next observation is answered by a plan")
  func change() throws {
    let rig = try Rig(online())
    rig.connect()
    for number in 0..<16 as Range<UInt32> {
      // From the eleventh episode on another task.
      rig.reward = number < 10 ? -1 : 8
      let modes = rig.episode(number)
      #expect(modes.prefix(5).allSatisfy { $0 == .plan })
    }
    #expect(rig.loop.statistics.changes == 1)
    var seen = 0
    #expect(rig.loop.status.news(since: &seen).contains(.changeNoticed))
  }
}
