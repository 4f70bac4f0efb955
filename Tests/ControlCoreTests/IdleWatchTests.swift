// What is told of a robot that is driven with nothing, and of one that somebody else drives: on clocks of the tests'
// own.

import ControlCore
import Testing

@Suite("News that must not be missed, and not flood") struct IdleWatchTests {
  static let millisecond: UInt64 = 1_000_000

  @Test func `a second of nothing but the safe command is told once, and every observation after it is counted`() {
    var watch = IdleWatch()
    var (told, long) = (0, 0)
    for index in 0..<100 as Range<UInt64> {
      let isNews = watch.note(isIdle: true, now: 7 + index * 50 * Self.millisecond)
      told += isNews ? 1 : 0
      long += watch.isLong ? 1 : 0
    }
    #expect(told == 1)
    #expect(long == 80)
    let isNews = watch.note(isIdle: false, now: 0)
    #expect(!isNews && !watch.isLong)
  }

  @Test func `single idle answers, and pauses between episodes, are not told`() {
    var watch = IdleWatch()
    var told = 0
    for episode in 0..<100 as Range<UInt64> {
      let start = episode * 60_000 * Self.millisecond
      for index in 0..<30 as Range<UInt64> {
        let isNews = watch.note(isIdle: index < 15 || index > 25, now: start + index * 50 * Self.millisecond)
        told += isNews ? 1 : 0
      }
      watch.pause()
    }
    #expect(told == 0)
  }

  @Test func `episodes too short for a second of their own add up`() {
    var watch = IdleWatch()
    var told = 0
    for index in 0..<100 as Range<UInt64> {
      let isNews = watch.note(isIdle: true, now: index * 50 * Self.millisecond)
      told += isNews ? 1 : 0
      if index % 5 == 4 { watch.pause() }
    }
    #expect(told == 1)
  }

  @Test func `times at the ends of the clock trap nothing`() {
    var watch = IdleWatch()
    for now in [0, .max, 0, .max, 1, .max - 1, .max] as [UInt64] { _ = watch.note(isIdle: true, now: now) }
    #expect(watch.isLong)
  }

  @Test func `what comes ten times per second is told at once, and then every ten seconds`() {
    var news = SparseNews()
    let told = (0..<605 as Range<UInt64>).filter { news.isDue(now: 3_000_000_000 + $0 * 100 * Self.millisecond) }
    #expect(told == [0, 100, 200, 300, 400, 500, 600])
  }
}
