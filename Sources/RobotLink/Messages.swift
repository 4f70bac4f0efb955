// Observation and action as the two ends hold them: storage is taken once, at the largest size the protocol allows.

import CRobotProtocol

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// Why a robot is latched at its safe command; see Latch in robot.proto. Real-time: yes, a value.
public enum RobotLatch: UInt8, Sendable {
  case silence = 1
  case stuckSensors, reset
  /// A reason that this version does not know.
  case other = 255
}

/// One observation (robot to controller). Storage is taken in `init` and freed at the end. Real-time: yes, these two
/// excepted.
public struct ObservationMessage: ~Copyable {
  /// What the robot senses, `[observationSize]` of 512 entries of storage.
  public let state: UnsafeMutablePointer<Float>
  /// What the robot did in the interval that ends now, `[actionSize]` of 128; meaningless in an episode's first.
  public let appliedAction: UnsafeMutablePointer<Float>
  /// Reward of the interval that ends now; nil in an episode's first observation or if the robot knows none.
  public var reward: Float? = nil
  /// Nanoseconds on the robot's clock.
  public var sampleTimeNanoseconds: UInt64 = 0
  /// Number of the episode; another number is another episode.
  public var episode: UInt32 = 0
  /// 0 exactly for an episode's first observation.
  public var step: UInt32 = 0
  /// The task has ended, with the episode: the robot has fallen, for example.
  public var terminated = false
  /// The episode's time was up.
  public var truncated = false
  /// The robot follows nothing until a person lifts its latch; nil: it is not latched.
  public var latch: RobotLatch? = nil
  /// Number of the last task request that the robot has obeyed, 0 before any; set by the link.
  public package(set) var taskRequest: UInt32 = 0
  /// Epoch of the frame that carried it; set by the link.
  public package(set) var epoch: UInt32 = 0
  /// Sequence number of the frame that carried it; set by the link.
  public package(set) var sequence: UInt32 = 0

  /// Takes the storage, all zero. Real-time: no.
  public init() {
    state = takeStorage(repeating: 0, count: LinkLimits.observationEntries)
    appliedAction = takeStorage(repeating: 0, count: LinkLimits.actionEntries)
  }

  deinit {
    returnStorage(state)
    returnStorage(appliedAction)
  }

  /// Whether it is an episode's first. Real-time: yes.
  public var isFirst: Bool { step == 0 }
  /// Whether it is an episode's last. Real-time: yes.
  public var isLast: Bool { terminated || truncated }

  /// Takes over `message` if it keeps every rule of robot.proto; otherwise says which it breaks and changes nothing.
  @_noAllocation @_noLocks
  mutating func load(_ message: Robot__Observation, of robot: RobotDescription) -> Rejection? {
    let first = message.step == 0
    guard message.n_state == robot.profile.observationSize,
      message.n_applied_action == (first ? 0 : robot.profile.actionSize)
    else { return .wrongSize }
    let rewarded = message.reward_if_known_case == ROBOT__OBSERVATION__REWARD_IF_KNOWN_REWARD
    guard allFinite(message.state, message.n_state), allFinite(message.applied_action, message.n_applied_action),
      !rewarded || message.reward.isFinite
    else { return .notFinite }
    guard allWithin(robot, message.applied_action, message.n_applied_action), !(first && rewarded)
    else { return .outOfRange }
    copy(message.state, to: state, message.n_state)
    if !first { copy(message.applied_action, to: appliedAction, message.n_applied_action) }
    reward = rewarded ? message.reward : nil
    sampleTimeNanoseconds = message.sample_time_ns
    episode = message.episode
    step = message.step
    terminated = message.terminated != 0
    truncated = message.truncated != 0
    taskRequest = message.task_request
    let number = message.latch.rawValue
    latch = number == 0 ? nil : RobotLatch(rawValue: UInt8(truncatingIfNeeded: min(number, 255))) ?? .other
    return nil
  }
}

/// What a controller says it believes about the robot; its parameters lie beside it in the message. Real-time: yes, a
/// value.
public struct StatedBelief: Equatable, Sendable {
  /// Numbers that name the training task believed in, 0 … 16; 0: nobody has named it.
  public var parameterCount: Int
  /// Probability of that task and those like it, 0 … 1.
  public var confidence: Float
  /// No training task explains the robot.
  public var isUnexplained: Bool

  /// A belief of these parts. Real-time: yes.
  @_noAllocation @_noLocks
  public init(parameterCount: Int, confidence: Float, isUnexplained: Bool) {
    self.parameterCount = parameterCount
    self.confidence = confidence
    self.isUnexplained = isUnexplained
  }
}

/// One action (controller to robot), the answer to one observation. Storage is taken in `init` and freed at the end.
/// Real-time: yes, these two excepted.
public struct ActionMessage: ~Copyable {
  /// `[actionSize]` of 128 entries of storage, each within the robot's action limit.
  public let command: UnsafeMutablePointer<Float>
  /// The plan's entries after `command`, `[laterEntries, actionSize]` of 3 × 128 entries of storage, each within the
  /// limit.
  public let laterCommands: UnsafeMutablePointer<Float>
  /// 0 … 3; 0 unless the mode is plan or earlier plan.
  public var laterEntries = 0
  /// Next state the plan expects, `[observationSize]` of 512, where `hasPredictedState`.
  public let predictedState: UnsafeMutablePointer<Float>
  /// Whether `predictedState` holds one.
  public var hasPredictedState = false
  /// What the controller believes it drives; nil: it has no belief, or keeps it to itself.
  public var belief: StatedBelief? = nil
  /// Parameters of the training task believed in, `[belief.parameterCount]` of 16 entries of storage, the family's
  /// units.
  public let believedParameters: UnsafeMutablePointer<Float>
  /// Where the command comes from.
  public var mode = CommandMode.idle
  /// A person lifts the latch that the observation answered told of.
  public var rearms = false
  /// Epoch of the frame of the observation that this answers.
  public var observationEpoch: UInt32 = 0
  /// Sequence number of the frame of the observation that this answers.
  public var observationSequence: UInt32 = 0
  /// Sample time of the observation that this answers, nanoseconds on the robot's clock.
  public var sampleTimeNanoseconds: UInt64 = 0
  /// Number of the plan, from 1; 0: none.
  public var plan: UInt32 = 0
  /// The entry of the plan that the command is, from 0.
  public var planEntry: UInt32 = 0
  /// What planning took, microseconds; 0 without a plan.
  public var planMicroseconds: UInt32 = 0
  /// Denoising steps that the plan has taken; 0 without a plan.
  public var denoisingSteps: UInt32 = 0
  /// Observations since the controller's start that no plan of their own answered in time.
  public var deadlineMisses: UInt32 = 0
  /// Sum of the rewards that the plan expects over its horizon.
  public var predictedReturn: Float? = nil

  /// Takes the storage, all zero. Real-time: no.
  public init() {
    command = takeStorage(repeating: 0, count: LinkLimits.actionEntries)
    laterCommands = takeStorage(repeating: 0, count: LinkLimits.laterEntries * LinkLimits.actionEntries)
    predictedState = takeStorage(repeating: 0, count: LinkLimits.observationEntries)
    believedParameters = takeStorage(repeating: 0, count: LinkLimits.parameterEntries)
  }

  deinit {
    returnStorage(command)
    returnStorage(laterCommands)
    returnStorage(predictedState)
    returnStorage(believedParameters)
  }

  /// Makes this the answer to `observation`. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func answer(_ observation: borrowing ObservationMessage) {
    observationEpoch = observation.epoch
    observationSequence = observation.sequence
    sampleTimeNanoseconds = observation.sampleTimeNanoseconds
  }

  /// Takes over `message` if it keeps every rule of robot.proto; otherwise says which it breaks and changes nothing.
  @_noAllocation @_noLocks
  mutating func load(_ message: Robot__Action, for robot: RobotDescription) -> Rejection? {
    let predicts = message.n_predicted_state > 0
    let later = message.n_later_commands / robot.profile.actionSize
    guard message.n_command == robot.profile.actionSize,
      later <= LinkLimits.laterEntries, message.n_later_commands == later * robot.profile.actionSize,
      !predicts || message.n_predicted_state == robot.profile.observationSize,
      message.n_believed_parameters <= LinkLimits.parameterEntries
    else { return .wrongSize }
    let expects = message.predicted_return_if_known_case == ROBOT__ACTION__PREDICTED_RETURN_IF_KNOWN_PREDICTED_RETURN
    let believes = message.confidence_if_known_case == ROBOT__ACTION__CONFIDENCE_IF_KNOWN_CONFIDENCE
    guard allFinite(message.command, message.n_command),
      allFinite(message.later_commands, message.n_later_commands),
      allFinite(message.predicted_state, message.n_predicted_state),
      allFinite(message.believed_parameters, message.n_believed_parameters),
      !expects || message.predicted_return.isFinite, !believes || message.confidence.isFinite
    else { return .notFinite }
    guard allWithin(robot, message.command, message.n_command),
      allWithin(robot, message.later_commands, message.n_later_commands),
      let mode = CommandMode(rawValue: UInt8(truncatingIfNeeded: min(message.mode.rawValue, 255))),
      later == 0 || mode.isPlanned,
      believes
        ? message.confidence >= 0 && message.confidence <= 1
        : message.n_believed_parameters == 0 && message.unexplained == 0
    else { return .outOfRange }
    copy(message.command, to: command, message.n_command)
    laterEntries = later
    if later > 0 { copy(message.later_commands, to: laterCommands, message.n_later_commands) }
    hasPredictedState = predicts
    if predicts { copy(message.predicted_state, to: predictedState, message.n_predicted_state) }
    belief =
      believes
      ? StatedBelief(
        parameterCount: message.n_believed_parameters, confidence: message.confidence,
        isUnexplained: message.unexplained != 0)
      : nil
    if message.n_believed_parameters > 0 {
      copy(message.believed_parameters, to: believedParameters, message.n_believed_parameters)
    }
    self.mode = mode
    rearms = message.rearm != 0
    observationEpoch = message.observation_epoch
    observationSequence = message.observation_sequence
    sampleTimeNanoseconds = message.sample_time_ns
    plan = message.plan
    planEntry = message.plan_entry
    planMicroseconds = message.plan_us
    denoisingSteps = message.denoising_steps
    deadlineMisses = message.deadline_misses
    predictedReturn = expects ? message.predicted_return : nil
    return nil
  }
}

@_noAllocation @_noLocks
private func copy(_ values: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { target[index] = values[index] }
}

@_noAllocation @_noLocks
private func allFinite(_ values: UnsafePointer<Float>?, _ count: Int) -> Bool {
  guard let values else { return count == 0 }
  for index in 0..<count where !values[index].isFinite { return false }
  return true
}

/// Whether commands, one after another, keep to the limits of the robot's channels.
@_noAllocation @_noLocks
private func allWithin(_ robot: borrowing RobotDescription, _ values: UnsafePointer<Float>?, _ count: Int) -> Bool {
  guard let values else { return count == 0 }
  let size = robot.profile.actionSize
  for index in 0..<count where !robot.limits[index % size].admits(values[index]) { return false }
  return true
}
