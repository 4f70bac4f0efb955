// What carries frames: a UDP socket, with a key or without, a serial line, or a user's own
// transport, behind the few calls that the sessions' endpoints make.

import CDatagram
import CRobotProtocol

/// What a transport brought.
package enum Received {
  case nothing
  /// Bytes of a frame; more than the buffer has room for if it was cut.
  case frame(Int)
  /// Something that is no frame for this end: a piece of one on a serial line, or what the seal does not let through.
  case rejected(Rejection)
  /// A step of the seal's hand-shake, which has been answered.
  case handled
}

/// A transport. `init` throws and allocates; everything else is real-time.
package enum LinkTransport: ~Copyable {
  case datagrams(DatagramSocket)
  case sealed(SealedSocket)
  case line(SerialLine)
  case own(OwnTransport)

  /// Opens the link's end at `address`; a UDP socket listens (a robot), connects or seeks (a controller), a line has no
  /// sides.
  ///
  /// - Parameters:
  ///   - key: seals every datagram; only for UDP.
  ///   - quietNanoseconds: with a key, how long a silent robot is taken for one that has not restarted.
  package init(
    _ role: DatagramSocket.Role, _ address: LinkAddress, key: LinkKey? = nil, quietNanoseconds: UInt64 = 0
  ) throws(LinkError) {
    switch (address, key) {
    case (.udp(let host, let port), let key?):
      self = .sealed(try SealedSocket(role, host: host, port: port, key: key, quietNanoseconds: quietNanoseconds))
    case (.udp(let host, let port), nil): self = .datagrams(try DatagramSocket(role, host: host, port: port))
    case (.own, _): throw .unsuitable(address, reason: "it is no address: hand the transport itself over")
    case (_, _?):
      throw .unsuitable(
        address, reason: "a key is for udp:// only: a serial line is as safe as its wires; leave --key out")
    case (.serial(let path, let baud), nil):
      self = .line(try SerialLine(path: path, baud: baud, isOwnPTY: false, address: address))
    case (.pty(let path), nil): self = .line(try SerialLine(path: path, baud: 0, isOwnPTY: true, address: address))
    }
  }

  /// The UDP port it is bound to; 0 on a line.
  package var port: UInt16 {
    switch self {
    case .datagrams(let socket): socket.port
    case .sealed(let sealed): sealed.socket.port
    case .line: 0
    case .own: 0
    }
  }

  /// Whether there is a device; a socket always is.
  package var isOpen: Bool {
    switch self {
    case .datagrams: true
    case .sealed: true
    case .line(let line): line.isOpen
    case .own: true
    }
  }

  /// How far frames get.
  package var reach: LinkReach {
    @_noAllocation @_noLocks get {
      switch self {
      case .datagrams(let socket): socket.reach
      case .sealed(let sealed): sealed.socket.reach
      case .line(let line): line.isOpen ? .open : .noDevice
      case .own: .open
      }
    }
  }

  /// To be called while no session runs: looks for the far end's address, if that is due. All but sockets see to
  /// themselves.
  @_noAllocation @_noLocks
  package func seek(now: UInt64) {
    switch self {
    case .datagrams(let socket): socket.seek(now: now)
    case .sealed(let sealed): sealed.socket.seek(now: now)
    case .line: break
    case .own: break
    }
  }

  /// Waits until something has come on either, or CLOCK_MONOTONIC shows `nanoseconds`. A device that is gone is looked
  /// for every few milliseconds.
  package static func wait(
    for first: borrowing LinkTransport, or second: borrowing LinkTransport, until nanoseconds: UInt64
  ) {
    let isWhole = first.isOpen && second.isOpen
    let limit = isWhole ? nanoseconds : min(nanoseconds, monotonicNanoseconds() + SerialLine.reopenNanoseconds)
    _ = dg_wait_either(first.descriptor, second.descriptor, limit)
  }

  /// What to poll; -1 while there is no device.
  private var descriptor: Int32 {
    switch self {
    case .datagrams(let socket): socket.descriptor
    case .sealed(let sealed): sealed.socket.descriptor
    case .line(let line): line.descriptor
    case .own: -1
    }
  }

  /// Waits until something has come or CLOCK_MONOTONIC shows `nanoseconds`.
  @_noAllocation @_noLocks
  package func wait(until nanoseconds: UInt64) {
    switch self {
    case .datagrams(let socket): socket.wait(until: nanoseconds)
    case .sealed(let sealed): sealed.socket.wait(until: nanoseconds)
    case .line(let line): line.wait(until: nanoseconds)
    case .own(let own): own.wait(until: nanoseconds)
    }
  }

  /// Takes what has come without waiting. At the end of a line, or of a user's own link, sits
  /// always the same peer, at `PeerAddress.line`.
  @_noAllocation @_noLocks
  package func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    switch self {
    case .datagrams(let socket): return socket.receive(into: buffer, from: &sender)
    case .sealed(let sealed): return sealed.receive(into: buffer, from: &sender)
    case .line(let line):
      sender = .line
      return line.receive(into: buffer)
    case .own(let own):
      sender = .line
      return own.receive(into: buffer)
    }
  }

  /// Sends a frame; with nil as `peer`, to where the socket is connected. False if the system did not take it.
  @_noAllocation @_noLocks
  package func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    switch self {
    case .datagrams(let socket): socket.send(frame, to: peer)
    case .sealed(let sealed): sealed.send(frame, to: peer)
    case .line(let line): line.send(frame)
    case .own(let own): own.send(frame)
    }
  }
}

/// Bytes that `frame` takes on a serial line, delimiters included. Real-time: no.
public func serialBytes(_ frame: UnsafeRawBufferPointer) -> Int {
  let line = UnsafeMutablePointer<UInt8>.allocate(capacity: frame.count + frame.count / 254 + 3)
  defer { line.deallocate() }
  guard let bytes = frame.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 3 }
  return rp_line_encode(bytes, frame.count, line)
}
