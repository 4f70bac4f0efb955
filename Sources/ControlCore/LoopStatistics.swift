// What the cycle counts and times, recorded without allocation.

import Histogram

/// Counters and times of a control cycle. Times are microseconds. Real-time: no (the histograms hold arrays); the cycle
/// records in place.
public struct LoopStatistics {
  /// Planning alone, of plans that were sent.
  public private(set) var planTimes = Histogram<UInt64>(highestTrackableValue: 60_000_000)
  /// From the observation's arrival to the action's departure.
  public private(set) var answerTimes = Histogram<UInt64>(highestTrackableValue: 60_000_000)
  /// Observations answered.
  public internal(set) var cycles: UInt64 = 0
  /// Episodes that robots ended by themselves.
  public internal(set) var episodes: UInt64 = 0
  /// Plans that the budget cut short; complete, and less refined.
  public internal(set) var shortPlans: UInt64 = 0
  /// Plans that were finished after their interval had ended.
  public internal(set) var latePlans: UInt64 = 0
  /// Plans that came out non-finite.
  public internal(set) var failedPlans: UInt64 = 0
  /// Observations not planned for because no time was left.
  public internal(set) var skippedPlans: UInt64 = 0
  /// Observations never answered because a newer one was there already.
  public internal(set) var superseded: UInt64 = 0
  /// Changes of task or body that a belief noticed.
  public internal(set) var changes: UInt64 = 0
  /// Cycles in which nothing that the model knows explained the robot.
  public internal(set) var unexplainedCycles: UInt64 = 0
  /// Commands that were a later entry of an earlier plan.
  public internal(set) var earlierPlans: UInt64 = 0
  /// Commands that were the last one again.
  public internal(set) var holds: UInt64 = 0
  /// Commands on the way to the safe one.
  public internal(set) var ramps: UInt64 = 0
  /// Safe commands of a latched SAFE.
  public internal(set) var safes: UInt64 = 0
  /// Safe commands while nothing was planned or wanted.
  public internal(set) var idles: UInt64 = 0
  /// Observations of a running episode answered by the safe command after a second of nothing else.
  public internal(set) var idleWhileDriven: UInt64 = 0
  /// Observations of a robot that was latched at its safe command.
  public internal(set) var latchedCycles: UInt64 = 0

  /// All zero. Real-time: no.
  public init() {}

  /// Observations that no plan of their own answered in time. Real-time: yes.
  public var deadlineMisses: UInt64 { latePlans + failedPlans + skippedPlans + superseded }

  mutating func recordPlan(nanoseconds: UInt64) { planTimes.record(nanoseconds / 1000) }
  mutating func recordAnswer(nanoseconds: UInt64) { answerTimes.record(nanoseconds / 1000) }
}
