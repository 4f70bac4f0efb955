// One control cycle after another as a state machine: an observation and a time go in, an action and news come out.

import Failsafe
import PlannerRuntime
import RobotLink

/// Decides what a robot is told, observation by observation. It has no thread, no link and no clock: its caller hands
/// in what came and when. Only the planner looks at a clock, to keep to the budget that it is given.
///
/// For each observation, in this order:
///
///     observe    takes note of it, and of each that supersedes it before it is answered
///     plan       plans if that is wanted and there is time
///     decide     chooses the command; the answer is then in `action`
///     sent       the action has left
///     useSlack   does what there is time for until the next observation
///
/// and `note` for all else that the link brings. `nextNews` after any of them. All times are of one steady clock,
/// nanoseconds. `init` takes all memory; from then on nothing allocates, locks or calls the system. Real-time: yes,
/// `init` excepted.
public struct ControlCycle: ~Copyable {
  /// The control period.
  public let periodNanoseconds: UInt64
  /// What a plan may take, from when its observation was due.
  public let budgetNanoseconds: UInt64
  /// Entries of a plan that go along with an action.
  public let laterEntries: Int
  /// The answer to the last observation, complete after `decide`.
  public internal(set) var action = ActionMessage()
  /// What the cycle has counted and timed.
  public internal(set) var statistics = LoopStatistics()
  /// Reward of the last observation; 0 where there is none.
  public private(set) var reward: Float = 0
  /// Why the last observation that has no plan of its own has none.
  public private(set) var missedPlan = MissedPlan.none
  /// What is believed about the robot; nil where the context is no belief.
  public internal(set) var belief: ShownBelief? = nil
  /// A robot is connected.
  public internal(set) var isConnected = false

  let seed: UInt64
  let whenUnexplained: UnexplainedReaction
  /// A slow line carries what moves the robot, and no predictions for people who look on.
  let isTerse: Bool
  let bankParameters: BankParameters
  let followsContext: Bool
  var episodePlanner: EpisodePlanner
  var failsafe: StepFailsafe
  var deadlines: DeadlineClock
  var idleWatch = IdleWatch()
  var episodes = EpisodeTracker()
  var gathering: ContextGathering
  var latchWatch = LatchWatch()
  var news = NewsQueue()
  var busyNews = SparseNews()
  var refusalNews = SparseNews()
  var contradictionNews = SparseNews()
  /// Changes of task or body that the planner had noticed in the last cycle.
  var noticedChanges = 0
  /// What a command may be, and how fast it may change: the tighter of model and robot, `[actionSize]`; and the model's
  /// alone.
  let limits: UnsafeMutablePointer<CommandLimits>
  private let modelLimits: UnsafeMutablePointer<CommandLimits>
  private let mostSlew: Float
  /// A control period, for slew limits.
  let periodSeconds: Float
  /// It has been said that the robot that is driven has other limits than the model.
  private var hasToldLimits = false
  private let knowsModelLimits: Bool
  var inLockstep = false
  var planCount: UInt32 = 0

  /// What there is to know of the last observation beyond its numbers.
  private var isLast = false
  private var observedLatch: RobotLatch? = nil
  private var sampleTime: UInt64 = 0
  private var arrival: UInt64 = 0
  /// It has not been answered.
  private var isPending = false
  private var attempt = Attempt.notWanted
  /// Its state, `[observationSize]`: the start of the transition that ends with the next.
  private let state: UnsafeMutablePointer<Float>

  /// What became of planning for an observation.
  private enum Attempt {
    /// It is an episode's last, or the robot is latched.
    case notWanted
    /// Nothing explains the robot, and it is not to be driven so.
    case withheld
    /// There was no time.
    case skipped
    case made(PlanResult, start: UInt64, due: UInt64)
  }

  /// A cycle around `planner`, before any robot. Real-time: no.
  ///
  /// - Parameters:
  ///   - planner: with its context, where `context` is `.given`.
  ///   - bank: the model's, whose parameters name the tasks of a belief.
  ///   - periodNanoseconds: the control period.
  ///   - budgetNanoseconds: nil: half the period.
  ///   - laterEntries: 0 … 3; more are cut.
  ///   - seed: of the planner's noise; each episode takes the next one.
  ///   - context: where the context comes from.
  ///   - whenUnexplained: what is done while nothing that the model knows explains the robot.
  ///   - isTerse: actions carry neither predictions nor beliefs.
  ///   - slewPerSecond: the most that any entry of a command changes by per second; positive.
  ///   - stated: the model's limits of each entry of a command, `[actionSize]`, sound; the robot's may be tighter.
  public init(
    planner: consuming Planner, bank: ContextBank? = nil, periodNanoseconds: UInt64, budgetNanoseconds: UInt64? = nil,
    laterEntries: Int = LinkLimits.laterEntries, seed: UInt64 = 1, context: ContextSource = .firstEpisodes(1),
    whenUnexplained: UnexplainedReaction = .carryOn, isTerse: Bool = false, slewPerSecond: Float = .infinity,
    modelLimits stated: [CommandLimits]? = nil
  ) {
    let budget = budgetNanoseconds ?? periodNanoseconds / 2
    self.periodNanoseconds = periodNanoseconds
    self.budgetNanoseconds = budget
    self.laterEntries = min(max(laterEntries, 0), LinkLimits.laterEntries)
    self.seed = seed
    self.whenUnexplained = whenUnexplained
    self.isTerse = isTerse
    followsContext = planner.belief != nil
    bankParameters = BankParameters(followsContext ? bank : nil)
    failsafe = StepFailsafe(
      times: FailsafeTimes(periodNanoseconds: periodNanoseconds, usableEntries: planner.horizon / 2))
    deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds, budgetNanoseconds: budget)
    gathering = ContextGathering(context)
    state = .allocate(capacity: planner.observationSize)
    state.initialize(repeating: 0, count: planner.observationSize)
    mostSlew = slewPerSecond
    periodSeconds = Float(periodNanoseconds) * 1e-9
    let size = planner.actionSize
    (limits, modelLimits) = (.allocate(capacity: size), .allocate(capacity: size))
    knowsModelLimits = stated != nil
    let widest = CommandLimits(within: .greatestFiniteMagnitude)
    for index in 0..<size {
      (modelLimits + index).initialize(to: stated?[index] ?? widest)
      (limits + index).initialize(to: stated?[index] ?? widest)
    }
    episodePlanner = EpisodePlanner(planner)
    if let belief = episodePlanner.planner.belief { tell(belief) }
    beginEpisode()
  }

  deinit {
    state.deallocate()
    limits.deallocate()
    modelLimits.deallocate()
  }

  /// `Planner.onHelper` of the cycle's planner. Real-time: no.
  public func onHelper(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer? = nil
  ) {
    episodePlanner.planner.onHelper(body, context)
  }

  /// The planner, to look at before and after a run. Real-time: no: to borrow it from another module allocates.
  public var planner: Planner { _read { yield episodePlanner.planner } }
  /// Number of the last observation's episode. Real-time: yes.
  public var episode: UInt32 { episodes.episode }
  /// The last observation's step in its episode, from 0. Real-time: yes.
  public var step: UInt32 { episodes.step }

  /// The true parameters of the task of `hypothesis` of the bank; none where nobody has named them. Real-time: no.
  public func taskParameters(_ hypothesis: Int) -> [Float] {
    (0..<bankParameters.size).map { bankParameters.value(hypothesis, $0) }
  }

  /// What there is to tell, oldest first; nil: no more. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func nextNews() -> LoopEvent? { news.next() }

  /// Takes note of how long a plan took before any robot waited for it. Real-time: yes.
  public mutating func noteRehearsal(nanoseconds: UInt64, steps: Int) {
    episodePlanner.stepTime.record(nanoseconds / UInt64(max(1, steps)))
  }

  // MARK: The cycle

  /// Takes note of an observation that came at `arrival`: starts of robots and episodes, and transitions. One that was
  /// not answered yet is superseded. Real-time: yes.
  public mutating func observe(_ observation: borrowing ObservationMessage, arrival: UInt64) {
    if isPending { statistics.superseded += 1 }
    isPending = true
    let passage = episodes.note(
      epoch: observation.epoch, episode: observation.episode, step: observation.step, isLast: observation.isLast)
    if passage.isOtherStart { startAnew(at: observation.step) }
    if passage.endsEpisode { endEpisode() }
    if passage.beginsEpisode { beginEpisode() }
    // What a latched robot does, or seems to do with its sensors stuck, teaches nothing.
    if passage.isNextStep, observation.latch == nil, latchWatch.latch == nil, wantsTransitions,
      let reward = observation.reward
    {
      _ = episodePlanner.planner.addTransition(
        observation: state, action: observation.appliedAction, reward: reward, next: observation.state)
    }
    for index in 0..<episodePlanner.planner.observationSize { state[index] = observation.state[index] }
    action.answer(observation)
    isLast = observation.isLast
    observedLatch = observation.latch
    sampleTime = observation.sampleTimeNanoseconds
    reward = observation.reward ?? 0
    self.arrival = arrival
  }

  /// Plans for the last observation at the time `now`, if that is wanted and there is time. Real-time: yes.
  ///
  /// - Parameters:
  ///   - robot: the robot that the action will go to.
  ///   - isRearmAsked: a person has just asked for a latch to be lifted, the robot's or this side's.
  ///   - now: the time at which planning starts.
  public mutating func plan(for robot: RobotDescription, isRearmAsked: Bool, now: UInt64) {
    inLockstep = robot.lockstep
    takeLimits(of: robot)
    action.predictedReturn = nil
    action.hasPredictedState = false
    action.denoisingSteps = 0
    action.planMicroseconds = 0
    if isRearmAsked { failsafe.rearm() }
    if let change = latchWatch.note(observedLatch, isRearmAsked: isRearmAsked) { news.add(change) }
    if latchWatch.latch != nil { statistics.latchedCycles += 1 }
    action.rearms = latchWatch.wantsRearm
    attempt =
      if isLast || latchWatch.latch != nil {
        .notWanted
      } else if episodePlanner.planner.isUnexplained, whenUnexplained != .carryOn {
        .withheld
      } else {
        makePlan(now: now)
      }
  }

  /// Commands keep to the tighter limits of model and robot; where these differ it is said once a robot.
  private mutating func takeLimits(of robot: borrowing RobotDescription) {
    var differ = false
    for index in 0..<episodePlanner.planner.actionSize {
      let (own, model) = (robot.limits[index], modelLimits[index])
      limits[index] = own.tightened(by: model)
      limits[index].slewPerSecond = min(limits[index].slewPerSecond, mostSlew)
      if own.lower != model.lower || own.upper != model.upper || own.slewPerSecond != model.slewPerSecond {
        differ = true
      }
    }
    if differ, knowsModelLimits, !hasToldLimits { news.add(.limitsDiffer) }
    hasToldLimits = differ
  }

  private mutating func makePlan(now: UInt64) -> Attempt {
    let due = deadlines.due(sampleTime: sampleTime, arrival: arrival)
    let spent = inLockstep ? 0 : now &- due
    let step = episodePlanner.stepTime.nanoseconds
    guard spent < budgetNanoseconds, inLockstep || spent &+ step < periodNanoseconds else {
      missedPlan =
        spent < budgetNanoseconds
        ? .slow(microseconds: UInt32(clamping: step / 1000)) : .late(microseconds: UInt32(clamping: spent / 1000))
      return .skipped
    }
    let result = episodePlanner.plan(observation: state, budgetNanoseconds: budgetNanoseconds - spent)
    return .made(result, start: now, due: due)
  }

  /// Chooses the command at the time `now` and completes `action` with it. Real-time: yes.
  public mutating func decide(now: UInt64) {
    let wasSafe = failsafe.isSafe
    switch attempt {
    case .notWanted:
      // An episode's last observation is only a heartbeat; the next one starts an episode.
      if !isLast {
        failsafe.pass(step)
        failsafe.standDown()
      }
      set(.idle)
      idleWatch.pause()
    case .withheld where whenUnexplained == .hold:
      failsafe.pass(step)
      set(failsafe.isSafe ? .safe : .hold)
    case .withheld: set(failsafe.choose(step: step, isPlanned: false, hasFailed: true))
    case .skipped:
      statistics.skippedPlans += 1
      episodePlanner.stepTime.recordSkip()
      set(failsafe.choose(step: step, isPlanned: false, hasFailed: false))
    case .made(let result, let start, let due):
      let isPlanned = takePlan(result, nanoseconds: now > start ? now - start : 0, due: due, now: now)
      set(failsafe.choose(step: step, isPlanned: isPlanned, hasFailed: !isPlanned))
    }
    if failsafe.isSafe, !wasSafe { news.add(.safe) }
    if isDriven {
      if idleWatch.note(isIdle: action.mode.isStill, now: arrival) {
        news.add(.idleWhileDriven)
      }
      if idleWatch.isLong { statistics.idleWhileDriven += 1 }
    }
    action.deadlineMisses = UInt32(clamping: statistics.deadlineMisses)
    isPending = false
  }

  /// Takes note of a plan that took so long; true if it is complete and finite.
  private mutating func takePlan(_ result: PlanResult, nanoseconds: UInt64, due: UInt64, now: UInt64) -> Bool {
    episodePlanner.stepTime.record(nanoseconds / UInt64(max(1, result.stepsTaken)))
    switch result.status {
    case .converged: break
    case .outOfBudget: statistics.shortPlans += 1
    case .nonFinite:
      statistics.failedPlans += 1
      missedPlan = .failed
      return false
    }
    if !inLockstep, now &- due > periodNanoseconds { statistics.latePlans += 1 }
    statistics.recordPlan(nanoseconds: nanoseconds)
    planCount &+= 1
    action.planMicroseconds = UInt32(clamping: nanoseconds / 1000)
    action.denoisingSteps = UInt32(clamping: result.stepsTaken)
    if episodePlanner.planner.hasContext { action.predictedReturn = result.predictedReturn }
    action.hasPredictedState = !isTerse
    for index in 0..<episodePlanner.planner.observationSize {
      action.predictedState[index] = episodePlanner.planner.state(1)[index]
    }
    return true
  }

  /// A command was wanted for the last observation.
  private var isDriven: Bool { if case .notWanted = attempt { false } else { true } }

  /// Takes note that the action has left. Real-time: yes.
  public mutating func sent(now: UInt64) {
    statistics.recordAnswer(nanoseconds: now > arrival ? now - arrival : 0)
    statistics.cycles += 1
  }

  /// Does what need not be done before an answer: learns from the episode, and prepares the next plan. Real-time: yes.
  public mutating func useSlack() {
    if isLast {
      if episodes.end() { endEpisode() }
    } else if isDriven {
      if wantsTransitions { followContext() }
      episodePlanner.planner.prepare()
    }
  }

  // MARK: Episodes

  /// Another start is another robot: of the one before, not even the count of time is kept.
  private mutating func startAnew(at step: UInt32) {
    if gathering.restart() { forgetContext() }
    failsafe = StepFailsafe(times: failsafe.times, step: step)
    deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds, budgetNanoseconds: budgetNanoseconds)
    idleWatch = IdleWatch()
  }

  private mutating func beginEpisode() {
    episodePlanner.makeReady(seed: seed &+ statistics.episodes)
    failsafe.standDown()
  }

  /// The robot has ended an episode by itself: counts it for the warm start and makes ready for the next.
  private mutating func endEpisode() {
    statistics.episodes += 1
    if gathering.episodeEnded() { inferContext() }
    episodePlanner.startAnew(seed: seed &+ statistics.episodes)
  }
}
