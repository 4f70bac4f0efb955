// Kill and stop each part of a bench at random instants, and measure how the others cope, from the trace of the drives.

import ControlLoop
import Failsafe
import Foundation
import PlannerRuntime
import RobotLink

/// What was measured of one kind of fault.
struct FaultFigures: Encodable {
  struct Spread: Encodable {
    var min: Double, median: Double, max: Double

    init?(_ values: [Double]) {
      guard let least = values.min(), let most = values.max() else { return nil }
      (min, median, max) = (least, values.sorted()[values.count / 2], most)
    }
  }

  var part: String
  var fault: String
  var count: Int
  /// From the sample of the last observation answered to SAFE, on the firmware's clock.
  var safeAfterMs: Spread?
  /// From the part's return, or from when the bench, in a person's place, pressed the robot's button where SAFE was latched, to
  /// the first drive frame with a fresh plan. A part returns with SIGCONT, or when it has been started;
  /// the controller, when it has loaded its model; the microcontroller, when its clock starts, as no power switch loads an emulator.
  var drivingAfterMs: Spread?
  /// Faults after which SAFE was not reached, or not in time; or driving did not resume in time.
  var failures: Int
}

struct FaultReport: Encodable {
  var faults: [FaultFigures]

  var isGood: Bool { faults.allSatisfy { $0.failures == 0 } }

  var text: String {
    (["faults on the bench (min / median / max)"] + faults.map { "  \($0.text)" }).joined(separator: "\n")
  }
}

extension FaultFigures {
  var text: String {
    func spread(_ value: Spread?) -> String {
      value.map { "\(decimal($0.min, 0)) / \(decimal($0.median, 0)) / \(decimal($0.max, 0)) ms" } ?? "–"
    }
    return "\(fault) the \(part), \(count) times: SAFE \(spread(safeAfterMs)) after the last sample answered, "
      + "driving \(spread(drivingAfterMs)) after its return and the button, \(failures) failures"
  }
}

/// Runs a bench without end and hurts it.
struct BenchFaults {
  let bench: Bench
  let parts: [Bench.Part]
  let count: Int
  let seed: UInt64
  /// Of the robot's family.
  let periodNanoseconds: UInt64

  /// The firmware's stated time to SAFE, with the entries that the controller sends along, and one decision.
  private var safeLimitMilliseconds: Double {
    let (later, decision): (Int, UInt64) = (ControlOptions.laterEntriesOnLine, 10_000_000)
    let times = FailsafeTimes(
      periodNanoseconds: periodNanoseconds, usableEntries: later, answerNanoseconds: periodNanoseconds)
    return Double(times.safeAfterNanoseconds(ahead: later) + decision) * 1e-6
  }
  /// What a pair may take to drive again.
  private static let drivingLimitMilliseconds = 500.0
  private static let patienceNanoseconds: UInt64 = 6_000_000_000

  /// A line of the trace.
  private struct Row {
    var time: UInt64, firmwareMicroseconds: Double, choice: Int, most: Double, latches: Int, latchMicroseconds: Double
  }

  /// `onFigures` is told of each kind of fault as soon as it is measured.
  func run(onFigures: (FaultFigures) -> Void) throws -> FaultReport {
    var random = RandomSource(seed: seed)
    let start = monotonicNanoseconds()
    for part in [.microcontroller, .plant, .controller] as [Bench.Part] { try bench.start(part) }
    try bench.waitUntilReady()
    let limit = monotonicNanoseconds() + Self.patienceNanoseconds
    guard try outage(since: start, back: start, latches: 0, until: limit).driving != nil else {
      let seconds = Self.patienceNanoseconds / 1_000_000_000
      throw BenchError(description: "the bench does not start to drive within \(seconds) s")
    }
    var figures: [FaultFigures] = []
    for part in parts {
      for fault in ["kill -9", "SIGSTOP"] {
        figures.append(try hurt(part, fault: fault, random: &random))
        onFigures(figures[figures.count - 1])
      }
    }
    return FaultReport(faults: figures)
  }

  private func hurt(_ part: Bench.Part, fault: String, random: inout RandomSource) throws -> FaultFigures {
    var safe: [Double] = []
    var driving: [Double] = []
    var failures = 0
    for _ in 0..<count {
      if Interruption.isRequested { throw BenchError(description: "interrupted") }
      // At any phase of the control period.
      usleep(UInt32(300_000 + random.uniform(0, 100_000)))
      let before = try rows().last?.latches ?? 0
      let struck = monotonicNanoseconds()
      if fault == "SIGSTOP" { bench.signal(part, SIGSTOP) } else { bench.stop(part) }
      usleep(UInt32(700_000 + random.uniform(0, 100_000)))
      var back = monotonicNanoseconds()
      if fault == "SIGSTOP" { bench.signal(part, SIGCONT) } else { try bench.start(part) }
      if fault != "SIGSTOP", part == .controller {
        try bench.waitUntilReady()
        back = monotonicNanoseconds()
      }
      let outage = try outage(since: struck, back: back, latches: before, until: back + Self.patienceNanoseconds)
      if let resumed = outage.driving {
        // It may have resumed before its return was noticed here.
        let asked = max(back, outage.pressed ?? 0)
        var milliseconds = resumed.time > asked ? Double(resumed.time - asked) * 1e-6 : 0
        if fault != "SIGSTOP", part == .microcontroller { milliseconds = resumed.firmwareMicroseconds / 1000 }
        driving.append(milliseconds)
        if milliseconds > Self.drivingLimitMilliseconds { failures += 1 }
      } else {
        failures += 1
      }
      // A microcontroller that was off or stood still could not latch in time.
      if part != .microcontroller, let age = outage.latchMilliseconds {
        safe.append(age)
        if age > safeLimitMilliseconds { failures += 1 }
      }
    }
    return FaultFigures(
      part: part.rawValue, fault: fault, count: count, safeAfterMs: FaultFigures.Spread(safe),
      drivingAfterMs: FaultFigures.Spread(driving), failures: failures)
  }

  /// What the trace shows of one outage.
  private struct Outage {
    /// The first fresh plan that the drives were told after they had been told the safe command; nil if either did not happen.
    var driving: Row?
    /// When the bench pressed the button; nil if SAFE was not latched any more.
    var pressed: UInt64?
    /// Age of the last observation answered when SAFE latched; nil if it did not.
    var latchMilliseconds: Double?
  }

  /// Watches the trace for it. At the safe command it is latched, or idle where it was idle before or
  /// has been switched on anew. Nothing lifts a latch but the button, which is pressed when all parts are back.
  private func outage(since struck: UInt64, back: UInt64, latches: Int, until limit: UInt64) throws -> Outage {
    var outage = Outage()
    while monotonicNanoseconds() < limit {
      let since = try rows().filter { $0.time > struck }
      outage.latchMilliseconds = since.first { $0.latches != latches }.map { $0.latchMicroseconds / 1000 }
      let safe = since.drop { !(($0.choice == 0 || $0.choice == 5) && $0.most == 0) }
      outage.driving = safe.first { $0.choice == 1 }
      if outage.driving != nil { break }
      let isPatient = outage.pressed.map { monotonicNanoseconds() - $0 < 1_000_000_000 } ?? false
      if !isPatient, let last = since.last, last.time > back, last.choice == 5 {
        outage.pressed = monotonicNanoseconds()
        bench.signal(.plant, SIGUSR1)
      }
      usleep(20_000)
    }
    return outage
  }

  /// The trace's last rows.
  private func rows() throws -> [Row] {
    guard let file = FileHandle(forReadingAtPath: bench.tracePath) else { return [] }
    defer { try? file.close() }
    let size = try file.seekToEnd()
    try file.seek(toOffset: size > 65_536 ? size - 65_536 : 0)
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap { line in
      let fields = line.split(separator: ",")
      guard fields.count == 7, let time = UInt64(fields[0]), let firmware = Double(fields[1]),
        let choice = Int(fields[2]), let most = Double(fields[3]),
        let latches = Int(fields[5]), let age = Double(fields[6])
      else { return nil }
      return Row(
        time: time, firmwareMicroseconds: firmware, choice: choice, most: most, latches: latches,
        latchMicroseconds: age)
    }
  }
}
