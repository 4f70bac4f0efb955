// What carries frames: a UDP socket or a serial line, behind the few calls that the sessions' endpoints make.

import CDatagram
import CRobotProtocol

/// What a transport brought.
package enum Received {
  case nothing
  /// Bytes of a frame; more than the buffer has room for if it was cut.
  case frame(Int)
  /// A piece of a frame, or what noise made of one; only on a serial line.
  case broken
}

/// A transport. `init` throws and allocates; everything else is real-time.
package enum LinkTransport: ~Copyable {
  case datagrams(DatagramSocket)
  case line(SerialLine)

  /// Opens the link's end at `address`; a UDP socket listens (a robot) or connects (a controller), a line has no sides.
  package init(_ role: DatagramSocket.Role, _ address: LinkAddress) throws(LinkError) {
    switch address {
    case .udp(let host, let port): self = .datagrams(try DatagramSocket(role, host: host, port: port))
    case .serial(let path, let baud):
      self = .line(try SerialLine(path: path, baud: baud, isOwnPTY: false, address: address))
    case .pty(let path): self = .line(try SerialLine(path: path, baud: 0, isOwnPTY: true, address: address))
    }
  }

  /// The UDP port it is bound to; 0 on a line.
  package var port: UInt16 {
    switch self {
    case .datagrams(let socket): socket.port
    case .line: 0
    }
  }

  /// Whether there is a device; a socket always is.
  package var isOpen: Bool {
    switch self {
    case .datagrams: true
    case .line(let line): line.isOpen
    }
  }

  /// Waits until something has come on either, or CLOCK_MONOTONIC shows `nanoseconds`. A device that is gone is looked for
  /// every few milliseconds.
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
    case .line(let line): line.descriptor
    }
  }

  /// Waits until something has come or CLOCK_MONOTONIC shows `nanoseconds`.
  @_noAllocation @_noLocks
  package func wait(until nanoseconds: UInt64) {
    switch self {
    case .datagrams(let socket): socket.wait(until: nanoseconds)
    case .line(let line): line.wait(until: nanoseconds)
    }
  }

  /// Takes what has come without waiting. At the end of a line sits always the same peer, at `PeerAddress.line`.
  @_noAllocation @_noLocks
  package func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    switch self {
    case .datagrams(let socket): return socket.receive(into: buffer, from: &sender)
    case .line(let line):
      sender = .line
      return line.receive(into: buffer)
    }
  }

  /// Sends a frame; nil as `peer` is whom the socket is connected to. False if the system did not take it.
  @_noAllocation @_noLocks
  package func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    switch self {
    case .datagrams(let socket): socket.send(frame, to: peer)
    case .line(let line): line.send(frame)
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
