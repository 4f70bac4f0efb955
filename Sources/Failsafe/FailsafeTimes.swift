// When the failsafe acts: times as parameters, with defaults that depend on the control period.

/// Times and counts of a failsafe. Real-time: yes.
public struct FailsafeTimes: Equatable, Sendable {
  /// The robot's control period.
  public let periodNanoseconds: UInt64
  /// What an answer may take from its observation's sample, by which all that follows is put off; 0 where the answer is
  /// known in the moment of deciding.
  public let answerNanoseconds: UInt64
  /// Entries of a plan that may be used after its first; a plan's far end is a guess.
  public let usableEntries: Int
  /// The last command is held for so long after the last entry.
  public let holdNanoseconds: UInt64
  /// In which it then goes to the safe command.
  public let rampNanoseconds: UInt64
  /// How long a command stands until the next decision. A ramp is already on its way by that much when it starts.
  public let decisionNanoseconds: UInt64

  /// Times that follow from the control period where none is given. Real-time: yes.
  ///
  /// - Parameters:
  ///   - periodNanoseconds: 1 … 10¹².
  ///   - usableEntries: 0 or more.
  ///   - answerNanoseconds: what an answer may take from its observation's sample.
  ///   - decisionNanoseconds: nil: the period.
  ///   - holdNanoseconds: nil: one period, at least 20 ms.
  ///   - rampNanoseconds: nil: four periods, at least 80 ms.
  @_noAllocation @_noLocks
  public init(
    periodNanoseconds: UInt64, usableEntries: Int, answerNanoseconds: UInt64 = 0, decisionNanoseconds: UInt64? = nil,
    holdNanoseconds: UInt64? = nil, rampNanoseconds: UInt64? = nil
  ) {
    precondition(periodNanoseconds > 0 && periodNanoseconds <= 1_000_000_000_000 && usableEntries >= 0)
    self.periodNanoseconds = periodNanoseconds
    self.usableEntries = usableEntries
    self.answerNanoseconds = answerNanoseconds
    self.decisionNanoseconds = decisionNanoseconds ?? periodNanoseconds
    self.holdNanoseconds = holdNanoseconds ?? max(periodNanoseconds, 20_000_000)
    self.rampNanoseconds = rampNanoseconds ?? max(4 * periodNanoseconds, 80_000_000)
  }

  /// From the sample of the last observation that was answered to SAFE, when no further answer comes and the plan has
  /// `ahead` entries that are known here. Real-time: yes.
  @_noAllocation @_noLocks
  public func safeAfterNanoseconds(ahead: Int) -> UInt64 {
    answerNanoseconds + periods(1 + ahead) + holdNanoseconds + rampNanoseconds
  }

  /// `count` periods.
  @_noAllocation @_noLocks
  func periods(_ count: Int) -> UInt64 {
    // Added up: a 32-bit processor's Swift widens no integer without code that allocates.
    var sum: UInt64 = 0
    for _ in 0..<count { sum += periodNanoseconds }
    return sum
  }
}
