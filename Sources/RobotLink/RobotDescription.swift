// What the two ends tell each other at the hand-shake, and how they find out that they do not fit.

import CRobotProtocol

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// What robot and model must agree on. Real-time: yes, a value.
public struct RobotProfile: Sendable, Equatable {
  /// Name of the family, at most 63 bytes.
  public var family: FixedText
  /// 1 … 512.
  public var observationSize: Int
  /// 1 … 128.
  public var actionSize: Int
  /// The control period, 1 or more.
  public var periodNanoseconds: UInt64
  /// What the entries mean, as a number (see Hello.schema in robot.proto); 0 = not stated.
  public var schema: UInt32

  /// A profile of these parts, unchecked. Real-time: yes.
  @_noAllocation @_noLocks
  public init(
    family: FixedText, observationSize: Int, actionSize: Int, periodNanoseconds: UInt64, schema: UInt32
  ) {
    self.family = family
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.periodNanoseconds = periodNanoseconds
    self.schema = schema
  }

  @_noAllocation @_noLocks
  init?(
    protocol version: UInt32, family: FixedText, observationSize: UInt32, actionSize: UInt32, period: UInt64,
    schema: UInt32
  ) {
    guard version == LinkLimits.protocolVersion,
      observationSize >= 1, observationSize <= UInt32(LinkLimits.observationEntries),
      actionSize >= 1, actionSize <= UInt32(LinkLimits.actionEntries), period >= 1
    else { return nil }
    self.family = family
    self.observationSize = Int(observationSize)
    self.actionSize = Int(actionSize)
    self.periodNanoseconds = period
    self.schema = schema
  }

  /// Why a controller with the profile `model` cannot drive a robot with this one; nil if it can. Real-time: yes.
  @_noAllocation @_noLocks
  func objection(to model: RobotProfile) -> FixedText? {
    var text = FixedText()
    if family != model.family {
      text.append("the robot is of family ")
      text.append(family)
      text.append(", the model was trained for ")
      text.append(model.family)
    } else if observationSize != model.observationSize {
      text.append("the robot sends ")
      text.append(rp_wide(UInt32(observationSize)))
      text.append(" observation entries, the model expects ")
      text.append(rp_wide(UInt32(model.observationSize)))
    } else if actionSize != model.actionSize {
      text.append("the robot takes ")
      text.append(rp_wide(UInt32(actionSize)))
      text.append(" action entries, the model makes ")
      text.append(rp_wide(UInt32(model.actionSize)))
    } else if periodNanoseconds != model.periodNanoseconds {
      text.append("the robot's period is ")
      text.append(periodNanoseconds)
      text.append(" ns, the model's ")
      text.append(model.periodNanoseconds)
      text.append(" ns")
    } else if schema != model.schema, schema != 0, model.schema != 0 {
      text.append("the schemas differ: the entries of robot and model do not mean the same")
    } else {
      return nil
    }
    return text
  }
}

/// What a robot says about itself. Real-time: yes, a value.
public struct RobotDescription: Sendable, Equatable {
  /// What a model must agree with.
  public var profile: RobotProfile
  /// Name of this robot, for people; at most 63 bytes.
  public var name: FixedText
  /// Every entry of a command lies in `-actionLimit ... actionLimit`, in the family's unit; positive. Setting it sets
  /// all limits. Real-time: yes.
  public var actionLimit: Float { didSet { setLimits() } }
  /// What each entry of a command may be, and how fast it may change; of these the first `profile.actionSize` count.
  public private(set) var limits = InlineArray<128, CommandLimits>(repeating: CommandLimits(within: 1))
  /// Control periods in an episode, a hint; 0 = endless.
  public var episodeLength: Int
  /// The robot waits for the answer to each observation.
  public var lockstep: Bool
  /// Tasks that the robot takes on request, 0 … 1 000 000; 0: it has the one it has.
  public var taskCount: UInt32

  /// A description of these parts, unchecked. Real-time: yes.
  @_noAllocation @_noLocks
  public init(
    profile: RobotProfile, name: FixedText, actionLimit: Float, episodeLength: Int, lockstep: Bool,
    taskCount: UInt32 = 0
  ) {
    self.profile = profile
    self.name = name
    self.actionLimit = actionLimit
    self.episodeLength = episodeLength
    self.lockstep = lockstep
    self.taskCount = taskCount
    setLimits()
  }

  @_noAllocation @_noLocks
  private mutating func setLimits() {
    for index in 0..<LinkLimits.actionEntries { limits[index] = CommandLimits(within: actionLimit) }
  }

  /// Takes the limits of commands from `channels`, where it has any; they are sound.
  mutating func take(_ channels: borrowing ChannelTable) {
    if channels.actionCount == 0 { return }
    precondition(
      channels.actionCount == profile.actionSize && channels.observationCount == profile.observationSize)
    actionLimit = 0
    for number in 0..<channels.actionCount {
      let channel = channels[action: number]
      // Of more than two numbers max takes an array.
      actionLimit = max(actionLimit, max(abs(channel.lower), abs(channel.upper)))
    }
    for number in 0..<channels.actionCount {
      let channel = channels[action: number]
      limits[number] = CommandLimits(lower: channel.lower, upper: channel.upper, slewPerSecond: channel.slew)
      precondition(limits[number].isSound)
    }
  }

  @_noAllocation @_noLocks
  public static func == (left: RobotDescription, right: RobotDescription) -> Bool {
    guard left.profile == right.profile, left.name == right.name, left.actionLimit == right.actionLimit,
      left.episodeLength == right.episodeLength, left.lockstep == right.lockstep, left.taskCount == right.taskCount
    else { return false }
    for index in 0..<left.profile.actionSize {
      let (one, other) = (left.limits[index], right.limits[index])
      guard one.lower == other.lower, one.upper == other.upper, one.slewPerSecond == other.slewPerSecond else {
        return false
      }
    }
    return true
  }

  /// nil where the message breaks a rule of robot.proto.
  @_noAllocation @_noLocks
  init?(_ message: Robot__Description) {
    guard let family = FixedText(message.family, limit: LinkLimits.nameBytes),
      let name = FixedText(message.name, limit: LinkLimits.nameBytes),
      let profile = RobotProfile(
        protocol: message.protocol, family: family, observationSize: message.observation_size,
        actionSize: message.action_size, period: message.period_ns, schema: message.schema),
      message.action_limit.isFinite, message.action_limit > 0, message.task_count <= LinkLimits.tasks
    else { return nil }
    guard message.n_observation_channels == 0 || message.n_observation_channels == profile.observationSize,
      message.n_action_channels == 0 || message.n_action_channels == profile.actionSize
    else { return nil }
    for number in 0..<message.n_observation_channels {
      guard let told = message.observation_channels[number], LinkChannel(told.pointee, ofCommand: false) != nil else {
        return nil
      }
    }
    self.profile = profile
    self.name = name
    actionLimit = message.action_limit
    // An Int has 32 bits on a microcontroller.
    episodeLength = Int(truncatingIfNeeded: min(message.episode_length, UInt32(Int32.max)))
    lockstep = message.lockstep != 0
    taskCount = message.task_count
    setLimits()
    for number in 0..<message.n_action_channels {
      guard let told = message.action_channels[number], let channel = LinkChannel(told.pointee, ofCommand: true)
      else { return nil }
      limits[number] = CommandLimits(lower: channel.lower, upper: channel.upper, slewPerSecond: channel.slew)
    }
  }
}
