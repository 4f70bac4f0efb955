// The UDP transport with a key: what is not sealed with it, or has been seen before, is dropped before anything parses
// it.

/// A UDP socket behind a seal. `init` throws and allocates; everything else is real-time.
package struct SealedSocket: ~Copyable {
  /// Either end, at an address of its own so that a borrowed transport can be used.
  private enum Seal {
    case controller(UnsafeMutablePointer<ControllerSeal>)
    case robot(UnsafeMutablePointer<RobotSeal>)
  }

  let socket: DatagramSocket
  private let seal: Seal
  /// A datagram as it came.
  private let datagram: UnsafeMutableRawBufferPointer

  /// - Parameter quietNanoseconds: how long a controller's end waits for the other before it opens a session anew.
  init(
    _ role: DatagramSocket.Role, host: String, port: UInt16, key: LinkKey, quietNanoseconds: UInt64
  ) throws(LinkError) {
    socket = try DatagramSocket(role, host: host, port: port)
    switch role {
    case .connecting, .seeking:
      let controller = UnsafeMutablePointer<ControllerSeal>.allocate(capacity: 1)
      controller.initialize(to: ControllerSeal(key: key, quietNanoseconds: quietNanoseconds))
      seal = .controller(controller)
    case .listening:
      let robot = UnsafeMutablePointer<RobotSeal>.allocate(capacity: 1)
      robot.initialize(to: RobotSeal(key: key))
      seal = .robot(robot)
    }
    datagram = .allocate(byteCount: SealFormat.datagramBytes, alignment: 16)
    datagram.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    switch seal {
    case .controller(let controller):
      controller.deinitialize(count: 1)
      controller.deallocate()
    case .robot(let robot):
      robot.deinitialize(count: 1)
      robot.deallocate()
    }
    datagram.deallocate()
  }

  /// Takes a datagram without waiting; answers hand-shakes by itself.
  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: inout PeerAddress) -> Received {
    guard case .frame(let count) = socket.receive(into: datagram, from: &sender) else { return .nothing }
    // A datagram that was cut is known by its true size.
    let bytes = UnsafeRawBufferPointer(start: datagram.baseAddress, count: count)
    let now = monotonicNanoseconds()
    switch seal {
    case .controller(let controller):
      let result = controller.pointee.receive(bytes, now: now)
      if controller.pointee.reply.count > 0 { _ = socket.send(controller.pointee.reply, to: nil) }
      return Self.received(result, controller.pointee.plain, buffer)
    case .robot(let robot):
      let result = robot.pointee.receive(bytes, from: sender, now: now)
      if robot.pointee.reply.count > 0 { _ = socket.send(robot.pointee.reply, to: sender) }
      return Self.received(result, robot.pointee.plain, buffer)
    }
  }

  /// Sends a frame sealed. A frame that waits for its session counts as taken; one for a peer without a session does
  /// not.
  @_noAllocation @_noLocks
  func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress?) -> Bool {
    switch seal {
    case .controller(let controller):
      let bytes = controller.pointee.send(frame, now: monotonicNanoseconds())
      return bytes.count == 0 || socket.send(bytes, to: nil)
    case .robot(let robot):
      guard let peer else { return false }
      let bytes = robot.pointee.send(frame, to: peer)
      return bytes.count > 0 && socket.send(bytes, to: peer)
    }
  }

  @_noAllocation @_noLocks
  private static func received(
    _ result: Unsealed, _ plain: UnsafeMutablePointer<UInt8>, _ buffer: UnsafeMutableRawBufferPointer
  ) -> Received {
    switch result {
    case .frame(let count):
      for index in 0..<min(count, buffer.count) { buffer[index] = plain[index] }
      return .frame(count)
    case .handled: return .handled
    case .rejected(let reason): return .rejected(reason)
    }
  }
}
