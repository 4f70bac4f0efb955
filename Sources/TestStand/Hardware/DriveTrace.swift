// What the drives were told and when, one line of CSV per frame: written by the plant, read by those that judge it.

import ActuatorBus
import Failsafe
import Foundation

/// Columns: CLOCK_MONOTONIC [ns], the firmware's clock [µs], mode, largest command entry, lapses, latches, latch age
/// [µs].
package final class DriveTrace {
  private let file: TraceFile

  package init(path: String) throws { file = try TraceFile(path: path, header: nil) }

  package func append(time: UInt64, drive: BusDrive, command: [Float]) {
    let most = command.map(abs).max() ?? 0
    file.append(
      "\(time),\(drive.timeMicroseconds),\(drive.mode.rawValue),\(most),\(drive.lapses),\(drive.latches),"
        + "\(drive.latchMicroseconds)")
  }

  /// Throws if any line is missing.
  package func check() throws { try file.check() }
}

/// A line of a trace.
package struct DriveRow: Equatable {
  package var time: UInt64, firmwareMicroseconds: Double, mode: CommandMode, most: Double, latches: Int,
    latchMicroseconds: Double

  /// nil: not a whole line of a trace.
  package init?(_ line: Substring) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == 7, let time = UInt64(fields[0]), let firmware = Double(fields[1]),
      let mode = UInt8(fields[2]).flatMap(CommandMode.init), let most = Double(fields[3]), let latches = Int(fields[5]),
      let age = Double(fields[6])
    else { return nil }
    (self.time, firmwareMicroseconds, self.mode, self.most) = (time, firmware, mode, most)
    (self.latches, latchMicroseconds) = (latches, age)
  }

  /// The last rows of a trace that grows; none where there is no file. A line that is still being written is left out.
  package static func last(ofFile path: String, bytes: UInt64 = 65_536) throws -> [DriveRow] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? file.close() }
    let size = try file.seekToEnd()
    let start = size > bytes ? size - bytes : 0
    try file.seek(toOffset: start)
    var lines = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    // The first line may have lost its beginning and still look whole.
    if start > 0 { lines = lines.dropFirst() }
    return lines.compactMap { DriveRow($0) }
  }

  /// Whether the drives are told to do nothing: SAFE is latched, or they are idle.
  package var isSafe: Bool { mode.isStill && most == 0 }
  package var isLatched: Bool { mode == .safe }
  package var isDriven: Bool { mode == .plan }
}

/// What a trace shows of one outage.
package struct Outage: Equatable {
  /// The first fresh plan that the drives were told after they had been told the safe command; nil if either did not
  /// happen.
  package var driving: DriveRow?
  /// Age of the last observation answered when SAFE latched [ms]; nil if it did not.
  package var latchMilliseconds: Double?

  /// - Parameters:
  ///   - rows: all since the part was struck.
  ///   - latches: how often SAFE had latched before.
  package init(_ rows: [DriveRow], latches: Int) {
    latchMilliseconds = rows.first { $0.latches != latches }.map { $0.latchMicroseconds / 1000 }
    driving = rows.drop { !$0.isSafe }.first { $0.isDriven }
  }
}
