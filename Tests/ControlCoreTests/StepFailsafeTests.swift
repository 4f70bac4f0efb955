// The controller's failsafe on a count of steps that may do anything, without sockets or clocks.

import ControlCore
import Failsafe
import Testing

@Suite("Failsafe on the robot's count of steps") struct StepFailsafeTests {
  /// The longest period that a model may have.
  static let longest: UInt64 = 10_000_000_000

  func times(period: UInt64) -> FailsafeTimes { FailsafeTimes(periodNanoseconds: period, usableEntries: 8) }

  @Test func `a jump of the step to its end, at the longest period, traps nothing; the next plan drives`() {
    var failsafe = StepFailsafe(times: times(period: Self.longest))
    let first = failsafe.choose(step: 0, isPlanned: true, hasFailed: false)
    #expect(first == .plan)
    let jump = failsafe.choose(step: .max, isPlanned: false, hasFailed: false)
    #expect(jump == .idle)
    let next = failsafe.choose(step: .max, isPlanned: true, hasFailed: false)
    #expect(next == .plan)
  }

  @Test func `however often the step jumps, the clock's end is no end: every plan drives`() {
    for period in [20_000_000, 50_000_000, Self.longest] as [UInt64] {
      var failsafe = StepFailsafe(times: times(period: period))
      for _ in 0..<1_000 {
        for step in [0, .max] as [UInt32] {
          let choice = failsafe.choose(step: step, isPlanned: true, hasFailed: false)
          #expect(choice == .plan)
        }
      }
    }
  }

  @Test
  func `after any sequence of steps and outcomes without a failure the next plan drives, and nothing is latched`() {
    var random = FixedRandom(state: 5)
    for round in 0..<2_000 {
      let period = [500_000, 50_000_000, Self.longest].randomElement(using: &random)!
      var failsafe = StepFailsafe(times: times(period: period), step: .random(in: 0 ... .max, using: &random))
      for _ in 0..<Int.random(in: 0...200, using: &random) {
        let extreme = ([0, 1, 2, .max, .max - 1] as [UInt32]).randomElement(using: &random)!
        let step = round % 2 == 0 ? .random(in: 0 ... .max, using: &random) : extreme
        let isPlanned = Bool.random(using: &random)
        let choice = failsafe.choose(step: step, isPlanned: isPlanned, hasFailed: false)
        if isPlanned { #expect(choice == .plan) }
        #expect(!failsafe.isSafe)
      }
      let next = failsafe.choose(step: 3, isPlanned: true, hasFailed: false)
      #expect(next == .plan)
    }
  }

  @Test
  func `SAFE stays over the clock's end: only another start of the robot, with a failsafe of its own, leaves it`() {
    var failsafe = StepFailsafe(times: times(period: Self.longest))
    _ = failsafe.choose(step: 0, isPlanned: true, hasFailed: false)
    for step in 1...20 as ClosedRange<UInt32> { _ = failsafe.choose(step: step, isPlanned: false, hasFailed: true) }
    #expect(failsafe.isSafe)
    for _ in 0..<500 {
      for step in [0, .max] as [UInt32] {
        let choice = failsafe.choose(step: step, isPlanned: true, hasFailed: false)
        #expect(choice == .safe)
      }
    }
    failsafe = StepFailsafe(times: failsafe.times, step: 1_000_000)
    let choice = failsafe.choose(step: 1_000_000, isPlanned: true, hasFailed: false)
    #expect(choice == .plan)
  }
}
