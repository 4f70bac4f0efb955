// The controller's cycle: observation in, plan, action out, and in the slack whatever can be done before the next one.

import Failsafe
import Glibc
import PlannerModel
import PlannerRuntime
import RobotLink

/// Drives a robot with a model over a link, on the robot's clock.
///
/// `init` takes all memory and rehearses; `run` then allocates nothing while it drives. Only `status` may be used from
/// other threads while `run` runs; the rest is for before and after.
public final class ControlLoop {
  public let status = LoopStatus()
  public let address: LinkAddress
  public internal(set) var statistics = LoopStatistics()
  /// Why `run` ended, if it was not asked to.
  public private(set) var failure: ControlError? = nil

  private let options: ControlOptions
  private let periodNanoseconds: UInt64
  private let budgetNanoseconds: UInt64
  /// A serial line is slow: it carries what moves the robot, and no predictions for whoever looks on.
  private let isOnLine: Bool
  var endpoint: ControllerEndpoint
  var planner: Planner
  var action = ActionMessage()
  private var failsafe: Failsafe
  /// The failsafe's clock: periods of the robot, those included whose observation was lost or superseded.
  private var failsafeTime: UInt64 = 0
  /// Of it, the time since an observation came early enough to plan for.
  private var untriedTime: UInt64 = 0
  private var deadlines: DeadlineClock
  private var gathering: ContextGathering
  var planCount: UInt32 = 0
  private var stepEstimate = StepEstimate()
  /// The robot's last start that was seen, and whether its present episode is under way.
  private var robotEpoch: UInt32 = 0
  private var isInEpisode = false
  private var episode: UInt32 = 0
  private var step: UInt32 = 0
  /// Step of the last observation answered.
  private var answeredStep: UInt32 = 0
  /// The planner is reset and prepared for an episode's first plan.
  private var isReady = false
  /// State of the last observation, `[observationSize]`: the start of the transition that ends with the next.
  private let lastState: UnsafeMutablePointer<Float>

  /// Opens the link and makes the planner. Throws when model, warm start, settings or address cannot be used.
  public init(model: LoadedModel, options: ControlOptions, address: LinkAddress) throws(ControlError) {
    let description = model.description
    let shape = description.shape
    try options.check(against: model)
    self.options = options
    self.address = address
    if case .udp = address { isOnLine = false } else { isOnLine = true }
    periodNanoseconds = description.periodNanoseconds
    budgetNanoseconds = options.budgetNanoseconds ?? description.periodNanoseconds / 2

    var settings = description.options
    if let guide = options.guide { settings.guide = guide }
    do throws(PlannerError) {
      planner = try Planner(
        weights: model.weights, options: settings, kernels: options.kernel, threads: options.threads)
    } catch {
      throw .planner(error)
    }
    let profile = RobotProfile(
      family: description.family, observationSize: shape.observationSize, actionSize: shape.actionSize,
      periodNanoseconds: description.periodNanoseconds)
    do throws(LinkError) {
      endpoint = try ControllerEndpoint(
        connectingTo: address, profile: profile, model: options.modelName,
        silenceNanoseconds: max(500_000_000, 10 * description.periodNanoseconds), key: options.key)
    } catch {
      throw .link(error)
    }
    deadlines = DeadlineClock(periodNanoseconds: description.periodNanoseconds)
    failsafe = Failsafe(
      times: FailsafeTimes(periodNanoseconds: description.periodNanoseconds, usableEntries: shape.horizon / 2))
    gathering = ContextGathering(options.warmStart == nil ? .firstEpisodes(options.warmStartEpisodes) : .given)
    lastState = .allocate(capacity: shape.observationSize)
    lastState.initialize(repeating: 0, count: shape.observationSize)
    rehearse()
    options.warmStart?.infer(into: &planner)
    beginEpisode()
  }

  deinit { lastState.deallocate() }

  public var contextTransitions: Int { planner.transitionCount }
  public var hasContext: Bool { planner.hasContext }
  public var kernelName: String { planner.kernelName }
  public var arenaBytes: Int { planner.arenaBytes }
  /// The planner's second thread, if it has one.
  var helperThread: UInt64? { planner.helperThread }
  public var counters: LinkCounters { endpoint.session.counters }
  public var isLinkOpen: Bool { endpoint.isOpen }
  /// The robot's clock and this machine's.
  public var clock: ClockEstimate { endpoint.session.clock }
  public var robot: RobotDescription? { endpoint.session.robot }

  /// Plans twice, cold and warm, before anything depends on it, so that no page, branch or estimate is new to the first real plan.
  private func rehearse() {
    _ = planner.addTransition(observation: lastState, action: action.command, reward: 0, next: lastState)
    planner.updateContext()
    for _ in 0..<2 {
      let start = monotonicNanoseconds()
      let result = planner.plan(observation: lastState, budgetNanoseconds: .max)
      stepEstimate.note(planNanoseconds: monotonicNanoseconds() - start, steps: result.stepsTaken)
      planner.prepare()
    }
    planner.clearContext()
  }

  // MARK: Running

  /// Runs until `status.stop()`, a refusal, or the robot's goodbye where that is asked for. Call it on a thread of its
  /// own.
  public func run() {
    let start = ThreadUsage.now(allocationCount: options.allocationCount)
    var goesOn = true
    while goesOn, !status.isStopRequested.load(ordering: .relaxed) {
      goesOn = runOnce(until: monotonicNanoseconds() + 100_000_000)
    }
    if endpoint.session.isConnected { endpoint.sayGoodbye() }
    statistics.usage = ThreadUsage.now(allocationCount: options.allocationCount) - start
    status.end()
  }

  /// Waits for one event, at most until CLOCK_MONOTONIC shows `nanoseconds`, and handles it; false if the loop is to end.
  package func runOnce(until nanoseconds: UInt64) -> Bool { handle(endpoint.next(until: nanoseconds)) }

  private func handle(_ event: ControllerEndpoint.Event) -> Bool {
    switch event {
    case .timeout, .link(.none): break
    case .link(.observation): return drainAndAnswer()
    case .link(.connected):
      status.show(isConnected: true)
      status.post(.connected)
      // Hand-shakes come by themselves after a silence: they unlatch nothing.
      failsafe.standDown()
      deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds)
    case .link(.disconnected): leave(.robotRestarted)
    case .silent: leave(.silent)
    case .link(.goodbye):
      leave(.goodbye)
      return !options.exitsWithRobot
    case .link(.busy): status.post(.busy)
    case .link(.refused):
      leave(.refused)
      failure = .refused(address, reason: endpoint.session.peerText.description)
      return false
    }
    return true
  }

  /// The robot is gone: nothing is sent until it is back.
  private func leave(_ news: LoopNews) {
    status.show(isConnected: false)
    status.post(news)
    isInEpisode = false
  }

  /// Takes in the observation that came and, if newer ones wait behind it, those; answers the newest.
  private func drainAndAnswer() -> Bool {
    var arrival = monotonicNanoseconds()
    takeIn()
    while true {
      let next = endpoint.next(until: 0)
      guard next == .link(.observation) else {
        answer(arrival: arrival)
        return next == .timeout ? true : handle(next)
      }
      statistics.superseded += 1
      arrival = monotonicNanoseconds()
      takeIn()
    }
  }

  /// Notes the observation: starts of robots and episodes, and transitions of the warm start.
  private func takeIn() {
    let epoch = endpoint.observation.epoch
    if epoch != robotEpoch {
      robotEpoch = epoch
      if gathering.restart() {
        // What is prepared may be so for the context that goes.
        if planner.hasContext { isReady = false }
        planner.clearContext()
      }
      failsafe.rearm()
      isInEpisode = false
    }
    // The last observation of the episode before was lost or superseded.
    if isInEpisode, endpoint.observation.episode != episode { endEpisode() }
    let isRunning = isInEpisode
    // A gap or, in lockstep, a repeat ends no episode, but is no transition either.
    let continues = isRunning && endpoint.observation.step == step &+ 1
    if !(isRunning && (!endpoint.observation.isFirst || step == 0)), !endpoint.observation.isLast {
      beginEpisode()
      isInEpisode = true
    }
    if continues, gathering.isGathering, let reward = endpoint.observation.reward {
      _ = planner.addTransition(
        observation: lastState, action: endpoint.observation.appliedAction, reward: reward,
        next: endpoint.observation.state)
    }
    for index in 0..<planner.observationSize { lastState[index] = endpoint.observation.state[index] }
    episode = endpoint.observation.episode
    step = endpoint.observation.step
  }

  /// Forgets the plan of the episode before and makes ready for the first of the next.
  private func beginEpisode() {
    makeReady()
    failsafe.standDown()
  }

  /// Makes the planner ready for an episode's first plan, unless that is done: at best in the slack before.
  private func makeReady() {
    if isReady { return }
    planner.reset(seed: options.seed &+ statistics.episodes)
    planner.prepare()
    isReady = true
  }

  /// Plans for the observation taken in last and sends the action; then does what there is time for.
  private func answer(arrival: UInt64) {
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
    let failures = statistics.failedPlans
    let isPlanned = planNow(arrival: arrival)
    let wasSafe = failsafe.isSafe
    set(choose(isPlanned: isPlanned, hasFailed: statistics.failedPlans > failures))
    if failsafe.isSafe, !wasSafe { status.post(.safe) }
    answeredStep = step
    send(arrival: arrival)
    if gathering.isGathering { planner.updateContextIfDue() }
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
    guard spent < budgetNanoseconds, inLockstep || spent &+ stepEstimate.nanoseconds < periodNanoseconds else {
      statistics.skippedPlans += 1
      stepEstimate.noteSkip()
      return false
    }
    isReady = false
    let result = planner.plan(observation: lastState, budgetNanoseconds: budgetNanoseconds - spent)
    let end = monotonicNanoseconds()
    stepEstimate.note(planNanoseconds: end - start, steps: result.stepsTaken)
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

  /// The robot ended an episode by itself: counts it for the warm start and makes ready for the next.
  private func endEpisode() {
    guard isInEpisode else { return }
    isInEpisode = false
    statistics.episodes += 1
    if gathering.episodeEnded() {
      planner.updateContext()
      status.post(planner.hasContext ? .contextInferred : .contextMissing)
    }
    isReady = false
    makeReady()
  }
}
