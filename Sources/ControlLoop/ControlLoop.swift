// The controller's cycle: observation in, plan, action out, and in the slack whatever can be done before the next one.

import Failsafe
import Glibc
import PlannerModel
import PlannerRuntime
import RobotLink

/// Drives a robot with a model over a link, on the robot's clock.
///
/// `init` takes all memory and rehearses; `run` then allocates nothing while it drives. Only `status` and
/// `taskParameters` may be used from other threads while `run` runs; the rest is for before and after.
public final class ControlLoop {
  public let status = LoopStatus()
  public let address: LinkAddress
  public internal(set) var statistics = LoopStatistics()
  /// Transitions of the warm-start file that the planner passed over as absurd.
  public private(set) var refusedTransitions = 0
  /// Why `run` ended, if it was not asked to.
  public private(set) var failure: ControlError? = nil

  let options: ControlOptions
  let periodNanoseconds: UInt64
  /// What a plan may take, from when its observation was due.
  public let budgetNanoseconds: UInt64
  /// A serial line is slow: it carries what moves the robot, and no predictions for whoever looks on.
  let isOnLine: Bool
  /// Entries of a plan that go along with an action.
  let laterEntries: Int
  var endpoint: ControllerEndpoint
  var planner: Planner
  var action = ActionMessage()
  var failsafe: StepFailsafe
  var deadlines: DeadlineClock
  var idleWatch = IdleWatch()
  private var busyNews = SparseNews()
  private var refusalNews = SparseNews()
  private var contradictionNews = SparseNews()
  /// Why the robot is latched, as of its last observation, and whether a person has asked for the latch to be lifted.
  var robotLatch: RobotLatch? = nil
  var wantsRearm = false
  var gathering: ContextGathering
  let followsContext: Bool
  /// Changes of task or body that the planner had noticed in the last cycle, and whether nothing explained the robot then.
  var noticedChanges = 0
  var wasUnexplained = false
  let bankParameters: BankParameters
  var planCount: UInt32 = 0
  var stepTime = DurationEstimate()
  /// The shorter of the plans made in rehearsal, and its denoising steps.
  var rehearsedNanoseconds: UInt64 = .max
  var rehearsedSteps = 1
  /// The robot's last start that was seen, and whether its present episode is under way.
  var robotEpoch: UInt32 = 0
  var isInEpisode = false
  var episode: UInt32 = 0
  var step: UInt32 = 0
  /// The planner is reset and prepared for an episode's first plan.
  var isReady = false
  /// State of the last observation, `[observationSize]`: the start of the transition that ends with the next.
  let lastState: UnsafeMutablePointer<Float>

  /// Opens the link and makes the planner. Throws when model, warm start, settings or address cannot be used.
  public init(model: LoadedModel, options: ControlOptions, address: LinkAddress) throws(ControlError) {
    let description = model.description
    let shape = description.shape
    try options.check(against: model)
    self.options = options
    self.address = address
    if case .udp = address { isOnLine = false } else { isOnLine = true }
    let along = options.laterEntries ?? (isOnLine ? ControlOptions.laterEntriesOnLine : LinkLimits.laterEntries)
    // What an action has room for.
    laterEntries = min(max(along, 0), LinkLimits.laterEntries)
    periodNanoseconds = description.periodNanoseconds
    budgetNanoseconds = options.budgetNanoseconds ?? description.periodNanoseconds / 2

    do throws(PlannerError) {
      planner = try Planner(
        weights: model.weights, options: options.planner ?? description.options, kernels: options.kernel,
        threads: options.threads)
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
    deadlines = DeadlineClock(
      periodNanoseconds: description.periodNanoseconds, budgetNanoseconds: budgetNanoseconds)
    failsafe = StepFailsafe(
      times: FailsafeTimes(periodNanoseconds: description.periodNanoseconds, usableEntries: shape.horizon / 2))
    followsContext = planner.belief != nil
    bankParameters = BankParameters(followsContext ? model.weights.bank : nil)
    gathering = ContextGathering(options.warmStart == nil ? .firstEpisodes(options.warmStartEpisodes) : .given)
    lastState = .allocate(capacity: shape.observationSize)
    lastState.initialize(repeating: 0, count: shape.observationSize)
    rehearse()
    if let warmStart = options.warmStart {
      let taken = warmStart.infer(into: &planner)
      refusedTransitions = warmStart.count - taken
      guard taken > 0 else {
        throw .unfit(
          file: options.warmStartPath, field: "transitions", found: "of no use: none of the \(warmStart.count)",
          expected: "numbers within a million spreads of the training data; look at their units and order")
      }
    }
    if let belief = planner.belief { tell(belief) }
    beginEpisode()
  }

  deinit { lastState.deallocate() }

  public var contextTransitions: Int { planner.transitionCount }
  public var hasContext: Bool { planner.hasContext }
  /// What the planner believes about the robot; nil where its context is not a belief.
  public var belief: Belief? { planner.belief }
  /// The true parameters of the task of `hypothesis` of the model's bank; none where nobody has named them. From any thread.
  public func taskParameters(_ hypothesis: Int) -> [Float] {
    (0..<bankParameters.size).map { bankParameters.value(hypothesis, $0) }
  }
  public var kernelName: String { planner.kernelName }
  public var arenaBytes: Int { planner.arenaBytes }
  /// Calls `body(context)` on the planner's second thread, if it has one, and waits for it; not while `run` runs.
  public func onHelper(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer? = nil
  ) {
    planner.onHelper(body, context)
  }
  /// The planner's second thread, if it has one.
  var helperThread: UInt64? { planner.helperThread }
  public var counters: LinkCounters { endpoint.session.counters }
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
      let duration = monotonicNanoseconds() - start
      stepTime.record(duration / UInt64(max(1, result.stepsTaken)))
      if duration < rehearsedNanoseconds { (rehearsedNanoseconds, rehearsedSteps) = (duration, result.stepsTaken) }
      planner.prepare()
    }
    planner.clearContext()
  }

  // MARK: Running

  /// Runs until `status.stop()`, a refusal by the first robot found, or the robot's goodbye where that is asked for. Call it on
  /// a thread of its own.
  public func run() {
    let start = ThreadUsage.now(with: planner, allocationCount: options.allocationCount)
    var goesOn = true
    while goesOn, !status.isStopRequested.load(ordering: .relaxed) {
      // How long a stop may find it waiting for a robot that says nothing.
      goesOn = runOnce(until: monotonicNanoseconds() + 20_000_000)
    }
    if endpoint.session.isConnected { endpoint.sayGoodbye() }
    statistics.usage = ThreadUsage.now(with: planner, allocationCount: options.allocationCount) - start
    status.end()
  }

  /// Waits for one event, at most until CLOCK_MONOTONIC shows `nanoseconds`, and handles it; false if the loop is to end.
  package func runOnce(until nanoseconds: UInt64) -> Bool {
    let goesOn = handle(endpoint.next(until: nanoseconds))
    status.show(reach: endpoint.reach)
    return goesOn
  }

  private func handle(_ event: ControllerEndpoint.Event) -> Bool {
    switch event {
    case .timeout, .link(.none): break
    case .link(.observation): return drainAndAnswer()
    case .link(.connected):
      status.post(status.isConnected ? .robotRestarted : .connected)
      status.show(isConnected: true)
      // Hand-shakes come by themselves after a silence: they unlatch nothing.
      failsafe.standDown()
      // Nor does what was asked for before anybody could know what for.
      _ = status.takeRearm()
      deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds, budgetNanoseconds: budgetNanoseconds)
      busyNews = SparseNews()
    case .silent: leave(.silent)
    case .link(.goodbye):
      leave(.goodbye)
      return !options.exitsWithRobot
    case .link(.busy):
      if busyNews.isDue(now: monotonicNanoseconds()) { status.post(.busy) }
    case .link(.contradiction):
      if contradictionNews.isDue(now: monotonicNanoseconds()) { status.post(.contradiction) }
    case .link(.refused):
      guard robot == nil else {
        // It did fit: whatever is there now, what was driven may come back.
        if refusalNews.isDue(now: monotonicNanoseconds()) { status.post(.refused) }
        break
      }
      failure = .refused(address, reason: endpoint.session.peerText.description)
      return false
    }
    return true
  }

  /// The robot is gone: nothing is sent until it is back.
  private func leave(_ news: LoopEvent) {
    status.show(isConnected: false)
    status.post(news)
    isInEpisode = false
    idleWatch = IdleWatch()
    robotLatch = nil
    wantsRearm = false
  }

  /// Most observations that one answer supersedes: a peer that sends them faster than they can be looked at is answered
  /// too.
  package static var mostSuperseded: Int { 64 }

  /// Takes in the observation that came and, if newer ones wait behind it, those; answers the newest.
  private func drainAndAnswer() -> Bool {
    var arrival = monotonicNanoseconds()
    takeIn()
    for _ in 0..<Self.mostSuperseded {
      let next = endpoint.next(until: 0)
      guard next == .link(.observation) else {
        answer(arrival: arrival)
        return next == .timeout ? true : handle(next)
      }
      statistics.superseded += 1
      arrival = monotonicNanoseconds()
      takeIn()
    }
    answer(arrival: arrival)
    return true
  }
}
