// The estimate of a denoising step: what raises it, what does not, and that it comes down by itself.

import PlannerRuntime
import Testing

@Suite("Duration estimate") struct DurationEstimateTests {
  static let millisecond: UInt64 = 1_000_000

  /// A planner on a clock of the test's own: ten steps of 2 ms and 1 ms to finish, in a budget of 25 ms.
  final class Plans {
    var budget: UInt64 = 25 * millisecond
    /// What the last plan took, all its steps and the finish.
    private(set) var taken: UInt64 = 0
    var step = DurationEstimate()
    var finish = DurationEstimate()

    /// Steps that a plan takes whose steps last as long as `duration` says; as `Planner.plan` decides it.
    func plan(_ duration: (Int) -> UInt64 = { _ in 2 * millisecond }) -> Int {
      var passed: UInt64 = 0
      var steps = 0
      while steps < 10, steps == 0 || passed + step.nanoseconds + finish.nanoseconds <= budget {
        step.record(duration(steps))
        passed += duration(steps)
        steps += 1
      }
      finish.record(millisecond)
      taken = passed + millisecond
      return steps
    }
  }

  func steady() -> DurationEstimate {
    var estimate = DurationEstimate()
    for _ in 0..<10 { estimate.record(Self.millisecond) }
    return estimate
  }

  @Test func `a step in the middle of which the process was stopped, for however long, cuts no later plan`() {
    for stall in [50, 1_000, 1_000_000] as [UInt64] {
      for stalled in 0..<10 {
        let plans = Plans()
        for _ in 0..<20 { #expect(plans.plan() == 10) }
        _ = plans.plan { $0 == stalled ? stall * Self.millisecond : 2 * Self.millisecond }
        for _ in 0..<20 { #expect(plans.plan() == 10) }
      }
    }
  }

  @Test func `a stall of 50 ms that two steps, or two plans, share cuts at most three later plans`() {
    let plans = Plans()
    for _ in 0..<20 { #expect(plans.plan() == 10) }
    _ = plans.plan { $0 < 2 ? 25 * Self.millisecond : 2 * Self.millisecond }
    #expect((0..<20).count { _ in plans.plan() < 10 } <= 3)
    for _ in 0..<2 { _ = plans.plan { _ in 50 * Self.millisecond } }
    #expect((0..<20).count { _ in plans.plan() < 10 } <= 3)
  }

  @Test func `a machine that has become slow is believed with the second slow step, and one that is fast again soon`() {
    let plans = Plans()
    for _ in 0..<20 { _ = plans.plan() }
    // Three steps of 7 ms and the end fit; a fourth would not.
    for _ in 0..<20 { #expect(plans.plan { _ in 7 * Self.millisecond } == 3) }
    #expect((0..<20).count { _ in plans.plan() < 10 } <= 2)
  }

  @Test func `a budget that ends in the middle of any of several steps is kept, and no step that fits is left out`() {
    for microseconds in stride(from: 100, through: 25_000, by: 100) as StrideThrough<UInt64> {
      let plans = Plans()
      // Of ten steps; the first is taken whatever the budget.
      let fitting = microseconds < 5000 ? 1 : min(10, Int((microseconds - 1000) / 2000))
      plans.budget = microseconds * 1000
      // Known from the rehearsal.
      for _ in 0..<2 {
        plans.step.record(2 * Self.millisecond)
        plans.finish.record(Self.millisecond)
      }
      for _ in 0..<20 {
        #expect(plans.plan() == fitting)
        #expect(fitting == 1 || plans.taken <= plans.budget)
      }
      // Steps that vary by a quarter overrun by one's variation at most.
      for round in 0..<20 {
        let steps = plans.plan { ($0 + round) % 3 == 0 ? 2_500_000 : 1_750_000 }
        #expect(steps == 1 || plans.taken <= plans.budget + Self.millisecond)
      }
    }
  }

  @Test func `a single fast run does not make the next look safe`() {
    var estimate = steady()
    estimate.record(Self.millisecond / 10)
    #expect(estimate.nanoseconds >= Self.millisecond / 2)
  }

  @Test func `any durations leave it at most the longest but one of the last two, or half of what it was`() {
    var estimate = steady()
    estimate.record(.max)
    #expect(estimate.nanoseconds <= Self.millisecond)
    estimate.record(.max)
    #expect(estimate.nanoseconds == .max)
    for _ in 0..<64 { estimate.record(0) }
    #expect(estimate.nanoseconds == 0)
  }

  @Test func `two slow ones in a row raise it, and skipped ones let it sink until one is tried again`() {
    var estimate = steady()
    for _ in 0..<2 { estimate.record(100 * Self.millisecond) }
    #expect(estimate.nanoseconds == 100 * Self.millisecond)
    var skips = 0
    while estimate.nanoseconds >= 50 * Self.millisecond {
      estimate.recordSkip()
      skips += 1
    }
    #expect((20...25).contains(skips))
  }
}
