// The UDP transport: one non-blocking IPv4 socket.

import CDatagram
import Glibc

/// Nanoseconds of CLOCK_MONOTONIC. Real-time: yes.
@_noAllocation @_noLocks
public func monotonicNanoseconds() -> UInt64 { dg_now() }

/// Sleeps until CLOCK_MONOTONIC shows `nanoseconds`. Real-time: yes (it waits, and only for that).
@_noAllocation @_noLocks
public func sleepUntil(_ nanoseconds: UInt64) { dg_sleep_until(nanoseconds) }

/// A random number that is not 0, to tell this start of a process from every other. Real-time: no.
public func randomEpoch() -> UInt32 { UInt32.random(in: 1 ... .max) }

/// A UDP socket, closed at the end. `init` throws, allocates and may look up a name; everything else is real-time.
package struct DatagramSocket: ~Copyable {
  package enum Role {
    /// Binds the address: a robot.
    case listening
    /// Connects to the address, which must be known and reachable now; the system then drops datagrams of anybody else.
    case connecting
    /// As before, but the address is looked for by `seek`, at first and whenever no session runs: a controller.
    case seeking
  }

  let descriptor: Int32
  /// Of a seeking socket; at an address of its own so that a borrowed socket can be used.
  private let search: UnsafeMutablePointer<HostSearch>?

  init(_ role: Role, host: String, port: UInt16) throws(LinkError) {
    let address = LinkAddress.udp(host: host, port: port)
    let started = role == .seeking ? try Self.startSearch(address, host, port) : nil
    let opened: Int32
    do throws(LinkError) {
      opened = try Self.open(role, address, host, port)
    } catch {
      Self.end(started)
      throw error
    }
    (descriptor, search) = (opened, started)
  }

  deinit {
    close(descriptor)
    Self.end(search)
  }

  private static func startSearch(
    _ address: LinkAddress, _ host: String, _ port: UInt16
  ) throws(LinkError) -> UnsafeMutablePointer<HostSearch> {
    guard let search = HostSearch(host: host, port: port) else {
      throw .system(address, call: "pthread_create", cause: cause(errno))
    }
    let place = UnsafeMutablePointer<HostSearch>.allocate(capacity: 1)
    place.initialize(to: search)
    return place
  }

  private static func end(_ search: UnsafeMutablePointer<HostSearch>?) {
    search?.deinitialize(count: 1)
    search?.deallocate()
  }

  /// How far a seeking socket gets; the others are open.
  var reach: LinkReach { @_noAllocation @_noLocks get { search?.pointee.reach ?? .open } }

  /// Looks for the far end, if that is due; to be called while no session runs.
  @_noAllocation @_noLocks
  func seek(now: UInt64) { search?.pointee.aim(descriptor, now: now) }

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

  /// Takes a datagram without waiting; nothing also for an empty one, and for an error, which on a datagram socket is
  /// news about an earlier send (nobody listens there) and passes.
  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    var address = dg_address(host: 0, port: 0)
    let count = dg_receive(descriptor, buffer.baseAddress, buffer.count, &address)
    sender.host = address.host
    sender.port = address.port
    return count > 0 ? .frame(count) : .nothing
  }

  /// Sends a datagram; with nil as `peer`, to where the socket is connected. False if the system did not take it.
  @_noAllocation @_noLocks
  func send(_ datagram: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    let address = dg_address(host: peer?.host ?? 0, port: peer?.port ?? 0)
    return dg_send(descriptor, datagram.baseAddress, datagram.count, address) == 0
  }

  private static func open(
    _ role: Role, _ address: LinkAddress, _ host: String, _ port: UInt16
  ) throws(LinkError) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(address, call: "socket", cause: cause(errno)) }
    if role == .seeking { return descriptor }
    var native: sockaddr_in
    do throws(LinkError) {
      native = try resolve(host, port)
    } catch {
      close(descriptor)
      throw error
    }
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
