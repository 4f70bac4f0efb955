// The wire between a robot and a controller in the hands of somebody else, who reads, keeps, withholds and forges.

import Glibc
import RobotLink

/// Two sockets that stand for either end to the other, and a third for a stranger who speaks to the robot.
final class HostileWire {
  enum End { case robot, controller }

  private let near: Int32, far: Int32, stranger: Int32
  private var controller = sockaddr_in()
  /// What was on the wire, per end that it was for: the first ones, which are hand-shakes, and the newest.
  private(set) var records: [End: [[UInt8]]] = [.robot: [], .controller: []]
  private(set) var forged = 0
  private var buffer = [UInt8](repeating: 0, count: 10_000)

  init(port: UInt16, robotPort: UInt16) throws {
    near = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    far = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    stranger = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let isBound = Self.with(port) { bind(near, $0, $1) } == 0
    let areConnected = [far, stranger].allSatisfy { end in Self.with(robotPort) { connect(end, $0, $1) } == 0 }
    guard isBound, areConnected else { throw LinkError.addressInUse(LinkAddress(host: "127.0.0.1", port: port)) }
  }

  deinit { for end in [near, far, stranger] { close(end) } }

  private static func with(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  /// Carries what has come, or only keeps it, and waits for a millisecond where there was nothing.
  func carry(passes: Bool) {
    var ends = [near, far, stranger].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = poll(&ends, 3, 1)
    for _ in 0..<200 {
      var sender = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &sender) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(near, &buffer, buffer.count, 0, $0, &size) }
      }
      guard count > 0 else { break }
      controller = sender
      pass(Array(buffer[..<count]), to: .robot, passes)
    }
    for _ in 0..<200 {
      let count = recv(far, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      pass(Array(buffer[..<count]), to: .controller, passes)
    }
    // What the stranger is told is of no use to him.
    for _ in 0..<200 { if recv(stranger, &buffer, buffer.count, 0) <= 0 { break } }
  }

  private func pass(_ bytes: [UInt8], to end: End, _ passes: Bool) {
    if passes { send(bytes, to: end) }
    if records[end]!.count >= 512 { records[end]!.remove(at: 32) }
    records[end]!.append(bytes)
  }

  /// Sends a forged datagram; to the robot in the controller's name or as a stranger.
  func forge(_ bytes: [UInt8], to end: End, asStranger: Bool) {
    forged += 1
    if end == .robot, asStranger { _ = Glibc.send(stranger, bytes, bytes.count, 0) } else { send(bytes, to: end) }
  }

  private func send(_ bytes: [UInt8], to end: End) {
    switch end {
    case .robot: _ = Glibc.send(far, bytes, bytes.count, 0)
    case .controller:
      guard controller.sin_port != 0 else { return }
      _ = withUnsafePointer(to: &controller) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(near, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }
}
