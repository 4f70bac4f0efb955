// A serial line, on a pseudo-terminal of the system's, under any bytes: whatever was on it, the next whole frame is
// read.

import CRobotProtocol
import CVirtualClock
import Glibc
import RobotLink

/// Two ends of a line, and a third hand on its wires.
private struct Wires: ~Copyable {
  private let path: String
  /// Makes the pseudo-terminal; nil while it is unplugged.
  private var near: LinkTransport?
  /// Opens it like a device, again and again.
  private let far: LinkTransport
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
  private(set) var frames = 0

  init(path: String) throws(LinkError) {
    self.path = path
    near = try LinkTransport(.listening, .pty(path: path))
    far = try LinkTransport(.connecting, .serial(path: path, baud: 115_200))
  }

  deinit { buffer.deallocate() }

  mutating func unplug() { near = nil }

  mutating func plugIn() throws(LinkError) {
    if near == nil { near = try LinkTransport(.listening, .pty(path: path)) }
  }

  /// Bytes from nowhere on the wire to the near end.
  func scribble(_ bytes: [UInt8]) {
    let hand = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK)
    guard hand >= 0 else { return }
    _ = write(hand, bytes, bytes.count)
    close(hand)
  }

  /// From the far end to the near one, or the other way; false where the line did not take it.
  func send(_ frame: [UInt8], toNear: Bool) -> Bool {
    frame.withUnsafeBytes { bytes in
      if toNear { return far.send(bytes, to: nil) }
      switch near {
      case .some(let near): return near.send(bytes, to: nil)
      case nil: return false
      }
    }
  }

  /// Reads all that has come; true if `frame` was among it.
  @discardableResult mutating func read(atNear: Bool, lookingFor frame: [UInt8] = []) -> Bool {
    var isFound = false
    var sender = PeerAddress.line
    // A line holds some kilobytes; each call takes a frame, a piece or all there is.
    for _ in 0..<20_000 {
      let received: Received
      if atNear {
        switch near {
        case .some(let near): received = near.receive(into: buffer, from: &sender)
        case nil: return isFound
        }
      } else {
        received = far.receive(into: buffer, from: &sender)
      }
      switch received {
      case .frame(let count):
        frames += 1
        precondition(count > 0 && count <= buffer.count + 1)
        if count <= buffer.count, buffer.prefix(count).elementsEqual(frame) { isFound = true }
      case .nothing: return isFound
      case .rejected, .handled: break
      }
    }
    preconditionFailure("the line never ends")
  }
}

enum SerialFuzzing {
  /// True if a frame was read before the end.
  static func check(_ bytes: UnsafeRawBufferPointer, path: String) -> Bool {
    guard bytes.count <= 2_000 else { return false }
    vc_begin(1_000_000_000)
    defer { vc_end() }
    var choices = Choices(bytes)
    guard var wires = try? Wires(path: path) else { fatalError("no pseudo-terminal at \(path)") }
    while !choices.isOver {
      switch choices.byte() % 8 {
      case 0:
        _ = wires.send(withChecksum([1, 2, 3]), toNear: true)
        wires.read(atNear: true)
      case 1: _ = wires.send(choices.string(), toNear: true)
      case 2: _ = wires.send(choices.string(), toNear: false)
      case 3: wires.scribble(choices.string())
      case 4: wires.read(atNear: choices.byte() & 1 == 0)
      case 5: vc_advance(choices.nanoseconds())
      case 6: wires.unplug()
      default: try? wires.plugIn()
      }
    }
    let hasRead = wires.frames > 0
    // The trouble is over: a delimiter ends what was begun, and the frame behind it arrives, both ways.
    try? wires.plugIn()
    for _ in 0..<4 {
      vc_advance(30_000_000)
      wires.read(atNear: true)
      wires.read(atNear: false)
    }
    let frame = withChecksum([0, 7, 0, 0, 9])
    for toNear in [true, false] {
      _ = wires.send(withChecksum([1]), toNear: toNear)
      guard wires.send(frame, toNear: toNear), wires.read(atNear: toNear, lookingFor: frame) else {
        fatalError("a whole frame on a quiet line was not read")
      }
    }
    return hasRead
  }

  static var seeds: [[UInt8]] {
    [
      [0, 0],
      // Noise with and without an end, a begun frame, frames both ways.
      [3, 3, 1, 2, 3, 0, 1, 4, 9, 0, 9, 0, 4, 0, 2, 3, 1, 2, 3, 4, 1, 3, 4, 0, 3, 3, 4, 4, 5, 6, 0],
      // Unplugged in mid-frame and back.
      [0, 3, 2, 9, 9, 6, 5, 30, 4, 1, 7, 5, 30, 4, 1, 0, 4, 0],
    ]
  }
}
