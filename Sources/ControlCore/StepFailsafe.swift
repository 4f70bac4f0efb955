// The controller's failsafe, on the robot's count of steps: the only clock that runs with the robot, whatever its clock
// shows.

import Failsafe

/// Chooses the command for each observation, from whether it brought a plan and how many steps have passed since the
/// last.
///
/// The count is a foreign one: it may jump as it likes, 2^32 − 1 steps of any period at once. Then the old plan is
/// dropped, and the next one drives. Another start of the robot takes another `StepFailsafe`: nothing is kept.
/// Real-time: yes.
package struct StepFailsafe: Equatable, Sendable {
  private var failsafe: TimedFailsafe
  /// Periods of the robot, those included whose observation was lost or superseded; saturates.
  private var time: UInt64 = 0
  /// Of it, the time since an observation came early enough to plan for; saturates.
  private var untried: UInt64 = 0
  /// Step of the last observation answered.
  private var answered: UInt32

  /// - Parameter step: of the first observation.
  @_noAllocation @_noLocks
  package init(times: FailsafeTimes, step: UInt32 = 0) {
    failsafe = TimedFailsafe(times: times)
    answered = step &- 1
  }

  package var isSafe: Bool { @_noAllocation @_noLocks get { failsafe.isSafe } }
  package var times: FailsafeTimes { @_noAllocation @_noLocks get { failsafe.times } }

  /// The last plan means nothing any more. SAFE stays.
  @_noAllocation @_noLocks
  package mutating func standDown() { failsafe.standDown() }

  /// A person has had a look: SAFE is over, and nothing is planned.
  @_noAllocation @_noLocks
  package mutating func rearm() { failsafe.rearm() }

  /// An observation was answered without a choice.
  @_noAllocation @_noLocks
  package mutating func pass(_ step: UInt32) { answered = step }

  /// The choice for the observation of `step`: there is a plan for it, or planning has failed, or there was no time to
  /// try.
  @_noAllocation @_noLocks
  package mutating func choose(step: UInt32, isPlanned: Bool, hasFailed: Bool) -> CommandChoice {
    let ahead = times.usableEntries
    let steps = step > answered ? UInt64(step - answered) : 1
    let passed = Self.saturated(steps.multipliedReportingOverflow(by: times.periodNanoseconds))
    answered = step
    // So long a time without an observation, or with late ones only, says that robot, link or machine stood still. It
    // says nothing about the planner. What was planned before is worthless, but SAFE latches only on plans that fail.
    untried = Self.saturated(untried.addingReportingOverflow(passed))
    if untried >= times.safeAfterNanoseconds(ahead: ahead) - times.decisionNanoseconds { failsafe.standDown() }
    if isPlanned || hasFailed { untried = 0 }
    advance(passed)
    if isPlanned { _ = failsafe.accept(now: time, observationTime: time, ahead: ahead) }
    return failsafe.decide(now: time)
  }

  @_noAllocation @_noLocks
  private mutating func advance(_ passed: UInt64) {
    let (sum, overflow) = time.addingReportingOverflow(passed)
    time = sum
    guard overflow else { return }
    // The end of the clock: it starts over, with nothing planned. SAFE knows no time.
    time = 0
    if !failsafe.isSafe { failsafe = TimedFailsafe(times: times) }
  }

  @_noAllocation @_noLocks
  private static func saturated(_ result: (partialValue: UInt64, overflow: Bool)) -> UInt64 {
    result.overflow ? .max : result.partialValue
  }
}
