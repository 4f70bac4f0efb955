// A control cycle and the robot that it answers, on a clock that only the test moves; the model is small and untrained.

import ControlCore
import Failsafe
import PlannerRuntime
import RobotLink

let millisecond: UInt64 = 1_000_000
let cyclePeriod = 100 * millisecond

/// One robot, one cycle, one virtual clock.
struct CycleRig: ~Copyable {
  static let limit: Float = 0.05
  private static let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 10)

  var cycle: ControlCycle
  var observation = ObservationMessage()
  var robot: RobotDescription
  var now: UInt64 = 10_000_000_000
  /// What the robot's clock shows less than this one.
  var clockOffset: UInt64 = 3_000_000_000
  /// What the cycle had to tell, in order.
  private(set) var news: [LoopEvent] = []

  init(
    lockstep: Bool = false, context: ContextSource = .firstEpisodes(1),
    whenUnexplained: UnexplainedReaction = .carryOn, bank: ((PlannerShape) -> ContextBank)? = nil,
    modelLimits: [CommandLimits]? = nil, slewPerSecond: Float = .infinity,
    channels: borrowing ChannelTable = ChannelTable()
  ) throws {
    var weights = PlannerWeights.random(Self.shape, seed: 5, actionLimit: 0.1)
    if let modelLimits { weights.actionRanges = modelLimits.map { $0.lower...$0.upper } }
    weights.bank = bank?(Self.shape)
    var options = PlannerOptions()
    if bank != nil { options.contextInference = .belief }
    cycle = ControlCycle(
      planner: try Planner(weights: weights, options: options), bank: weights.bank, periodNanoseconds: cyclePeriod,
      // Nothing here depends on how fast the machine is that runs the test: no plan is cut.
      budgetNanoseconds: cyclePeriod - 1, context: context, whenUnexplained: whenUnexplained,
      slewPerSecond: slewPerSecond, modelLimits: modelLimits)
    robot = RobotDescription(
      profile: RobotProfile(
        family: "rig", observationSize: 2, actionSize: 2, periodNanoseconds: cyclePeriod), name: "rig",
      actionLimit: Self.limit, episodeLength: 1000, lockstep: lockstep)
    // As the link gives it.
    robot = RobotSession(description: robot, epoch: 1, silenceNanoseconds: 1, channels: channels).description
    observation.epoch = 1
    observation.reward = nil
    note(.link(.connected))
  }

  /// Hands the link's event to the cycle.
  mutating func note(_ event: ControllerEndpoint.Event) {
    cycle.note(event, now: now)
    hear()
  }

  private mutating func hear() { while let event = cycle.nextNews() { news.append(event) } }

  /// What there was to tell since the last call.
  mutating func newsSoFar() -> [LoopEvent] {
    defer { news = [] }
    return news
  }

  /// Hands an observation of `step` to the cycle, that was sampled `age` ago.
  mutating func observe(_ step: UInt32, age: UInt64 = 0) {
    observation.step = step
    observation.sampleTimeNanoseconds = now &- age &- clockOffset
    observation.state[0] = 0.1 + 0.001 * Float(step % 100)
    observation.state[1] = -0.2
    cycle.observe(observation, arrival: now)
  }

  /// The answer to what was observed, for which the planner takes `planning`; then the time until the next observation.
  @discardableResult
  mutating func answer(planning: UInt64 = millisecond, isRearmAsked: Bool = false) -> CommandMode {
    cycle.plan(for: robot, isRearmAsked: isRearmAsked, now: now)
    now += planning
    cycle.decide(now: now)
    cycle.sent(now: now)
    cycle.useSlack()
    hear()
    for index in 0..<2 { observation.appliedAction[index] = cycle.action.command[index] }
    now += cyclePeriod - min(planning, cyclePeriod)
    return cycle.action.mode
  }

  /// Both.
  @discardableResult
  mutating func exchange(_ step: UInt32, age: UInt64 = 0, planning: UInt64 = millisecond) -> CommandMode {
    observe(step, age: age)
    return answer(planning: planning)
  }

  /// Steps 0 … `length`, the last of which ends the episode.
  mutating func episode(_ number: UInt32, length: UInt32 = 5) -> [CommandMode] {
    observation.episode = number
    var modes: [CommandMode] = []
    for step in 0...length {
      observation.reward = step == 0 ? nil : -1
      observation.truncated = step == length
      modes.append(exchange(step))
    }
    observation.truncated = false
    return modes
  }

  var command: [Float] { (0..<2).map { cycle.action.command[$0] } }
}
