// What carries frames: a UDP socket or a serial line, behind the few calls that the sessions' endpoints make.

/// What a transport brought.
enum Received {
  case nothing
  /// Bytes of a frame; more than the buffer has room for if it was cut.
  case frame(Int)
  /// A piece of a frame, or what noise made of one; only on a serial line.
  case broken
}

/// A transport. `init` throws and allocates; everything else is real-time.
enum LinkTransport: ~Copyable {
  case datagrams(DatagramSocket)
  case line(SerialLine)

  /// Opens the link's end at `address`; a UDP socket listens (a robot) or connects (a controller), a line has no sides.
  init(_ role: DatagramSocket.Role, _ address: LinkAddress) throws(LinkError) {
    switch address {
    case .udp(let host, let port): self = .datagrams(try DatagramSocket(role, host: host, port: port))
    case .serial(let path, let baud):
      self = .line(try SerialLine(path: path, baud: baud, isOwnPTY: false, address: address))
    case .pty(let path): self = .line(try SerialLine(path: path, baud: 0, isOwnPTY: true, address: address))
    }
  }

  /// The UDP port it is bound to; 0 on a line.
  var port: UInt16 {
    switch self {
    case .datagrams(let socket): socket.port
    case .line: 0
    }
  }

  /// Whether there is a device; a socket always is.
  var isOpen: Bool {
    switch self {
    case .datagrams: true
    case .line(let line): line.isOpen
    }
  }

  /// Waits until something has come or CLOCK_MONOTONIC shows `nanoseconds`.
  @_noAllocation @_noLocks
  func wait(until nanoseconds: UInt64) {
    switch self {
    case .datagrams(let socket): socket.wait(until: nanoseconds)
    case .line(let line): line.wait(until: nanoseconds)
    }
  }

  /// Takes what has come without waiting. At the end of a line sits always the same peer, at `PeerAddress.line`.
  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    switch self {
    case .datagrams(let socket): return socket.receive(into: buffer, from: &sender)
    case .line(let line):
      sender = .line
      return line.receive(into: buffer)
    }
  }

  /// Sends a frame; nil as `peer` is whom the socket is connected to. False if the system did not take it.
  @_noAllocation @_noLocks
  func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    switch self {
    case .datagrams(let socket): socket.send(frame, to: peer)
    case .line(let line): line.send(frame)
    }
  }
}
