// An input taken for a program: choices and numbers, one after the other.

import CRobotProtocol

/// Reads an input from its beginning to its end; behind the end everything is 0, which is the tame choice everywhere.
struct Choices {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isOver: Bool { at >= bytes.count }

  mutating func byte() -> UInt8 {
    defer { at += 1 }
    return at < bytes.count ? bytes[at] : 0
  }

  /// 0 ..< `count`.
  mutating func index(below count: Int) -> Int { Int(byte()) % count }

  mutating func word() -> UInt32 { (0..<4).reduce(0) { value, _ in value << 8 | UInt32(byte()) } }
  mutating func long() -> UInt64 { UInt64(word()) << 32 | UInt64(word()) }

  /// Any float there is, NaNs and infinities among them.
  mutating func float() -> Float { Float(bitPattern: word()) }

  /// From 1 ns to some hours, on a logarithmic scale.
  mutating func nanoseconds() -> UInt64 { 1 << UInt64(byte() % 44) }

  /// As many bytes as one byte says.
  mutating func string() -> [UInt8] {
    let count = Int(byte())
    return (0..<min(count, max(0, bytes.count - at))).map { _ in byte() }
  }
}

/// `bytes` with the checksum of a frame.
func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
  var sealed = bytes + [UInt8](repeating: 0, count: Int(RP_SEAL_BYTES))
  sealed.removeLast(sealed.count - rp_seal(&sealed, bytes.count))
  return sealed
}

/// `frame` as it travels on a serial line.
func onLine(_ frame: [UInt8]) -> [UInt8] {
  var line = [UInt8](repeating: 0, count: frame.count + frame.count / 254 + 3)
  line.removeLast(line.count - rp_line_encode(frame, frame.count, &line))
  return line
}
