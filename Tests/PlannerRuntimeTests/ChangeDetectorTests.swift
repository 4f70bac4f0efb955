// The change detector as a state machine: its false alarms, its delay, what it passes over.

import PlannerRuntime
import Testing

/// An error whose logarithm (with the floor of 0.01) is `mean` + `spread` · a standard normal number.
private func error(_ random: inout RandomSource, mean: Float, spread: Float = 0.5) -> Float {
  // e^x by its series; the detector itself uses the C library's logarithm.
  let x = Double(mean + spread * random.normal())
  var (term, sum) = (1.0, 1.0)
  for n in 1..<60 {
    term *= x / Double(n)
    sum += term
  }
  return Float(max(sum - 0.01, 0))
}

@Suite struct ChangeDetectorTests {
  @Test func `half a million ordinary errors are no change`() {
    var random = RandomSource(seed: 3)
    var detector = ChangeDetector()
    var alarms = 0
    for _ in 0..<500_000 where detector.observe(error(&random, mean: -2)) { alarms += 1 }
    #expect(alarms == 0)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `an error six spreads higher is noticed within five steps, and the suspects are those since`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var detector = ChangeDetector()
    for _ in 0..<(100 + 10 * Int(seed)) { _ = detector.observe(error(&random, mean: -3)) }
    var delay = 0
    var isNoticed = false
    while !isNoticed, delay < 20 {
      delay += 1
      isNoticed = detector.observe(error(&random, mean: 0))
    }
    #expect(isNoticed && delay <= 5)
    // One or two ordinary errors may have raised the sum just before.
    #expect(detector.suspects >= delay && detector.suspects <= delay + 3)
  }

  @Test func `two outliers are no change, however large`() {
    var random = RandomSource(seed: 5)
    var detector = ChangeDetector()
    for step in 0..<20_000 {
      let isOutlier = step % 50 == 40 || step % 50 == 41
      let alarm = detector.observe(isOutlier ? 1e12 : error(&random, mean: -2, spread: 0.3))
      #expect(!alarm)
    }
  }

  @Test func `errors below a hundredth of the variance are all alike`() {
    var detector = ChangeDetector()
    for step in 0..<1000 {
      let alarm = detector.observe(step < 500 ? 1e-9 : 2e-3)
      #expect(!alarm)
    }
  }

  @Test func `nothing is a change before mean and spread are known`() {
    var detector = ChangeDetector()
    for step in 0..<ChangeDetector.settling {
      let alarm = detector.observe(step < 5 ? 0 : 1e6)
      #expect(!alarm)
    }
  }

  @Test func `what is not finite is passed over`() {
    var detector = ChangeDetector()
    var other = ChangeDetector()
    var random = RandomSource(seed: 7)
    for _ in 0..<100 {
      let value = error(&random, mean: -2)
      for bad in [Float.nan, .infinity, -1] { _ = detector.observe(bad) }
      _ = detector.observe(value)
      _ = other.observe(value)
    }
    #expect(detector == other)
  }
}
