// Where episodes begin and end, and what of them makes the warm start.

import PlannerRuntime
import RobotLink

extension ControlLoop {
  /// Notes the observation: starts of robots and episodes, and transitions of the warm start.
  func takeIn() {
    let epoch = endpoint.observation.epoch
    if epoch != robotEpoch {
      robotEpoch = epoch
      if gathering.restart() {
        // What is prepared may be so for the context that goes.
        if planner.hasContext { isReady = false }
        forgetContext()
      }
      // Another start is another robot: of the one before, not even the count of time is kept.
      failsafe = StepFailsafe(times: failsafe.times, step: endpoint.observation.step)
      deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds, budgetNanoseconds: budgetNanoseconds)
      idleWatch = IdleWatch()
      isInEpisode = false
    }
    // The last observation of the episode before was lost or superseded.
    if isInEpisode, endpoint.observation.episode != episode { endEpisode() }
    let isRunning = isInEpisode
    // A gap or, in lockstep, a repeat ends no episode, but is no transition either.
    // What a latched robot does, or seems to do with its sensors stuck, teaches nothing.
    let continues =
      isRunning && endpoint.observation.step == step &+ 1 && endpoint.observation.latch == nil && robotLatch == nil
    if !(isRunning && (!endpoint.observation.isFirst || step == 0)), !endpoint.observation.isLast {
      beginEpisode()
      isInEpisode = true
    }
    if continues, wantsTransitions, let reward = endpoint.observation.reward {
      _ = planner.addTransition(
        observation: lastState, action: endpoint.observation.appliedAction, reward: reward,
        next: endpoint.observation.state)
    }
    for index in 0..<planner.observationSize { lastState[index] = endpoint.observation.state[index] }
    episode = endpoint.observation.episode
    step = endpoint.observation.step
  }

  /// Forgets the plan of the episode before and makes ready for the first of the next.
  func beginEpisode() {
    makeReady()
    failsafe.standDown()
  }

  /// Makes the planner ready for an episode's first plan, unless that is done: at best in the slack before.
  func makeReady() {
    if isReady { return }
    planner.reset(seed: options.seed &+ statistics.episodes)
    planner.prepare()
    isReady = true
  }

  /// The robot ended an episode by itself: counts it for the warm start and makes ready for the next.
  func endEpisode() {
    guard isInEpisode else { return }
    isInEpisode = false
    statistics.episodes += 1
    if gathering.episodeEnded() {
      planner.updateContext()
      if let belief = planner.belief { tell(belief) }
      // A belief is a context before anything is known.
      status.post(planner.transitionCount > 0 ? .contextInferred : .contextMissing)
    }
    isReady = false
    makeReady()
  }
}
