// How far towards its peer a controller gets: a machine often starts before its network, and addresses change.

import CDatagram
import Glibc

/// Whether frames can leave towards a link's far end. Whether a robot answers there is another question.
/// Real-time: yes, a value.
public enum LinkReach: Equatable, Sendable {
  /// The host's name is being looked up for the first time.
  case unknown
  case open
  /// The host has no IPv4 address that this machine can find; `code` is getaddrinfo's.
  case noHost(code: Int32)
  /// This machine has no way to the host; `code` is errno.
  case noRoute(code: Int32)
  /// There is no such device, or it is unplugged.
  case noDevice

  /// Why it is closed, in the system's words; nil where the case says it all. Real-time: no (a string).
  public var cause: String? {
    switch self {
    case .unknown, .open, .noDevice: nil
    case .noHost(let code): String(cString: gai_strerror(code))
    case .noRoute(let code): String(cString: strerror(code))
    }
  }

  /// In one word, so that another thread reads it whole.
  package var word: UInt64 {
    @_noAllocation @_noLocks get {
      switch self {
      case .unknown: 0
      case .open: 1
      case .noHost(let code): 2 | UInt64(UInt32(bitPattern: code)) << 32
      case .noRoute(let code): 3 | UInt64(UInt32(bitPattern: code)) << 32
      case .noDevice: 4
      }
    }
  }

  package init(word: UInt64) {
    let code = Int32(bitPattern: UInt32(word >> 32))
    switch word & 7 {
    case 0: self = .unknown
    case 1: self = .open
    case 2: self = .noHost(code: code)
    case 3: self = .noRoute(code: code)
    default: self = .noDevice
    }
  }
}

/// Keeps a controller's socket aimed at its robot while no session runs: the host's name is looked up once per second,
/// and so is the address of this machine that leads there, because both may change. Real-time: yes, `init` excepted.
package struct HostSearch: ~Copyable {
  static var intervalNanoseconds: UInt64 { @_noAllocation @_noLocks get { 1_000_000_000 } }

  private let resolver: OpaquePointer
  private let port: UInt16
  private var next: UInt64 = 0
  package private(set) var reach = LinkReach.unknown

  /// Nil if the system has no memory or thread for it.
  package init?(host: String, port: UInt16) {
    guard let resolver = dg_resolver_start(host) else { return nil }
    self.resolver = resolver
    self.port = port
  }

  deinit { dg_resolver_end(resolver) }

  /// Looks and aims if that is due; to be called at least as often as Hello is said.
  @_noAllocation @_noLocks
  package mutating func aim(_ socket: Int32, now: UInt64) {
    if now < next { return }
    var (host, code): (UInt32, Int32) = (0, 0)
    // Until the first answer it costs nothing to look again.
    guard dg_resolver_answer(resolver, &host, &code) else { return }
    next = now + Self.intervalNanoseconds
    dg_resolver_ask(resolver)
    if code != 0 {
      reach = .noHost(code: code)
    } else {
      let failure = dg_aim(socket, dg_address(host: host, port: port))
      reach = failure == 0 ? .open : .noRoute(code: -failure)
    }
  }
}
