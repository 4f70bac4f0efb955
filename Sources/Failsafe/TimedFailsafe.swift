// What is commanded when no fresh action is there: one pure state machine for controller and firmware, the clock an
// argument.

/// The command to give now. Real-time: yes, a value.
public enum CommandChoice: Equatable, Sendable {
  /// Entry 0 of the last plan.
  case plan
  /// A later entry of it.
  case earlierPlan(entry: Int)
  /// The last command again.
  case hold
  /// On the way to the safe command: `factor`, below 1, is what stays of the last command's distance from it.
  case ramp(factor: Float)
  /// The safe command, latched.
  case safe
  /// The safe command: nothing has been planned yet, or nothing is wanted.
  case idle
}

/// Why SAFE is latched. Real-time: yes, a value.
public enum LatchReason: Equatable, Sendable {
  /// No action computed from a fresh observation came in time, or the clock ran backwards.
  case silence
  /// The sensors stood still while commands moved.
  case stuckSensors
  /// The processor was reset while it drove, or while SAFE was latched.
  case reset
}

/// Fresh plan → later entries of it → hold → ramp → latched SAFE. Docs/failsafe.md draws it.
///
/// What is watched is that *actions computed from fresh observations* advance: `accept` takes the time at which the
/// observation behind an action was sampled, and bytes, frames or repetitions reset nothing. SAFE is left by `rearm`
/// alone. A clock that runs backwards reads as an endless age: SAFE. Real-time: yes.
public struct TimedFailsafe: Equatable, Sendable {
  /// When it acts.
  public let times: FailsafeTimes
  /// Why SAFE is latched; nil while it is not.
  public private(set) var latch: LatchReason? = nil
  /// Whether SAFE is latched. Real-time: yes.
  public var isSafe: Bool { @_noAllocation @_noLocks get { latch != nil } }

  /// The newest observation ever answered; nothing that is not newer is accepted.
  private var newest: UInt64? = nil
  /// Whether that answer is still in force.
  private var isPlanned = false
  /// Which entry of its plan the answer was, and how many entries after it are known here.
  private var entry = 0
  private var ahead = 0
  /// Its entries follow one a period from this age of its observation on.
  private var begin: UInt64 = 0
  /// What is left of the ramp; 1 before it.
  private var level: Float = 1

  /// Nothing is planned yet, and SAFE is not latched. Real-time: yes.
  @_noAllocation @_noLocks
  public init(times: FailsafeTimes) { self.times = times }

  /// Lifts a latched SAFE, after a person has had a look; nothing is planned. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func rearm() {
    latch = nil
    isPlanned = false
  }

  /// Goes to SAFE at once. The first reason stays. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func goSafe(_ reason: LatchReason) {
    latch = latch ?? reason
    isPlanned = false
  }

  /// The last plan means nothing any more: an episode has ended, say. SAFE stays. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func standDown() { isPlanned = false }

  /// Takes note of an action; false, and nothing changes, if it is not to be followed. Real-time: yes.
  ///
  /// - Parameters:
  ///   - now: the time at which it came.
  ///   - observationTime: when the observation it answers was sampled, on the clock of `now`.
  ///   - entry: which entry of its plan it is; more than `usableEntries` is too old a plan.
  ///   - ahead: entries after it that are known here; of these, as many count as `usableEntries` has left.
  @_noAllocation @_noLocks
  public mutating func accept(now: UInt64, observationTime: UInt64, entry: Int = 0, ahead: Int = 0) -> Bool {
    if isSafe || entry < 0 || entry > times.usableEntries || ahead < 0 || observationTime > now { return false }
    if let newest, observationTime <= newest { return false }
    let usable = min(ahead, times.usableEntries - entry)
    if now - observationTime >= times.answerNanoseconds + times.periods(1 + usable) { return false }
    newest = observationTime
    isPlanned = true
    self.entry = entry
    self.ahead = usable
    // When it came, and a little later, so that the next answer may come a little later; both within what answers may
    // take.
    begin = min(now - observationTime + times.decisionNanoseconds, times.answerNanoseconds)
    level = 1
    return true
  }

  /// The command to give at the time `now`; latches SAFE when the ramp has ended. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func decide(now: UInt64) -> CommandChoice {
    if isSafe { return .safe }
    guard isPlanned, let newest else { return .idle }
    let age = now &- newest
    let end = times.answerNanoseconds + times.periods(1 + ahead)
    if age < end {
      // The last entry stands until the stated time is over.
      let passed = age < begin ? 0 : Int(truncatingIfNeeded: (age - begin) / times.periodNanoseconds)
      let present = entry + min(passed, ahead)
      return present == 0 ? .plan : .earlierPlan(entry: present)
    }
    let held = age - end
    if held < times.holdNanoseconds { return .hold }
    let ramped = held - times.holdNanoseconds
    if ramped < times.rampNanoseconds, times.rampNanoseconds - ramped > times.decisionNanoseconds {
      let before = level
      level = Self.ratio(times.rampNanoseconds - ramped - times.decisionNanoseconds, times.rampNanoseconds)
      return .ramp(factor: level / before)
    }
    goSafe(.silence)
    return .safe
  }

  /// `part` / `whole`, to a millionth; `whole` is at most 2^43.
  @_noAllocation @_noLocks
  private static func ratio(_ part: UInt64, _ whole: UInt64) -> Float {
    Float(Int(truncatingIfNeeded: part * 1_000_000 / whole)) * 1e-6
  }
}
