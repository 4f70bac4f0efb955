// The UDP transport: one non-blocking IPv4 socket.

import CDatagram
import Glibc

/// Nanoseconds of CLOCK_MONOTONIC. Real-time: yes.
@_noAllocation @_noLocks
public func monotonicNanoseconds() -> UInt64 { dg_now() }

/// Sleeps until CLOCK_MONOTONIC shows `nanoseconds`. Real-time: yes (it waits, and only for that).
@_noAllocation @_noLocks
public func sleepUntil(_ nanoseconds: UInt64) { dg_sleep_until(nanoseconds) }

/// A random number that is not 0, to tell this start of a process from every other.
public func randomEpoch() -> UInt32 { UInt32.random(in: 1 ... .max) }

/// A UDP socket, closed at the end. `init` throws, allocates and may look up a name; everything else is real-time.
package struct DatagramSocket: ~Copyable {
  package enum Role { case listening, connecting }

  let descriptor: Int32

  /// Binds the address (a robot), or connects to it (a controller: the system then drops datagrams of anybody else).
  init(_ role: Role, host: String, port: UInt16) throws(LinkError) {
    descriptor = try Self.open(role, host, port)
  }

  deinit {
    close(descriptor)
  }

  /// The port it is bound to.
  var port: UInt16 {
    var native = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &native) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return UInt16(bigEndian: native.sin_port)
  }

  /// Waits until a datagram is there or CLOCK_MONOTONIC shows `nanoseconds`.
  @_noAllocation @_noLocks
  func wait(until nanoseconds: UInt64) { _ = dg_wait(descriptor, nanoseconds) }

  /// Takes a datagram without waiting; nothing also for an empty one, and for an error, which on a datagram socket is news
  /// about an earlier send (nobody listens there) and passes.
  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    var address = dg_address(host: 0, port: 0)
    let count = dg_receive(descriptor, buffer.baseAddress, buffer.count, &address)
    sender.host = address.host
    sender.port = address.port
    return count > 0 ? .frame(count) : .nothing
  }

  /// Sends a datagram; nil as `peer` is whom the socket is connected to. False if the system did not take it.
  @_noAllocation @_noLocks
  func send(_ datagram: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    let address = dg_address(host: peer?.host ?? 0, port: peer?.port ?? 0)
    return dg_send(descriptor, datagram.baseAddress, datagram.count, address) == 0
  }

  private static func open(_ role: Role, _ host: String, _ port: UInt16) throws(LinkError) -> Int32 {
    let address = LinkAddress.udp(host: host, port: port)
    var native = try resolve(host, port)
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(address, call: "socket", cause: cause(errno)) }
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &native) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        role == .listening ? Glibc.bind(descriptor, $0, size) : Glibc.connect(descriptor, $0, size)
      }
    }
    if result == 0 { return descriptor }
    let code = errno
    close(descriptor)
    if code == EADDRINUSE { throw .addressInUse(address) }
    throw .system(address, call: role == .listening ? "bind" : "connect", cause: cause(code))
  }

  private static func resolve(_ host: String, _ port: UInt16) throws(LinkError) -> sockaddr_in {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0, let entry = list?.pointee.ai_addr else {
      throw .unknownHost(.udp(host: host, port: port), cause: String(cString: gai_strerror(code)))
    }
    return entry.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }
  }

  private static func cause(_ code: Int32) -> String { String(cString: strerror(code)) }
}
