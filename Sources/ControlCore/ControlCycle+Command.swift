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
      approachNeutral(.hold, remaining: 1)
    case .ramp(let factor):
      statistics.ramps += 1
      approachNeutral(.ramp, remaining: factor)
    case .safe:
      statistics.safes += 1
      approachNeutral(.safe, remaining: 0)
    case .idle:
      statistics.idles += 1
      approachNeutral(.idle, remaining: 0)
    }
  }

  private mutating func fill(_ mode: CommandMode, entry: Int) {
    action.mode = mode
    action.planEntry = UInt32(entry)
    copy(entry, to: action.command, after: action.command)
    // Where time stands still until the answer comes nothing need bridge its lack.
    action.laterEntries = inLockstep ? 0 : min(laterEntries, failsafe.times.usableEntries - entry)
    let size = episodePlanner.planner.actionSize
    for later in 0..<action.laterEntries {
      let row = action.laterCommands + later * size
      copy(entry + 1 + later, to: row, after: later == 0 ? action.command : row - size)
    }
  }

  /// The plan's entry as the robot takes it, a period after the command `last`: the robot's limits may be narrower than
  /// those of the robots in the data.
  private func copy(_ entry: Int, to command: UnsafeMutablePointer<Float>, after last: UnsafeMutablePointer<Float>) {
    let values = episodePlanner.planner.action(entry)
    for index in 0..<episodePlanner.planner.actionSize {
      command[index] = limits[index].approached(values[index], from: last[index], seconds: periodSeconds)
    }
  }

  /// On the way from the last command to zero, or to what stands for it: `remaining` is what stays of the distance.
  private mutating func approachNeutral(_ mode: CommandMode, remaining: Float) {
    action.mode = mode
    action.plan = 0
    action.laterEntries = 0
    for index in 0..<episodePlanner.planner.actionSize {
      let (last, neutral) = (action.command[index], limits[index].neutral)
      action.command[index] = limits[index].approached(
        neutral + remaining * (last - neutral), from: last, seconds: periodSeconds)
    }
  }
}
