// The serial transport: frames between zero bytes on a tty or pseudo-terminal that may be unplugged at any time.

import CDatagram
import CRobotProtocol
import CSerialPort
import Glibc

/// A serial line, closed at the end. `init` throws and allocates; everything else is real-time.
///
/// A line that is gone (unplugged, or its other end closed) is opened again under the same path every 20 ms until that
/// succeeds; nobody above notices anything but silence.
package struct SerialLine: ~Copyable {
  static var reopenNanoseconds: UInt64 { 20_000_000 }
  /// Bytes taken from the system at once, and the most that one `receive` looks through.
  private static var chunkBytes: Int { 1024 }

  /// What changes, in one place so that a borrowed line can be used.
  private struct State {
    var port: Int32
    /// A pseudo-terminal's far end, kept open; -1 if there is none.
    var far: Int32 = -1
    var nextOpen: UInt64 = 0
    var decoder = rp_line_decoder()
    /// Bytes of `chunk` that are read but not yet taken apart.
    var at = 0, end = 0
  }

  private let baud: UInt32
  private let isOwnPTY: Bool
  private let path: UnsafeMutablePointer<CChar>
  private let state: UnsafeMutablePointer<State>
  private let chunk: UnsafeMutablePointer<UInt8>
  private let outgoing: UnsafeMutablePointer<UInt8>

  /// Opens the tty of `address`, or makes its pseudo-terminal. A tty that is not there yet is no error: it is waited
  /// for.
  init(path text: String, baud: UInt32, isOwnPTY: Bool, address: LinkAddress) throws(LinkError) {
    self.baud = baud
    self.isOwnPTY = isOwnPTY
    var far: Int32 = -1
    let port = isOwnPTY ? sp_open_pty(text, &far) : sp_open(text, baud)
    // No such file, device or address: not plugged in.
    let isAwaited = !isOwnPTY && [-ENOENT, -ENXIO, -ENODEV, -EIO].contains(port)
    guard port >= 0 || isAwaited else { throw Self.error(address, -port) }
    path = strdup(text)
    state = .allocate(capacity: 1)
    state.initialize(to: State(port: max(-1, port), far: far))
    chunk = .allocate(capacity: Self.chunkBytes)
    chunk.initialize(repeating: 0, count: Self.chunkBytes)
    let lineBytes = LinkLimits.datagramBytes + LinkLimits.datagramBytes / 254 + 3
    outgoing = .allocate(capacity: lineBytes)
    outgoing.initialize(repeating: 0, count: lineBytes)
  }

  deinit {
    if state.pointee.port >= 0 { sp_close(state.pointee.port) }
    if state.pointee.far >= 0 { sp_close(state.pointee.far) }
    if isOwnPTY { unlink(path) }
    free(path)
    state.deallocate()
    chunk.deallocate()
    outgoing.deallocate()
  }

  /// -1 while there is no device.
  var descriptor: Int32 { state.pointee.port }
  /// Whether the device is there.
  var isOpen: Bool { state.pointee.port >= 0 }

  /// Waits until there is something to read or CLOCK_MONOTONIC shows `nanoseconds`.
  @_noAllocation @_noLocks
  func wait(until nanoseconds: UInt64) {
    if state.pointee.at < state.pointee.end { return }
    if isReady() {
      if sp_wait(state.pointee.port, nanoseconds) < 0 { lose() }
    } else {
      dg_sleep_until(min(nanoseconds, state.pointee.nextOpen))
    }
  }

  /// Takes a frame without waiting, into `buffer`, which is the same at each call: what came, and its size if a frame.
  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
    if state.pointee.at == state.pointee.end {
      guard isReady() else { return .nothing }
      let count = sp_read(state.pointee.port, chunk, Self.chunkBytes)
      if count < 0 { lose() }
      state.pointee.at = 0
      state.pointee.end = max(0, count)
    }
    state.pointee.decoder.bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.decoder.capacity = buffer.count
    var event = RP_LINE_NOTHING
    let left = state.pointee.end - state.pointee.at
    state.pointee.at += rp_line_feed(&state.pointee.decoder, chunk + state.pointee.at, left, &event)
    switch event {
    case RP_LINE_FRAME: return .frame(state.pointee.decoder.count)
    case RP_LINE_TOO_LONG: return .frame(buffer.count + 1)
    case RP_LINE_BROKEN: return .rejected(.broken)
    default: return .nothing
    }
  }

  /// Sends a frame. False if the system did not take all of it; what it took is a broken frame to the other end.
  @_noAllocation @_noLocks
  func send(_ frame: UnsafeRawBufferPointer) -> Bool {
    guard isReady(), let bytes = frame.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
    let count = rp_line_encode(bytes, frame.count, outgoing)
    let code = sp_write(state.pointee.port, outgoing, count)
    if code == 0 { return true }
    if code != -EAGAIN { lose() }
    return false
  }

  /// Whether the device is open, after an attempt to open it if one is due.
  @_noAllocation @_noLocks
  private func isReady() -> Bool {
    if state.pointee.port >= 0 { return true }
    let now = dg_now()
    if now < state.pointee.nextOpen { return false }
    state.pointee.nextOpen = now + Self.reopenNanoseconds
    state.pointee.port = max(-1, sp_open(path, baud))
    return state.pointee.port >= 0
  }

  /// The device is gone, and the begun frame with it.
  @_noAllocation @_noLocks
  private func lose() {
    sp_close(state.pointee.port)
    state.pointee.port = -1
    state.pointee.decoder = rp_line_decoder()
    state.pointee.nextOpen = dg_now() + Self.reopenNanoseconds
  }

  private static func error(_ address: LinkAddress, _ code: Int32) -> LinkError {
    switch code {
    case EWOULDBLOCK: .addressInUse(address)
    case EEXIST: .unsuitable(address, reason: "the path exists and is no symbolic link; remove it or choose another")
    case ENOTTY: .unsuitable(address, reason: "the path is no tty; metadiffuserd find-port lists those of this machine")
    case EINVAL: .unsuitable(address, reason: "the device does not take this rate; choose another baud")
    case EACCES:
      .unsuitable(address, reason: "permission denied; add this user to the group of the device (often dialout)")
    default: .system(address, call: "open", cause: String(cString: strerror(code)))
    }
  }
}
