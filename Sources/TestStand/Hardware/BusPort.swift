// The plant's end of the actuator bus: a tty or an emulator's socket that may come and go, or a pseudo-terminal of its
// own.

import ActuatorBus
import CSerialPort
import Glibc
import RobotLink

/// Drives and sensors on a serial line.
package final class BusPort {
  private let path: String
  private let baud: UInt32
  private var port: Int32 = -1
  /// The far end of a pseudo-terminal of its own; -1 if there is none.
  private var far: Int32 = -1
  private var nextOpen: UInt64 = 0
  private let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1024)
  private var waiting: Range<Int> = 0..<0
  private let readerMemory = UnsafeMutableRawPointer.allocate(byteCount: BusReader.memoryBytes, alignment: 8)
  private let writerMemory = UnsafeMutableRawPointer.allocate(byteCount: BusWriter.memoryBytes, alignment: 8)
  private var reader: BusReader
  private let writer: BusWriter

  private static let ownTerminal = "pty://"
  private static let reopenNanoseconds: UInt64 = 20_000_000

  package init(path: String, baud: UInt32) {
    self.path = path
    self.baud = baud
    reader = BusReader(memory: readerMemory)
    writer = BusWriter(memory: writerMemory)
  }

  deinit {
    if port >= 0 { sp_close(port) }
    if far >= 0 { sp_close(far) }
    chunk.deallocate()
    readerMemory.deallocate()
    writerMemory.deallocate()
  }

  /// Frames that were damaged.
  package var rejected: Int { Int(reader.rejected) }

  /// The floats of the last message.
  package var values: [Float] { Array(UnsafeBufferPointer(start: reader.values, count: reader.count)) }

  /// The next message, or nil when CLOCK_MONOTONIC shows `nanoseconds`.
  package func next(until nanoseconds: UInt64) -> BusMessage? {
    while true {
      while let index = waiting.first {
        waiting = index + 1..<waiting.upperBound
        if let message = reader.push(chunk[index]) { return message }
      }
      if isOpen() {
        let count = sp_read(port, chunk.baseAddress, chunk.count)
        if count < 0 { lose() }
        waiting = 0..<max(0, count)
        if count > 0 { continue }
      }
      if monotonicNanoseconds() >= nanoseconds { return nil }
      if port < 0 {
        sleepUntil(min(nanoseconds, nextOpen))
      } else if sp_wait(port, nanoseconds) < 0 {
        lose()
      }
    }
  }

  package func send(_ sensors: BusSensors, state: [Float]) {
    guard isOpen() else { return }
    let frame = writer.encode(sensors, state: state, count: state.count)
    let code = sp_write(port, frame.baseAddress, frame.count)
    if code < 0, code != -EAGAIN { lose() }
  }

  private func isOpen() -> Bool {
    if port >= 0 { return true }
    let now = monotonicNanoseconds()
    if now < nextOpen { return false }
    nextOpen = now + Self.reopenNanoseconds
    port = max(-1, open())
    return port >= 0
  }

  /// Descriptor, or a negative number.
  private func open() -> Int32 {
    if path.hasPrefix(Self.ownTerminal) { return sp_open_pty(String(path.dropFirst(Self.ownTerminal.count)), &far) }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return sp_open(path, baud) }
    let flags = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(AF_UNIX, Int32(bitPattern: flags), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return -1
  }

  private func lose() {
    sp_close(port)
    port = -1
    nextOpen = monotonicNanoseconds() + Self.reopenNanoseconds
  }
}
