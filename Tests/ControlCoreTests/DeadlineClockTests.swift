// The robot's clock seen from here: what observations are late by counts; offsets, drift and nonsense do not.

import ControlCore
import Testing

@Suite("Deadline clock") struct DeadlineClockTests {
  static let millisecond: UInt64 = 1_000_000
  let period: UInt64 = 50_000_000

  /// A robot and its controller on clocks of the test's own: an observation a period, and what each seems late by.
  final class Course {
    let period: UInt64
    var clock: DeadlineClock
    var now: UInt64 = 30_000_000_000
    var robot: UInt64 = 0

    init(period: UInt64 = 50_000_000, robot: UInt64 = 0) {
      self.period = period
      self.robot = robot
      clock = DeadlineClock(periodNanoseconds: period)
    }

    /// The next observation, `delay` under way and stamped wrong by `error`; what its deadline is put back by.
    func next(delay: UInt64 = 0, error: UInt64 = 0) -> UInt64 {
      now += period
      robot &+= period
      return now + delay - clock.due(sampleTime: robot &+ error, arrival: now + delay)
    }

    /// The same, and whether a plan would be tried: half of the period is its budget.
    func plans(delay: UInt64 = 0, error: UInt64 = 0) -> Bool { next(delay: delay, error: error) < period / 2 }
  }

  @Test func `an observation that comes at once is due when it arrives, whatever the robot's clock shows`() {
    for robotStart in [0, 5, 1 << 40, 1 << 63, .max - 100] as [UInt64] {
      let course = Course(robot: robotStart)
      for _ in 0..<10 { #expect(course.next() == 0) }
    }
  }

  @Test func `time in the queue counts against the deadline, in full up to a period`() {
    for delay in [1, 5, 12, 26, 49] as [UInt64] {
      let course = Course()
      _ = course.next()
      let late = course.next(delay: delay * Self.millisecond)
      #expect(late == delay * Self.millisecond)
    }
    let course = Course()
    _ = course.next()
    let late = course.next(delay: 700 * Self.millisecond)
    #expect(late == period)
  }

  @Test func `one late observation does not make the next seem early: each is held against the robot's steady clock`() {
    let course = Course()
    for _ in 0..<10 { _ = course.next() }
    for delay in [30, 0, 8, 0, 400, 0, 12, 3, 6, 0] as [UInt64] {
      let late = course.next(delay: delay * Self.millisecond)
      #expect(late <= min(delay * Self.millisecond, period))
      #expect(late + Self.millisecond / 2 >= min(delay * Self.millisecond, period))
    }
  }

  @Test func `jitter of some milliseconds: deadlines run from when observations were due, not from when they came`() {
    var random = FixedRandom(state: 3)
    let course = Course()
    var sum: UInt64 = 0
    for index in 0..<1_000 {
      let delay = UInt64.random(in: 0...8 * Self.millisecond, using: &random)
      let late = course.next(delay: delay)
      #expect(late <= delay)
      if index >= 50 { sum += delay - late }
    }
    // Off by 1.5 ms on average, where arrival alone would be off by 4.
    #expect(sum / 950 < 3 * Self.millisecond / 2)
  }

  @Test func `an observation that comes earlier than all before corrects the offset`() {
    let course = Course()
    _ = course.next(delay: 10 * Self.millisecond)
    let early = course.next()
    #expect(early == 0)
    let late = course.next(delay: 10 * Self.millisecond)
    #expect(late == 10 * Self.millisecond)
  }

  @Test(
    arguments: [50_000_000, 500_000])
  func `clocks that drift apart by 300 parts per million never use a twentieth of a period up`(period: UInt64) {
    for drift in [-3, 3] as [Int64] {
      var clock = DeadlineClock(periodNanoseconds: period)
      var worst: UInt64 = 0
      for index in 0..<72_000 as Range<UInt64> {
        let arrival = 1_000_000_000 + index * (period &+ UInt64(bitPattern: drift * Int64(period) / 10_000))
        let due = clock.due(sampleTime: index * period, arrival: arrival)
        worst = max(worst, arrival - due)
      }
      #expect(worst < period / 20)
    }
  }

  @Test func `one early stamp, by however much, keeps no later observation from being planned for`() {
    for error in [25, 26, 30, 49, 50, 51, 1_000, 9_000, 10_000] as [UInt64] {
      let course = Course()
      for _ in 0..<40 { #expect(course.plans()) }
      #expect(course.plans(error: error * Self.millisecond))
      for _ in 0..<100 { #expect(course.plans()) }
    }
  }

  @Test func `one stamp of any kind costs at most the plan for its own observation`() {
    var random = FixedRandom(state: 11)
    for _ in 0..<1_000 {
      let course = Course()
      for _ in 0..<5 { _ = course.next() }
      _ = course.next(error: .random(in: 0 ... .max, using: &random))
      for _ in 0..<5 { #expect(course.plans()) }
    }
  }

  @Test(arguments: [26, 60, 5_000, 3_600_000])
  func `a delay that lasts, or a robot's clock that is set, costs one plan`(milliseconds: UInt64) {
    let step = milliseconds * Self.millisecond
    for error in [step, 0 &- step] {
      let course = Course()
      for _ in 0..<40 { _ = course.next() }
      let planned = (0..<40).count { _ in course.plans(error: error) }
      #expect(planned >= 39)
    }
    let course = Course()
    for _ in 0..<40 { _ = course.next() }
    let planned = (0..<40).count { _ in course.plans(delay: step) }
    #expect(planned >= 39)
  }

  @Test func `after any sequence of stamps planning is back with the third sane observation, and stays`() {
    var random = FixedRandom(state: 7)
    let extremes: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, 1 << 63 - 1, 1 << 63 + 1, 1 << 62, 3 << 62]
    for round in 0..<20_000 {
      let course = Course(robot: .random(in: 0 ... .max, using: &random))
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        // Anything, an extreme, a period or so away, or within a budget: a different mixture in each round.
        let error: UInt64 =
          switch Int.random(in: 0...(round % 4), using: &random) {
          case 0: .random(in: 0 ... .max, using: &random)
          case 1: extremes.randomElement(using: &random)!
          case 2: UInt64(bitPattern: .random(in: -100_000_000...100_000_000, using: &random))
          default: UInt64(bitPattern: .random(in: -25_000_000...25_000_000, using: &random))
          }
        // Never after its arrival, and never more than a period before.
        let late = course.next(error: error)
        #expect(late <= period)
      }
      // The robot's clock may by now be another one.
      let offset = round % 2 == 0 ? 0 : UInt64.random(in: 0 ... .max, using: &random)
      let isPlanned = (0..<6).map { _ in
        course.plans(delay: .random(in: 0...12 * Self.millisecond, using: &random), error: offset)
      }
      #expect(!isPlanned.dropFirst(2).contains(false), "\(round)")
    }
  }

  @Test func `periods and budgets at the ends of their ranges trap nothing`() {
    for period in [1, 2, 10_000_000_000, .max] as [UInt64] {
      for budget in [nil, 0, 1, .max] as [UInt64?] {
        var clock = DeadlineClock(periodNanoseconds: period, budgetNanoseconds: budget)
        for arrival in [0, 1, 1 << 63, .max] as [UInt64] {
          for sample in [0, 1, 1 << 63, .max] as [UInt64] {
            let late = arrival &- clock.due(sampleTime: sample, arrival: arrival)
            #expect(late <= period)
          }
        }
      }
    }
  }
}

/// Random numbers that are the same in each run (SplitMix64).
struct FixedRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
