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
/// `step` is called for each observation that is answered; ages are periods of the robot. SAFE is left by `restart` alone:
/// a lost link comes back by itself, but whoever starts the robot again has had a look. Real-time: yes.
public struct FallbackPolicy: Equatable, Sendable {
  /// Entries of a plan that may be used after its first; a plan's far end is a guess.
  public let usableEntries: Int
  /// Periods the last command is held after that.
  public let holdPeriods: Int
  /// Periods in which it then goes to zero.
  public let rampPeriods: Int

  /// Periods since the last good plan; nil before the first.
  private var age: Int? = nil
  public private(set) var isSafe = false

  public init(usableEntries: Int, holdPeriods: Int = 1, rampPeriods: Int = 4) {
    self.usableEntries = usableEntries
    self.holdPeriods = holdPeriods
    self.rampPeriods = rampPeriods
  }

  /// The robot has been started again: nothing is planned and nothing latched.
  @_noAllocation @_noLocks
  public mutating func restart() {
    age = nil
    isSafe = false
  }

  /// A new episode or hand-shake: the last plan belongs to the old one. SAFE stays.
  @_noAllocation @_noLocks
  public mutating func startEpisode() { age = nil }

  /// The choice for this observation.
  ///
  /// - Parameters:
  ///   - hasPlan: a complete, finite plan was made from it.
  ///   - periods: since the last observation answered, at least 1; more if some were lost or superseded.
  @_noAllocation @_noLocks
  public mutating func step(hasPlan: Bool, periods: Int = 1) -> CommandChoice {
    if isSafe { return .safe }
    if hasPlan {
      age = 0
      return .plan
    }
    guard let last = age else { return .idle }
    let age = last + periods
    self.age = age
    if age <= usableEntries { return .earlierPlan(entry: age) }
    if age <= usableEntries + holdPeriods { return .hold }
    let ramped = age - usableEntries - holdPeriods
    if ramped < rampPeriods {
      // Of the command before, which may be down the ramp already: even steps.
      let before = max(0, ramped - periods)
      return .ramp(factor: Float(rampPeriods - ramped) / Float(rampPeriods - before))
    }
    isSafe = true
    return .safe
  }
}
