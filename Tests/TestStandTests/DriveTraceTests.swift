// What the fault runs read out of the drives' trace: rows, and from them an outage.

import ActuatorBus
import Failsafe
import Foundation
import TestStand
import Testing

@Suite struct DriveTraceTests {
  /// A row at `time`, as the plant writes it.
  private func row(_ time: Int, mode: CommandMode, most: Double = 0, latches: Int = 0, age: Double = 0) throws
    -> DriveRow
  {
    try #require(DriveRow("\(time),\(Double(time) / 1000),\(mode.rawValue),\(most),3,\(latches),\(age)"))
  }

  @Test func `a line is a row with its columns in order`() throws {
    let row = try #require(DriveRow("1700,12.5,5,0.25,3,2,340000"))
    #expect((row.time, row.firmwareMicroseconds, row.mode, row.most) == (1700, 12.5, .safe, 0.25))
    #expect((row.latches, row.latchMicroseconds) == (2, 340_000))
  }

  @Test(
    arguments: [
      "", "1,2,3,4,5,6", "1,2,3,4,5,6,7,8", "1,2,3,4,5,,7", "x,2,3,4,5,6,7", "-1,2,3,4,5,6,7", "1,2,3.5,4,5,6,7",
      "time,clock,mode,most,lapses,latches,age",
    ])
  func `what is no whole line of a trace is no row`(line: String) { #expect(DriveRow(line[...]) == nil) }

  @Test func `what the plant writes comes back, and a line without its end is left out`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try DriveRow.last(ofFile: path).isEmpty)
    let trace = try DriveTrace(path: path)
    var drive = BusDrive()
    (drive.timeMicroseconds, drive.latches, drive.latchMicroseconds) = (7, 2, 340_000)
    for time in 1...3 as ClosedRange<UInt64> { trace.append(time: time, drive: drive, command: [0.25, -0.5]) }
    try trace.check()
    let rows = try DriveRow.last(ofFile: path)
    #expect(rows.map(\.time) == [1, 2, 3])
    #expect(rows.allSatisfy { $0.most == 0.5 && $0.latches == 2 && $0.latchMicroseconds == 340_000 })
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data("4,7,0,0,0,2,3400".utf8))
    #expect(try DriveRow.last(ofFile: path) == rows)
  }

  @Test func `a row that lost its beginning is left out although it looks whole`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let line = "1234567,1,1,0,0,0,0\n"
    try Data((line + line).utf8).write(to: URL(fileURLWithPath: path))
    // Three digits of the first are cut off: 4567 would be a time long past.
    #expect(try DriveRow.last(ofFile: path, bytes: UInt64(2 * line.count - 3)).map(\.time) == [1_234_567])
  }

  @Test func `an outage is the latch, then the first fresh plan after the safe command`() throws {
    let rows = [
      try row(1, mode: .plan, most: 0.5), try row(2, mode: .hold, most: 0.5), try row(3, mode: .ramp, most: 0.2),
      try row(4, mode: .safe, latches: 1, age: 341_500), try row(5, mode: .safe, latches: 1, age: 400_000),
      try row(6, mode: .plan, most: 0.4, latches: 1), try row(7, mode: .plan, most: 0.1, latches: 1),
    ]
    let outage = Outage(rows, latches: 0)
    #expect(outage.latchMilliseconds == 341.5)
    #expect(outage.driving?.time == 6)
  }

  @Test func `without a latch, or before driving, an outage has neither`() throws {
    // The plan goes on: nothing was safe yet, so nothing has resumed.
    #expect(Outage([try row(1, mode: .plan, most: 0.5), try row(2, mode: .plan)], latches: 0).driving == nil)
    // A ramp that is not at rest yet is not safe.
    let ramp = [try row(1, mode: .safe, most: 0.1, latches: 4), try row(2, mode: .plan, latches: 4)]
    #expect(Outage(ramp, latches: 4) == Outage([], latches: 4))
    // Switched on anew the firmware is idle, and has latched no more often than never.
    let idle = [try row(1, mode: .idle), try row(2, mode: .plan, most: 0.3)]
    #expect(Outage(idle, latches: 0).latchMilliseconds == nil)
    #expect(Outage(idle, latches: 0).driving?.time == 2)
  }

  @Test func `figures say what was measured, and a dash where nothing was`() {
    var figures = FaultFigures(
      part: "controller", fault: "kill -9", count: 2, safeAfterMs: FaultFigures.Spread([350, 340, 345]),
      drivingAfterMs: FaultFigures.Spread([]), failures: 2)
    #expect(
      figures.text == "kill -9 the controller, 2 times: SAFE 340 / 345 / 350 ms after the last sample answered, "
        + "driving – after its return and the button, 2 failures")
    #expect(!FaultReport(faults: [figures]).isGood)
    figures.failures = 0
    #expect(FaultReport(faults: [figures]).isGood)
  }
}
