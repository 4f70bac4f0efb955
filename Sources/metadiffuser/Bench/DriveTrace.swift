// What the drives were told and when, a line of CSV a frame.

import ActuatorBus

/// Columns: CLOCK_MONOTONIC [ns], the firmware's clock [µs], choice, largest command entry, lapses, latches, latch age [µs].
final class DriveTrace {
  private let file: TraceFile

  init(path: String) throws { file = try TraceFile(path: path, header: nil) }

  func append(time: UInt64, drive: BusDrive, command: [Float]) {
    let most = command.map(abs).max() ?? 0
    file.append(
      "\(time),\(drive.timeMicroseconds),\(drive.choice),\(most),\(drive.lapses),\(drive.latches),"
        + "\(drive.latchMicroseconds)")
  }

  /// Throws if any line is missing.
  func check() throws { try file.check() }
}
