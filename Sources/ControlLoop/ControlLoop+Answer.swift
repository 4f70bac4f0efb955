// One observation's answer: a plan if there is time for one, otherwise what the failsafe chooses; then the slack.

import Failsafe
import PlannerRuntime
import RobotLink

extension ControlLoop {
  /// Plans for the observation taken in last and sends the action; then does what there is time for.
  func answer(arrival: UInt64) {
    action.answer(endpoint.observation)
    action.predictedReturn = nil
    action.hasPredictedState = false
    action.denoisingSteps = 0
    action.planMicroseconds = 0
    guard !endpoint.observation.isLast else {
      // Only a heartbeat; the next observation starts an episode.
      set(.idle)
      send(arrival: arrival)
      endEpisode()
      return
    }
    let wasSafe = failsafe.isSafe
    switch planner.belief?.isUnexplained == true ? options.whenUnexplained : .carryOn {
    case .carryOn:
      let failures = statistics.failedPlans
      let isPlanned = planNow(arrival: arrival)
      set(choose(isPlanned: isPlanned, hasFailed: statistics.failedPlans > failures))
    case .hold: set(failsafe.isSafe ? .safe : .hold)
    case .stop: set(choose(isPlanned: false, hasFailed: true))
    }
    if failsafe.isSafe, !wasSafe { status.post(.safe) }
    answeredStep = step
    send(arrival: arrival)
    if wantsTransitions { followContext() }
    planner.prepare()
  }

  /// The failsafe's choice for this observation.
  private func choose(isPlanned: Bool, hasFailed: Bool) -> CommandChoice {
    let times = failsafe.times
    let ahead = times.usableEntries
    let passed = (step > answeredStep ? UInt64(step - answeredStep) : 1) * periodNanoseconds
    // So long a time without an observation, or with late ones only, says that robot, link or machine stood still, and nothing
    // about the planner: what was planned before is worthless, but SAFE latches on plans that fail.
    untriedTime &+= passed
    if untriedTime >= times.safeAfterNanoseconds(ahead: ahead) - times.decisionNanoseconds { failsafe.standDown() }
    if isPlanned || hasFailed { untriedTime = 0 }
    failsafeTime &+= passed
    if isPlanned { _ = failsafe.accept(now: failsafeTime, observationTime: failsafeTime, ahead: ahead) }
    return failsafe.decide(now: failsafeTime)
  }

  /// True if there is a complete, finite plan from the last observation.
  private func planNow(arrival: UInt64) -> Bool {
    let due = deadlines.due(sampleTime: endpoint.observation.sampleTimeNanoseconds, arrival: arrival)
    let inLockstep = endpoint.session.robot?.lockstep ?? false
    let start = monotonicNanoseconds()
    let spent = inLockstep ? 0 : start &- due
    guard spent < budgetNanoseconds, inLockstep || spent &+ stepTime.nanoseconds < periodNanoseconds else {
      statistics.skippedPlans += 1
      stepTime.recordSkip()
      return false
    }
    isReady = false
    let result = planner.plan(observation: lastState, budgetNanoseconds: budgetNanoseconds - spent)
    let end = monotonicNanoseconds()
    stepTime.record((end - start) / UInt64(max(1, result.stepsTaken)))
    switch result.status {
    case .converged: break
    case .outOfBudget: statistics.shortPlans += 1
    case .nonFinite:
      statistics.failedPlans += 1
      return false
    }
    if !inLockstep, end &- due > periodNanoseconds { statistics.latePlans += 1 }
    statistics.recordPlan(nanoseconds: end - start)
    planCount &+= 1
    action.planMicroseconds = UInt32(clamping: (end - start) / 1000)
    action.denoisingSteps = UInt32(clamping: result.stepsTaken)
    if planner.hasContext { action.predictedReturn = result.predictedReturn }
    action.hasPredictedState = !isOnLine
    for index in 0..<planner.observationSize { action.predictedState[index] = planner.state(1)[index] }
    return true
  }

  private func send(arrival: UInt64) {
    action.deadlineMisses = UInt32(clamping: statistics.deadlineMisses)
    endpoint.send(action)
    statistics.recordAnswer(nanoseconds: monotonicNanoseconds() - arrival)
    statistics.cycles += 1
    status.show(
      episode: episode, step: step, reward: endpoint.observation.reward ?? 0,
      planMicroseconds: action.planMicroseconds, misses: statistics.deadlineMisses)
  }
}
