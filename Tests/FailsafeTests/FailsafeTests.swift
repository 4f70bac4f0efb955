// Every transition of the failsafe, walked with a clock that is an argument.

import Failsafe
import Testing

private let period: UInt64 = 50_000_000

@Suite("Failsafe") struct FailsafeTests {
  /// As the controller uses it: entries known ahead, answers known when deciding.
  private func controller(usableEntries: Int) -> TimedFailsafe {
    TimedFailsafe(times: FailsafeTimes(periodNanoseconds: period, usableEntries: usableEntries))
  }

  /// As the firmware uses it: an answer has a period, one entry comes at a time, decisions every 5 ms.
  private func firmware(usableEntries: Int = 2) -> TimedFailsafe {
    TimedFailsafe(
      times: FailsafeTimes(
        periodNanoseconds: period, usableEntries: usableEntries, answerNanoseconds: period,
        decisionNanoseconds: 5_000_000))
  }

  @Test func `before the first plan the choice is idle, whatever the time`() {
    var failsafe = controller(usableEntries: 2)
    for time in [0, 1, period, 100 * period] { #expect(failsafe.decide(now: time) == .idle) }
    #expect(failsafe.accept(now: 100 * period, observationTime: 100 * period, ahead: 2) == true)
    #expect(failsafe.decide(now: 100 * period) == .plan)
  }

  @Test func `without new plans: entries of the last one, hold, an even ramp, SAFE`() {
    var failsafe = controller(usableEntries: 3)
    #expect(failsafe.accept(now: 0, observationTime: 0, ahead: 8) == true)
    #expect(failsafe.decide(now: 0) == .plan)
    for entry in 1...3 {
      #expect(failsafe.decide(now: UInt64(entry) * period) == .earlierPlan(entry: entry))
    }
    #expect(failsafe.decide(now: 4 * period) == .hold)
    var command: Float = 1
    for (index, expected) in ([0.75, 0.5, 0.25] as [Float]).enumerated() {
      guard case .ramp(let factor) = failsafe.decide(now: UInt64(5 + index) * period) else {
        Issue.record("no ramp")
        return
      }
      command *= factor
      #expect(abs(command - expected) < 1e-5)
    }
    #expect(failsafe.decide(now: 8 * period) == .safe)
    #expect(failsafe.isSafe)
    #expect(failsafe.times.safeAfterNanoseconds(ahead: 3) == 9 * period)
  }

  @Test func `periods that pass unseen age the plan: the choice is that of the present period`() {
    func choice(after periods: UInt64...) -> CommandChoice {
      var failsafe = controller(usableEntries: 3)
      _ = failsafe.accept(now: 0, observationTime: 0, ahead: 3)
      return periods.map { failsafe.decide(now: $0 * period) }.last!
    }
    #expect(choice(after: 3) == .earlierPlan(entry: 3))
    #expect(choice(after: 1, 3) == .earlierPlan(entry: 3))
    #expect(choice(after: 4) == .hold)
    #expect(choice(after: 8) == .safe)
    guard case .ramp(let once) = choice(after: 7), case .ramp(let twice) = choice(after: 5, 7) else {
      Issue.record("no ramp")
      return
    }
    #expect(abs(once - 0.25) < 1e-5)
    // From three quarters to one.
    #expect(abs(twice - 1 / 3) < 1e-5)
  }

  @Test func `a new plan ends every fallback but SAFE, which only re-arming leaves`() {
    for failures in 1...6 as ClosedRange<UInt64> {
      var failsafe = controller(usableEntries: 2)
      _ = failsafe.accept(now: 0, observationTime: 0, ahead: 2)
      for time in 1...failures { _ = failsafe.decide(now: time * period) }
      let now = (failures + 1) * period
      #expect(failsafe.accept(now: now, observationTime: now, ahead: 2) == true)
      #expect(failsafe.decide(now: now) == .plan)
      #expect(failsafe.decide(now: now + period) == .earlierPlan(entry: 1))
    }
    var failsafe = controller(usableEntries: 0)
    _ = failsafe.accept(now: 0, observationTime: 0)
    #expect(failsafe.decide(now: 100 * period) == .safe)
    failsafe.standDown()
    #expect(failsafe.accept(now: 101 * period, observationTime: 101 * period) == false)
    #expect(failsafe.decide(now: 101 * period) == .safe)
    failsafe.rearm()
    #expect(failsafe.decide(now: 102 * period) == .idle)
    #expect(failsafe.accept(now: 103 * period, observationTime: 103 * period) == true)
    #expect(failsafe.decide(now: 103 * period) == .plan)
  }

  @Test func `standing down ends a plan, and its observation is not accepted again`() {
    var failsafe = controller(usableEntries: 8)
    _ = failsafe.accept(now: period, observationTime: period, ahead: 8)
    failsafe.standDown()
    #expect(failsafe.decide(now: 2 * period) == .idle)
    #expect(failsafe.accept(now: 2 * period, observationTime: period, ahead: 8) == false)
  }

  @Test func `repetitions, answers to old or future observations and entries of old plans reset nothing`() {
    var failsafe = firmware(usableEntries: 2)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period - 1) == true)
    let before = failsafe
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period - 1) == false)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period - 2) == false)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period + 1) == false)
    #expect(failsafe.accept(now: 14 * period, observationTime: 12 * period) == false)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period, entry: 3) == false)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period, entry: -1) == false)
    #expect(failsafe == before)
    #expect(failsafe.accept(now: 10 * period, observationTime: 10 * period, entry: 2) == true)
    #expect(failsafe.decide(now: 10 * period) == .earlierPlan(entry: 2))
  }

  @Test func `an answer may take a period; then hold, ramp and SAFE come at the stated times`() {
    var failsafe = firmware()
    let times = failsafe.times
    #expect(times.safeAfterNanoseconds(ahead: 0) == 7 * period)
    _ = failsafe.accept(now: 12_000_000, observationTime: 0)
    #expect(failsafe.decide(now: 2 * period - 1) == .plan)
    #expect(failsafe.decide(now: 2 * period) == .hold)
    #expect(failsafe.decide(now: 3 * period - 1) == .hold)
    var command: Float = 1
    var now = 3 * period
    while case .ramp(let factor) = failsafe.decide(now: now) {
      #expect(factor < 1)
      command *= factor
      now += times.decisionNanoseconds
    }
    #expect(failsafe.isSafe)
    #expect(command < 0.026)
    #expect(now == 7 * period - times.decisionNanoseconds)
  }

  @Test
  func `entries that came along follow one a period after the answer came; the last stands until the stated time`() {
    // An answer 12 ms after the sample, decisions every 5 ms, two entries ahead: 0 to 67 ms, 1 to 117, 2 to 200.
    var failsafe = firmware()
    #expect(failsafe.accept(now: 12_000_000, observationTime: 0, ahead: 2) == true)
    #expect(failsafe.decide(now: 67_000_000 - 1) == .plan)
    #expect(failsafe.decide(now: 67_000_000) == .earlierPlan(entry: 1))
    #expect(failsafe.decide(now: 117_000_000 - 1) == .earlierPlan(entry: 1))
    #expect(failsafe.decide(now: 117_000_000) == .earlierPlan(entry: 2))
    #expect(failsafe.decide(now: 4 * period - 1) == .earlierPlan(entry: 2))
    #expect(failsafe.decide(now: 4 * period) == .hold)
    #expect(failsafe.decide(now: failsafe.times.safeAfterNanoseconds(ahead: 2)) == .safe)
    #expect(failsafe.times.safeAfterNanoseconds(ahead: 2) == 9 * period)
  }

  @Test func `a late answer is followed by the entry of the present period, one later than all entries by none`() {
    var failsafe = firmware()
    #expect(failsafe.accept(now: 4 * period, observationTime: 0, ahead: 2) == false)
    #expect(failsafe.accept(now: 4 * period - 1, observationTime: 0, ahead: 1) == false)
    #expect(failsafe.accept(now: 2 * period, observationTime: 0, ahead: 2) == true)
    #expect(failsafe.decide(now: 2 * period) == .earlierPlan(entry: 1))
    #expect(failsafe.decide(now: 3 * period) == .earlierPlan(entry: 2))
    #expect(failsafe.decide(now: 4 * period) == .hold)
  }

  @Test func `entries ahead count up to the plan's usable entries`() {
    var failsafe = firmware(usableEntries: 2)
    #expect(failsafe.accept(now: 0, observationTime: 0, entry: 1, ahead: 3) == true)
    #expect(failsafe.decide(now: 0) == .earlierPlan(entry: 1))
    #expect(failsafe.decide(now: 3 * period - 1) == .earlierPlan(entry: 2))
    #expect(failsafe.decide(now: 3 * period) == .hold)
    #expect(failsafe.accept(now: 3 * period, observationTime: 3 * period, entry: 2, ahead: 3) == true)
    #expect(failsafe.decide(now: 5 * period) == .hold)
  }

  @Test func `a clock that runs backwards is an endless age`() {
    var failsafe = firmware()
    _ = failsafe.accept(now: 100 * period, observationTime: 100 * period)
    #expect(failsafe.decide(now: 100 * period - 1) == .safe)
    // Behind the answer's coming, and not behind its sample: the answer still.
    var late = firmware()
    _ = late.accept(now: 100 * period, observationTime: 99 * period, ahead: 2)
    #expect(late.decide(now: 100 * period - 1) == .plan)
  }

  @Test func `defaults follow the period and have a floor for fast loops`() {
    let slow = FailsafeTimes(periodNanoseconds: 50_000_000, usableEntries: 0)
    #expect(slow.holdNanoseconds == 50_000_000)
    #expect(slow.rampNanoseconds == 200_000_000)
    let fast = FailsafeTimes(periodNanoseconds: 1_000_000, usableEntries: 0)
    #expect(fast.holdNanoseconds == 20_000_000)
    #expect(fast.rampNanoseconds == 80_000_000)
  }

  @Test func `times at the ends of the clock, in any order, trap nothing; a clock that runs backwards latches SAFE`() {
    let times: [UInt64] = [0, 1, period, 1 << 32, 1 << 63 - 1, 1 << 63, .max - period, .max - 1, .max]
    for start in times {
      for time in times {
        for observed in times {
          for entry in [0, 1, .max, .min] as [Int] {
            for ahead in [0, 1, .max, .min] as [Int] {
              for periodNanoseconds in [1, period, 10_000_000_000] as [UInt64] {
                var failsafe = TimedFailsafe(
                  times: FailsafeTimes(
                    periodNanoseconds: periodNanoseconds, usableEntries: 2, answerNanoseconds: periodNanoseconds))
                let isAccepted = failsafe.accept(now: start, observationTime: observed, entry: entry, ahead: ahead)
                if isAccepted { #expect(observed <= start && entry >= 0 && ahead >= 0) }
                let choice = failsafe.decide(now: time)
                if !isAccepted { #expect(choice == .idle) }
                // Half a clock back or more is the end of the clock, not a step back.
                if isAccepted, time < observed, observed <= 1 << 63 { #expect(choice == .safe) }
              }
            }
          }
        }
      }
    }
  }

  @Test func `a ramp is over at the first time past its end, whatever the time`() {
    for passed in [9, 10, 1_000, UInt64.max / period] as [UInt64] {
      var failsafe = controller(usableEntries: 3)
      _ = failsafe.accept(now: 0, observationTime: 0, ahead: 3)
      #expect(failsafe.decide(now: passed * period) == .safe)
    }
  }
}
