// Where a command comes from: one enum for the failsafe, the link, the bus and every report.

/// What a command is; the numbers are those of Mode in robot.proto and of the actuator bus. Real-time: yes.
public enum CommandMode: UInt8, Sendable {
  /// The safe command: nothing has been planned yet, or nothing is wanted.
  case idle
  /// Entry 0 of the last plan.
  case plan
  /// A later entry of it.
  case earlierPlan
  /// The last command again.
  case hold
  /// On the way to the safe command.
  case ramp
  /// The safe command, latched.
  case safe

  /// Name in reports. Real-time: yes.
  public var name: StaticString {
    switch self {
    case .idle: "idle"
    case .plan: "plan"
    case .earlierPlan: "earlier_plan"
    case .hold: "hold"
    case .ramp: "ramp"
    case .safe: "safe"
    }
  }

  /// It is a plan's, fresh or not. Real-time: yes.
  public var isPlanned: Bool {
    @_noAllocation @_noLocks get {
      switch self {
      case .plan, .earlierPlan: true
      case .idle, .hold, .ramp, .safe: false
      }
    }
  }

  /// No fresh action was there in time. Real-time: yes.
  public var isLapse: Bool {
    @_noAllocation @_noLocks get {
      switch self {
      case .hold, .ramp, .safe: true
      case .idle, .plan, .earlierPlan: false
      }
    }
  }

  /// It is the safe command, latched or not. Real-time: yes.
  public var isStill: Bool {
    @_noAllocation @_noLocks get {
      switch self {
      case .idle, .safe: true
      case .plan, .earlierPlan, .hold, .ramp: false
      }
    }
  }
}

#if !hasFeature(Embedded)  // The firmware has no heap for an array of them.
  extension CommandMode: CaseIterable {}
#endif

extension CommandChoice {
  /// What the choice is called on the link. Real-time: yes.
  public var mode: CommandMode {
    @_noAllocation @_noLocks get {
      switch self {
      case .plan: .plan
      case .earlierPlan: .earlierPlan
      case .hold: .hold
      case .ramp: .ramp
      case .safe: .safe
      case .idle: .idle
      }
    }
  }
}
