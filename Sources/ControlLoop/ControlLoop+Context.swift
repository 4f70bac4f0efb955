// The context while the loop runs: gathered for the warm start, or a belief that follows the robot and is told to all.

import PlannerRuntime
import RobotLink

extension ControlLoop {
  /// Transitions say something new: the warm start is gathered, or the context follows the robot.
  var wantsTransitions: Bool { gathering.isGathering || followsContext }

  /// Brings the context up to date, in the slack, and tells what it says about the robot.
  func followContext() {
    planner.updateContextIfDue()
    guard let belief = planner.belief else { return }
    tellChange(belief)
    if belief.isUnexplained { statistics.unexplainedCycles += 1 }
    if belief.isUnexplained != wasUnexplained { status.post(belief.isUnexplained ? .unexplained : .explainedAgain) }
    tell(belief)
  }

  /// Forgets what is known about the robot: another one may have come.
  func forgetContext() {
    planner.clearContext()
    if let belief = planner.belief { tell(belief) }
  }

  private func tellChange(_ belief: Belief) {
    guard planner.changes > noticedChanges else { return }
    noticedChanges = planner.changes
    // Where no task explains the robot, going from one to the next says nothing about it.
    guard !belief.isUnexplained else { return }
    statistics.changes += 1
    status.post(.changeNoticed)
  }

  /// Shows `belief`, and puts it into the actions that are planned on it; on a serial line it is left out.
  func tell(_ belief: Belief) {
    wasUnexplained = belief.isUnexplained
    status.show(belief)
    guard !isOnLine else { return }
    action.belief = StatedBelief(
      parameterCount: bankParameters.size, confidence: belief.confidence, isUnexplained: belief.isUnexplained)
    for index in 0..<bankParameters.size {
      action.believedParameters[index] = bankParameters.value(belief.hypothesis, index)
    }
  }
}
