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
    noteLatch()
    guard !endpoint.observation.isLast else {
      // Only a heartbeat; the next observation starts an episode.
      set(.idle)
      idleWatch.pause()
      send(arrival: arrival)
      endEpisode()
      return
    }
    guard robotLatch == nil else {
      failsafe.pass(step)
      failsafe.standDown()
      set(.idle)
      idleWatch.pause()
      send(arrival: arrival)
      return
    }
    let wasSafe = failsafe.isSafe
    switch planner.isUnexplained ? options.whenUnexplained : .carryOn {
    case .carryOn:
      let failures = statistics.failedPlans
      let isPlanned = planNow(arrival: arrival)
      set(failsafe.choose(step: step, isPlanned: isPlanned, hasFailed: statistics.failedPlans > failures))
    case .hold:
      failsafe.pass(step)
      set(failsafe.isSafe ? .safe : .hold)
    case .stop: set(failsafe.choose(step: step, isPlanned: false, hasFailed: true))
    }
    if failsafe.isSafe, !wasSafe { status.post(.safe) }
    if idleWatch.note(isIdle: action.mode == .idle || action.mode == .safe, now: arrival) {
      status.post(.idleWhileDriven)
    }
    if idleWatch.isLong { statistics.idleWhileDriven += 1 }
    send(arrival: arrival)
    if wantsTransitions { followContext() }
    planner.prepare()
  }

  /// Sees whether the robot is latched, and whether a person lifts that latch or the controller's own.
  private func noteLatch() {
    let isAsked = status.takeRearm()
    if isAsked { failsafe.rearm() }
    let latch = endpoint.observation.latch
    if latch != robotLatch {
      switch latch {
      case nil: status.post(.latchLifted)
      case .silence: status.post(.latchedInSilence)
      case .stuckSensors: status.post(.latchedOnStuckSensors)
      case .reset: status.post(.latchedByReset)
      case .other: status.post(.latched)
      }
    }
    robotLatch = latch
    if latch != nil { statistics.latchedCycles += 1 }
    // Until the robot has heard it. One that is not latched has no use for it later.
    wantsRearm = latch != nil && (wantsRearm || isAsked)
    action.rearms = wantsRearm
  }

  /// True if there is a complete, finite plan from the last observation.
  private func planNow(arrival: UInt64) -> Bool {
    let due = deadlines.due(sampleTime: endpoint.observation.sampleTimeNanoseconds, arrival: arrival)
    let inLockstep = endpoint.session.robot?.lockstep ?? false
    let start = monotonicNanoseconds()
    let spent = inLockstep ? 0 : start &- due
    guard spent < budgetNanoseconds, inLockstep || spent &+ stepTime.nanoseconds < periodNanoseconds else {
      statistics.skippedPlans += 1
      status.show(
        missed: spent < budgetNanoseconds
          ? .slow(microseconds: UInt32(clamping: stepTime.nanoseconds / 1000))
          : .late(microseconds: UInt32(clamping: spent / 1000)))
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
      status.show(missed: .failed)
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
