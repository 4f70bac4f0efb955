// The command that the failsafe chose, filled into the action that goes to the robot.

import Failsafe
import PlannerRuntime
import RobotLink

extension ControlCycle {
  /// Fills in command, mode and plan.
  mutating func set(_ choice: CommandChoice) {
    action.plan = planCount
    action.planEntry = 0
    switch choice {
    case .plan: fill(.plan, entry: 0)
    case .earlierPlan(let entry):
      statistics.earlierPlans += 1
      fill(.earlierPlan, entry: entry)
    case .hold:
      statistics.holds += 1
      scale(.hold, by: 1)
    case .ramp(let factor):
      statistics.ramps += 1
      scale(.ramp, by: factor)
    case .safe:
      statistics.safes += 1
      scale(.safe, by: 0)
    case .idle:
      statistics.idles += 1
      scale(.idle, by: 0)
    }
  }

  private mutating func fill(_ mode: CommandMode, entry: Int) {
    action.mode = mode
    action.planEntry = UInt32(entry)
    copy(entry, to: action.command)
    // Where time stands still until the answer comes nothing need bridge its lack.
    action.laterEntries = inLockstep ? 0 : min(laterEntries, failsafe.times.usableEntries - entry)
    for later in 0..<action.laterEntries {
      copy(entry + 1 + later, to: action.laterCommands + later * episodePlanner.planner.actionSize)
    }
  }

  /// The plan's entry as the robot takes it.
  private func copy(_ entry: Int, to command: UnsafeMutablePointer<Float>) {
    let values = episodePlanner.planner.action(entry)
    // The robot's limit may be narrower than that of the robots in the data.
    for index in 0..<episodePlanner.planner.actionSize {
      command[index] = min(max(values[index], -actionLimit), actionLimit)
    }
  }

  private mutating func scale(_ mode: CommandMode, by factor: Float) {
    action.mode = mode
    action.plan = 0
    action.laterEntries = 0
    for index in 0..<episodePlanner.planner.actionSize { action.command[index] *= factor }
  }
}
