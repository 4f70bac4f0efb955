// Kill and stop each part of a test stand at random instants, and measure how the others cope, from the trace of the
// drives.

import ControlRuntime
import Failsafe
import Foundation
import Foundations
import RobotLink

/// What was measured of one kind of fault.
package struct FaultFigures: Encodable {
  package struct Spread: Encodable {
    package var min: Double, median: Double, max: Double

    package init?(_ values: [Double]) {
      guard let least = values.min(), let most = values.max() else { return nil }
      (min, median, max) = (least, values.sorted()[values.count / 2], most)
    }
  }

  package var part: String
  package var fault: String
  package var count: Int
  /// From the sample of the last observation answered to SAFE, on the firmware's clock.
  package var safeAfterMs: Spread?
  /// From the part's return, or from when the stand, in a person's place, pressed the robot's button where SAFE was
  /// latched, to the first drive frame with a fresh plan. A part returns with SIGCONT, or when it has been started; the
  /// controller, when it has loaded its model; the microcontroller, when its clock starts, as no power switch loads an
  /// emulator.
  package var drivingAfterMs: Spread?
  /// Faults after which SAFE was not reached, or not in time; or driving did not resume in time.
  package var failures: Int

  package init(
    part: String, fault: String, count: Int, safeAfterMs: Spread?, drivingAfterMs: Spread?, failures: Int
  ) {
    self.part = part
    self.fault = fault
    self.count = count
    self.safeAfterMs = safeAfterMs
    self.drivingAfterMs = drivingAfterMs
    self.failures = failures
  }
}

package struct FaultReport: Encodable {
  package var faults: [FaultFigures]

  package init(faults: [FaultFigures]) { self.faults = faults }

  package var isGood: Bool { faults.allSatisfy { $0.failures == 0 } }

  package var text: String {
    (["faults on the test stand (min / median / max)"] + faults.map { "  \($0.text)" }).joined(separator: "\n")
  }
}

extension FaultFigures {
  package var text: String {
    func spread(_ value: Spread?) -> String {
      value.map { "\(decimal($0.min, 0)) / \(decimal($0.median, 0)) / \(decimal($0.max, 0)) ms" } ?? "–"
    }
    return "\(fault) the \(part), \(count) times: SAFE \(spread(safeAfterMs)) after the last sample answered, "
      + "driving \(spread(drivingAfterMs)) after its return and the button, \(failures) failures"
  }
}

/// Runs a test stand without end and hurts it.
package struct StandFaults {
  private let processes: StandProcesses
  private let parts: [StandProcesses.Part]
  private let count: Int
  private let seed: UInt64
  private let periodNanoseconds: UInt64

  /// - Parameters:
  ///   - parts: those that are hurt, each `count` times a kind of fault.
  ///   - periodNanoseconds: of the robot's family.
  package init(
    processes: StandProcesses, parts: [StandProcesses.Part], count: Int, seed: UInt64, periodNanoseconds: UInt64
  ) {
    self.processes = processes
    self.parts = parts
    self.count = count
    self.seed = seed
    self.periodNanoseconds = periodNanoseconds
  }

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

  /// `onFigures` is told of each kind of fault as soon as it is measured.
  package func run(isCancelled: () -> Bool, onFigures: (FaultFigures) -> Void) throws -> FaultReport {
    var random = RandomSource(seed: seed)
    let start = monotonicNanoseconds()
    for part in [.microcontroller, .plant, .controller] as [StandProcesses.Part] { try processes.start(part) }
    try processes.waitUntilReady()
    let limit = monotonicNanoseconds() + Self.patienceNanoseconds
    guard try watch(since: start, back: start, latches: 0, until: limit).outage.driving != nil else {
      let seconds = Self.patienceNanoseconds / 1_000_000_000
      throw StandError(description: "the test stand does not start to drive within \(seconds) s")
    }
    var figures: [FaultFigures] = []
    for part in parts {
      for fault in ["kill -9", "SIGSTOP"] {
        figures.append(try hurt(part, fault: fault, random: &random, isCancelled: isCancelled))
        onFigures(figures[figures.count - 1])
      }
    }
    return FaultReport(faults: figures)
  }

  private func hurt(
    _ part: StandProcesses.Part, fault: String, random: inout RandomSource, isCancelled: () -> Bool
  ) throws -> FaultFigures {
    var safe: [Double] = []
    var driving: [Double] = []
    var failures = 0
    for _ in 0..<count {
      if isCancelled() { throw StandError(description: "interrupted") }
      // At any phase of the control period.
      usleep(UInt32(300_000 + random.uniform(0, 100_000)))
      let before = try rows().last?.latches ?? 0
      let struck = monotonicNanoseconds()
      if fault == "SIGSTOP" { processes.signal(part, SIGSTOP) } else { processes.stop(part) }
      usleep(UInt32(700_000 + random.uniform(0, 100_000)))
      var back = monotonicNanoseconds()
      if fault == "SIGSTOP" { processes.signal(part, SIGCONT) } else { try processes.start(part) }
      if fault != "SIGSTOP", part == .controller {
        try processes.waitUntilReady()
        back = monotonicNanoseconds()
      }
      let (outage, pressed) = try watch(
        since: struck, back: back, latches: before, until: back + Self.patienceNanoseconds)
      if let resumed = outage.driving {
        // It may have resumed before its return was noticed here.
        let asked = max(back, pressed ?? 0)
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

  /// Watches the trace for an outage's end. At the safe command it is latched, or idle where it was idle before or has
  /// been switched on anew. Nothing lifts a latch but the button, which is pressed when all parts are back: also when
  /// that was, nil if SAFE was not latched any more.
  private func watch(since struck: UInt64, back: UInt64, latches: Int, until limit: UInt64) throws
    -> (outage: Outage, pressed: UInt64?)
  {
    var outage = Outage([], latches: latches)
    var pressed: UInt64? = nil
    while monotonicNanoseconds() < limit {
      let since = try rows().filter { $0.time > struck }
      outage = Outage(since, latches: latches)
      if outage.driving != nil { break }
      let isPatient = pressed.map { monotonicNanoseconds() - $0 < 1_000_000_000 } ?? false
      if !isPatient, let last = since.last, last.time > back, last.isLatched {
        pressed = monotonicNanoseconds()
        processes.signal(.plant, SIGUSR1)
      }
      usleep(20_000)
    }
    return (outage, pressed)
  }

  private func rows() throws -> [DriveRow] { try DriveRow.last(ofFile: processes.tracePath) }
}
