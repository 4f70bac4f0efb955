// The robot's clock seen from here: queues count, constant offsets and slow drift do not.

import ControlLoop
import Testing

@Suite("Deadline clock") struct DeadlineClockTests {
  let period: UInt64 = 50_000_000

  @Test("an observation that comes at once is due when it arrives, whatever the robot's clock shows")
  func offset() {
    for robotStart in [0, 5, 1 << 40, .max - 100] as [UInt64] {
      var clock = DeadlineClock(periodNanoseconds: period)
      for index in 0..<10 as Range<UInt64> {
        let arrival = 7_000_000_000 + index * period
        let due = clock.due(sampleTime: robotStart &+ index * period, arrival: arrival)
        #expect(due <= arrival)
        #expect(arrival - due < 50_000)
      }
    }
  }

  @Test("time in the queue counts against the deadline")
  func queue() {
    var clock = DeadlineClock(periodNanoseconds: period)
    _ = clock.due(sampleTime: 0, arrival: 1_000_000_000)
    let due = clock.due(sampleTime: period, arrival: 1_000_000_000 + period + 30_000_000)
    #expect(abs(Int64(due) - Int64(1_000_000_000 + period)) < 50_000)
  }

  @Test("a faster datagram than all before corrects the offset")
  func fasterDatagram() {
    var clock = DeadlineClock(periodNanoseconds: period)
    _ = clock.due(sampleTime: 0, arrival: 1_010_000_000)
    let due = clock.due(sampleTime: period, arrival: 1_000_000_000 + period)
    #expect(due == 1_000_000_000 + period)
  }

  @Test(
    "clocks that drift apart by 300 parts per million never use half a period up", arguments: [50_000_000, 500_000])
  func drift(period: UInt64) {
    for drift in [-3, 3] as [Int64] {
      var clock = DeadlineClock(periodNanoseconds: period)
      var worst: UInt64 = 0
      for index in 0..<72_000 as Range<UInt64> {
        let arrival = 1_000_000_000 + index * (period &+ UInt64(bitPattern: drift * Int64(period) / 10_000))
        let due = clock.due(sampleTime: index * period, arrival: arrival)
        worst = max(worst, arrival - due)
      }
      #expect(worst < period / 4)
    }
  }

  @Test("a robot's clock that is put back by 5 s is followed within 5 s")
  func step() {
    var clock = DeadlineClock(periodNanoseconds: period)
    var late: [UInt64] = []
    for index in 0..<300 as Range<UInt64> {
      let arrival = 20_000_000_000 + index * period
      let sample = 10_000_000_000 + index * period - (index < 100 ? 0 : 5_000_000_000)
      late.append(arrival - clock.due(sampleTime: sample, arrival: arrival))
    }
    #expect(late[100] == 5_000_000_000)
    #expect(late[200...].allSatisfy { $0 == 0 })
  }

  @Test("a robot whose clock starts again is followed at once")
  func jump() {
    var clock = DeadlineClock(periodNanoseconds: period)
    _ = clock.due(sampleTime: 1 << 50, arrival: 1_000_000_000)
    #expect(clock.due(sampleTime: 0, arrival: 2_000_000_000) == 2_000_000_000)
  }
}
