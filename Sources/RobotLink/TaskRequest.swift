// A controller asks the robot to take another task.

import CRobotProtocol

/// What a controller asks of a robot that has several tasks; see TaskRequest in robot.proto. Real-time: yes, a value.
public struct TaskRequest: Sendable, Equatable {
  /// 0 ..< the description's `taskCount`.
  public var task: UInt32
  /// Settles what is random in the episode.
  public var seed: UInt64
  /// Not 0, and another number than that of the last request.
  public var number: UInt32
  /// The task changes in the middle of the episode, and the robot goes on from where it is.
  public var keepsState: Bool
  /// How the robot is to drive itself, `expert`; at most 63 bytes. Empty: it follows commands.
  public var behaviour: FixedText

  /// A request of these parts, unchecked. Real-time: yes.
  @_noAllocation @_noLocks
  public init(task: UInt32, seed: UInt64, number: UInt32, keepsState: Bool, behaviour: FixedText) {
    self.task = task
    self.seed = seed
    self.number = number
    self.keepsState = keepsState
    self.behaviour = behaviour
  }

  /// Nil where `message` breaks a rule of robot.proto.
  @_noAllocation @_noLocks
  init?(_ message: Robot__TaskRequest) {
    guard message.number != 0, let behaviour = FixedText(message.behaviour, limit: LinkLimits.nameBytes) else {
      return nil
    }
    self.init(
      task: message.task, seed: message.seed, number: message.number, keepsState: message.keep_state != 0,
      behaviour: behaviour)
  }
}
