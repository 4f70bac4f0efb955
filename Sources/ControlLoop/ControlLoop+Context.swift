// The context while the loop runs: gathered for the warm start, or following the robot.

import PlannerRuntime

extension ControlLoop {
  /// Transitions say something new: the warm start is gathered, or the context follows the robot.
  var wantsTransitions: Bool { gathering.isGathering || followsContext }

  /// Brings the context up to date, in the slack, and tells of a change that was noticed.
  func followContext() {
    planner.updateContextIfDue()
    guard planner.changes > noticedChanges else { return }
    noticedChanges = planner.changes
    statistics.changes += 1
    status.post(.changeNoticed)
  }
}
