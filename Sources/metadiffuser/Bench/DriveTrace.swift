// What the drives were told and when, a line of CSV a frame, written at once so that it outlives a kill.

import ActuatorBus
import Foundation

/// Columns: CLOCK_MONOTONIC [ns], the firmware's clock [µs], choice, largest command entry, lapses, latches, latch age [µs].
final class DriveTrace {
  private let file: FileHandle

  init(path: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      guard FileManager.default.createFile(atPath: path, contents: nil) else {
        throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
      }
    }
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
  }

  func append(time: UInt64, drive: BusDrive, command: [Float]) {
    let most = command.map(abs).max() ?? 0
    let line =
      "\(time),\(drive.timeMicroseconds),\(drive.choice),\(most),\(drive.lapses),\(drive.latches),"
      + "\(drive.latchMicroseconds)\n"
    try? file.write(contentsOf: Data(line.utf8))
  }
}
