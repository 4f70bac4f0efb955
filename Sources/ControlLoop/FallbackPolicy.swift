// What is sent when no fresh plan is there: a state machine of values, so that it is tested without a clock.

/// The command to send.
public enum CommandChoice: Equatable, Sendable {
  /// Entry 0 of the plan just made.
  case plan
  /// Entry 1, 2, … of an earlier plan.
  case earlierPlan(entry: Int)
  /// The last command again.
  case hold
  /// The last command times a factor below 1.
  case ramp(factor: Float)
  /// Zero, from now on.
  case safe
  /// Zero: nothing has been planned yet.
  case idle
}

/// Fresh plan → entries of the last plan → hold → ramp to zero → latched SAFE.
///
/// `step` is called once an observation. SAFE is left by `restart` alone, that is by a new hand-shake: whoever starts the
/// robot or the controller again has had a look. Real-time: yes.
public struct FallbackPolicy: Equatable, Sendable {
  /// Entries of a plan that may be used after its first; a plan's far end is a guess.
  public let usableEntries: Int
  /// Periods the last command is held after that.
  public let holdPeriods: Int
  /// Periods in which it then goes to zero.
  public let rampPeriods: Int

  /// Observations since the last good plan; nil before the first.
  private var age: Int? = nil
  private var isSafe = false

  public init(usableEntries: Int, holdPeriods: Int = 1, rampPeriods: Int = 4) {
    self.usableEntries = usableEntries
    self.holdPeriods = holdPeriods
    self.rampPeriods = rampPeriods
  }

  /// A new hand-shake: nothing is planned and nothing latched.
  @_noAllocation @_noLocks
  public mutating func restart() {
    age = nil
    isSafe = false
  }

  /// A new episode: the last plan belongs to the old one. SAFE stays.
  @_noAllocation @_noLocks
  public mutating func startEpisode() { age = nil }

  /// The choice for this observation; `hasPlan`: a complete, finite plan was made from it.
  @_noAllocation @_noLocks
  public mutating func step(hasPlan: Bool) -> CommandChoice {
    if isSafe { return .safe }
    if hasPlan {
      age = 0
      return .plan
    }
    guard let last = age else { return .idle }
    let age = last + 1
    self.age = age
    if age <= usableEntries { return .earlierPlan(entry: age) }
    if age <= usableEntries + holdPeriods { return .hold }
    let ramped = age - usableEntries - holdPeriods
    if ramped < rampPeriods {
      // Of the command before: n/(n+1) · (n−1)/n · … makes an even ramp.
      return .ramp(factor: Float(rampPeriods - ramped) / Float(rampPeriods - ramped + 1))
    }
    isSafe = true
    return .safe
  }
}
