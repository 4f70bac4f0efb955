// The control cycle on a link: waits for what the robot sends, hands it to the cycle with the time, sends the answer.

import ControlCore
import Failsafe
import Glibc
import PlannerModel
import PlannerRuntime
import RobotLink

/// Drives a robot with a model over a link, on the robot's clock. Real-time: no, `run` excepted.
///
/// `init` takes all memory and rehearses; `run` then allocates nothing while it drives. Only `status` and
/// `taskParameters` may be used from other threads while `run` runs; the rest is for before and after.
public final class ControlLoop {
  /// What the loop shows to other threads while it runs.
  public let status = LoopStatus()
  /// Where the link leads.
  public let address: LinkAddress
  /// Transitions of the warm-start file that the planner passed over as absurd.
  public let refusedTransitions: Int
  /// Why `run` ended, if it was not asked to.
  public private(set) var failure: ControlError? = nil
  /// What the loop's thread and the planner's helper have cost beyond time while `run` ran; complete when it has ended.
  public private(set) var usage = ThreadUsage()

  let rehearsal: Rehearsal
  private let options: ControlOptions
  /// Of each task of a belief, for any thread.
  private let taskParameters: [[Float]]
  private(set) var endpoint: ControllerEndpoint
  private(set) var cycle: ControlCycle

  /// Opens the link and makes the planner. Real-time: no.
  ///
  /// - Throws: `ControlError` when model, warm start, settings or address cannot be used.
  public convenience init(model: LoadedModel, options: ControlOptions, address: LinkAddress) throws(ControlError) {
    // A serial line is slow: it carries what moves the robot.
    let isSlow = if case .udp = address { false } else { true }
    try self.init(model: model, options: options, address: address, isSlow: isSlow) {
      (profile, silence) throws(LinkError) in
      try ControllerEndpoint(
        connectingTo: address, profile: profile, model: options.modelName, silenceNanoseconds: silence,
        key: options.key, channels: ChannelTable(model.description))
    }
  }

  /// Makes the planner for a link of your own. Real-time: no.
  ///
  /// - Throws: `ControlError` when model, warm start or settings cannot be used.
  public convenience init(
    model: LoadedModel, options: ControlOptions, transport: any FrameTransport
  ) throws(ControlError) {
    try self.init(model: model, options: options, address: .own(name: transport.name), isSlow: false) {
      (profile, silence) throws(LinkError) in
      ControllerEndpoint(
        over: transport, profile: profile, model: options.modelName, silenceNanoseconds: silence,
        channels: ChannelTable(model.description))
    }
  }

  private init(
    model: LoadedModel, options: ControlOptions, address: LinkAddress, isSlow: Bool,
    open: (RobotProfile, _ silenceNanoseconds: UInt64) throws(LinkError) -> ControllerEndpoint
  ) throws(ControlError) {
    let description = model.description
    let shape = description.shape
    try options.check(against: model)
    self.options = options
    self.address = address
    var planner: Planner
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
      endpoint = try open(profile, max(500_000_000, 10 * description.periodNanoseconds))
    } catch {
      throw .link(error)
    }
    rehearsal = Rehearsal(&planner)
    refusedTransitions = try options.takeWarmStart(into: &planner)
    let tasks = planner.belief == nil ? 0 : model.weights.bank?.count ?? 0
    cycle = ControlCycle(
      planner: planner, bank: model.weights.bank, periodNanoseconds: description.periodNanoseconds,
      budgetNanoseconds: options.budgetNanoseconds,
      laterEntries: options.laterEntries ?? (isSlow ? ControlOptions.laterEntriesOnLine : LinkLimits.laterEntries),
      seed: options.seed, context: options.warmStart == nil ? .firstEpisodes(options.warmStartEpisodes) : .given,
      whenUnexplained: options.whenUnexplained, isTerse: isSlow,
      slewPerSecond: options.slewPerSecond ?? .infinity,
      modelLimits: description.actionChannels.map { CommandLimits($0) })
    var parameters: [[Float]] = []
    for task in 0..<tasks { parameters.append(cycle.taskParameters(task)) }
    taskParameters = parameters
    for plan in [rehearsal.first, rehearsal.second] {
      cycle.noteRehearsal(nanoseconds: plan.nanoseconds, steps: plan.steps)
    }
    publish()
  }

  /// What a plan may take, from when its observation was due. Real-time: no.
  public var budgetNanoseconds: UInt64 { cycle.budgetNanoseconds }
  /// What the cycle has counted and timed. Real-time: no.
  public var statistics: LoopStatistics { cycle.statistics }
  /// Transitions shown to the planner since its context was last cleared. Real-time: no.
  public var contextTransitions: Int { cycle.planner.transitionCount }
  /// Whether plans are conditioned on a context. Real-time: no.
  public var hasContext: Bool { cycle.planner.hasContext }
  /// What the planner believes about the robot; nil where its context is not a belief. Real-time: no.
  public var belief: Belief? { cycle.planner.belief }
  /// The true parameters of the task of `hypothesis` of the model's bank; none where nobody has named them. From any
  /// thread. Real-time: no.
  public func taskParameters(_ hypothesis: Int) -> [Float] {
    taskParameters[hypothesis]
  }
  /// Name of the planner's instruction set: `avx2`. Real-time: no.
  public var kernelName: String { cycle.planner.kernelName }
  /// Bytes of the planner's arena. Real-time: no.
  public var arenaBytes: Int { cycle.planner.arenaBytes }
  /// Calls `body(context)` on the planner's second thread, if it has one, and waits for it; not while `run` runs.
  /// Real-time: no.
  public func onHelper(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer? = nil
  ) {
    cycle.onHelper(body, context)
  }
  /// The planner's second thread, if it has one.
  var helperThread: UInt64? { cycle.planner.helperThread }
  /// What the link has seen since its start. Real-time: no.
  public var counters: LinkCounters { endpoint.session.counters }
  /// The difference between the robot's clock and this machine's. Real-time: no.
  public var clock: ClockEstimate { endpoint.session.clock }
  /// What the robot says about itself; nil before the first hand-shake. Real-time: no.
  public var robot: RobotDescription? { endpoint.session.robot }

  // MARK: Running

  /// Runs until `status.stop()`, a refusal by the first robot found, or the robot's goodbye where that is asked for.
  /// Call it on a thread of its own. Real-time: yes: while it drives it neither allocates nor locks nor logs.
  public func run() {
    let start = ThreadUsage.now(with: cycle, allocationCount: options.allocationCount)
    var goesOn = true
    while goesOn, !status.isStopRequested.load(ordering: .relaxed) {
      // How long a stop may find it waiting for a robot that says nothing.
      goesOn = runOnce(until: monotonicNanoseconds() + 20_000_000)
    }
    if endpoint.session.isConnected { endpoint.sayGoodbye() }
    usage = ThreadUsage.now(with: cycle, allocationCount: options.allocationCount) - start
    status.end()
  }

  /// Waits for one event, at most until CLOCK_MONOTONIC shows `nanoseconds`, and handles it; false if the loop is to
  /// end.
  package func runOnce(until nanoseconds: UInt64) -> Bool {
    let goesOn = handle(endpoint.next(until: nanoseconds))
    status.show(reach: endpoint.reach)
    return goesOn
  }

  private func handle(_ event: ControllerEndpoint.Event) -> Bool {
    switch event {
    // The loop asks for no task.
    case .timeout, .link(.none), .link(.taskRefused): return true
    case .link(.observation): return drainAndAnswer()
    case .link(.refused) where robot == nil:
      failure = .refused(address, reason: endpoint.session.peerText.description)
      return false
    // Nobody could know what a latch was to be lifted for.
    case .link(.connected): _ = status.takeRearm()
    case .silent, .link(.goodbye), .link(.busy), .link(.contradiction), .link(.refused): break
    }
    cycle.note(event, now: monotonicNanoseconds())
    publish()
    return !(event == .link(.goodbye) && options.exitsWithRobot)
  }

  /// Most observations that one answer supersedes: a peer that sends them faster than they can be looked at is answered
  /// too.
  package static var mostSuperseded: Int { 64 }

  /// Takes in the observation that came and, if newer ones wait behind it, those; answers the newest.
  private func drainAndAnswer() -> Bool {
    cycle.observe(endpoint.observation, arrival: monotonicNanoseconds())
    for _ in 0..<Self.mostSuperseded {
      let next = endpoint.next(until: 0)
      guard next == .link(.observation) else {
        answer()
        return next == .timeout ? true : handle(next)
      }
      cycle.observe(endpoint.observation, arrival: monotonicNanoseconds())
    }
    answer()
    return true
  }

  private func answer() {
    // A robot that sends observations has described itself.
    guard let robot = endpoint.session.robot else { return }
    cycle.plan(for: robot, isRearmAsked: status.takeRearm(), now: monotonicNanoseconds())
    cycle.decide(now: monotonicNanoseconds())
    endpoint.send(cycle.action)
    cycle.sent(now: monotonicNanoseconds())
    status.show(
      episode: cycle.episode, step: cycle.step, reward: cycle.reward, planMicroseconds: cycle.action.planMicroseconds,
      misses: cycle.statistics.deadlineMisses)
    publish()
    cycle.useSlack()
    publish()
  }

  /// Shows other threads what the cycle has to tell.
  private func publish() {
    status.show(isConnected: cycle.isConnected)
    status.show(missed: cycle.missedPlan)
    if let belief = cycle.belief { status.show(belief) }
    while let news = cycle.nextNews() { status.post(news) }
  }
}
