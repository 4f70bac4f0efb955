// The context while the cycle runs: gathered for the warm start, or a belief that follows the robot and is told to all.

import PlannerRuntime
import RobotLink

extension ControlCycle {
  /// Transitions say something new: the warm start is gathered, or the context follows the robot.
  var wantsTransitions: Bool { gathering.isGathering || followsContext }

  /// Brings the context up to date, in the slack, and tells what it says about the robot.
  mutating func followContext() {
    episodePlanner.planner.updateContextIfDue()
    guard let belief = episodePlanner.planner.belief else { return }
    noteChange(belief)
    if belief.isUnexplained { statistics.unexplainedCycles += 1 }
    if belief.isUnexplained != self.belief?.isUnexplained {
      news.add(belief.isUnexplained ? .unexplained : .explainedAgain)
    }
    tell(belief)
  }

  /// The warm start is complete.
  mutating func inferContext() {
    episodePlanner.planner.updateContext()
    if let belief = episodePlanner.planner.belief { tell(belief) }
    // A belief is a context before anything is known.
    news.add(episodePlanner.planner.transitionCount > 0 ? .contextInferred : .contextMissing)
  }

  mutating func forgetContext() {
    episodePlanner.forgetContext()
    if let belief = episodePlanner.planner.belief { tell(belief) }
  }

  private mutating func noteChange(_ belief: Belief) {
    guard episodePlanner.planner.changes > noticedChanges else { return }
    noticedChanges = episodePlanner.planner.changes
    // Where no task explains the robot, going from one to the next says nothing about it.
    guard !belief.isUnexplained else { return }
    statistics.changes += 1
    news.add(.changeNoticed)
  }

  /// Shows `belief`, and puts it into the actions that are planned on it.
  mutating func tell(_ belief: Belief) {
    self.belief = ShownBelief(belief)
    guard !isTerse else { return }
    action.belief = StatedBelief(
      parameterCount: bankParameters.size, confidence: belief.confidence, isUnexplained: belief.isUnexplained)
    for index in 0..<bankParameters.size {
      action.believedParameters[index] = bankParameters.value(belief.hypothesis, index)
    }
  }
}
