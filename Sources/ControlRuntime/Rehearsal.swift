// Plans that are made before anything depends on them, so that no page, branch or estimate is new to the first real
// one.

import PlannerRuntime
import RobotLink

/// Two plans, cold and warm, and what they took.
struct Rehearsal {
  struct Plan {
    var nanoseconds: UInt64
    var steps: Int
  }
  let first: Plan, second: Plan
  var shorter: Plan { second.nanoseconds < first.nanoseconds ? second : first }

  /// Rehearses with `planner`, which has no context afterwards. Real-time: no.
  init(_ planner: inout Planner) {
    let still = [Float](repeating: 0, count: max(planner.observationSize, planner.actionSize))
    _ = planner.addTransition(observation: still, action: still, reward: 0, next: still)
    planner.updateContext()
    first = Self.plan(&planner, from: still)
    second = Self.plan(&planner, from: still)
    planner.clearContext()
  }

  private static func plan(_ planner: inout Planner, from state: [Float]) -> Plan {
    let start = monotonicNanoseconds()
    let result = planner.plan(observation: state, budgetNanoseconds: .max)
    let duration = monotonicNanoseconds() - start
    planner.prepare()
    return Plan(nanoseconds: duration, steps: result.stepsTaken)
  }
}
