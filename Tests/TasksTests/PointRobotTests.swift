// The point robot's moves and rewards.

import Tasks
import Testing

@Suite struct PointRobotTests {
  @Test func `an action moves the point and the reward is the distance left after the move`() throws {
    let task = try TaskFamily.pointRobot.task(parameters: [0.6, 0.8])
    // 3-4-5: a tenth of the way to the goal.
    let result = task.step(action: [0.06, 0.08])
    #expect(abs(result.reward - -0.9) < 1e-7)
    #expect(!result.terminated)
    #expect(task.observation == [0.06, 0.08])
  }

  @Test func `actions beyond the limit are clamped`() throws {
    let task = try TaskFamily.pointRobot.task(parameters: [0, 1])
    _ = task.step(action: [7, -7])
    #expect(task.observation == [0.1, -0.1])
  }

  @Test func `a reset puts the point back to the origin`() throws {
    let task = try TaskFamily.pointRobot.task(parameters: [0, 1])
    _ = task.step(action: [0.1, 0.1])
    task.reset(seed: 9)
    #expect(task.observation == [0, 0])
  }
}
