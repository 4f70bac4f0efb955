// The estimate of a denoising step: what raises it, what does not, and that it comes down by itself.

import ControlLoop
import Testing

@Suite("Step estimate") struct StepEstimateTests {
  static let millisecond: UInt64 = 1_000_000

  func steady() -> StepEstimate {
    var estimate = StepEstimate()
    for _ in 0..<10 { estimate.note(planNanoseconds: 3 * Self.millisecond, steps: 3) }
    return estimate
  }

  @Test("it is a plan's time shared among its steps")
  func shares() {
    #expect(steady().nanoseconds == Self.millisecond)
  }

  @Test("a plan in the middle of which the process was stopped, for however long, changes nothing")
  func outlier() {
    for seconds in [1, 10, 1_000] as [UInt64] {
      var estimate = steady()
      estimate.note(planNanoseconds: seconds * 1000 * Self.millisecond, steps: 1)
      #expect(estimate.nanoseconds <= Self.millisecond)
      estimate.note(planNanoseconds: 3 * Self.millisecond, steps: 3)
      #expect(estimate.nanoseconds <= Self.millisecond)
    }
  }

  @Test("two slow plans in a row raise it, and skipped ones let it sink until one is tried again")
  func slow() {
    var estimate = steady()
    for _ in 0..<2 { estimate.note(planNanoseconds: 300 * Self.millisecond, steps: 3) }
    #expect(estimate.nanoseconds == 100 * Self.millisecond)
    var skips = 0
    while estimate.nanoseconds >= 50 * Self.millisecond {
      estimate.noteSkip()
      skips += 1
    }
    #expect((20...25).contains(skips))
  }
}
