// The controller's end of a sealed link, without socket or clock: opens a session, seals what is sent, unseals what
// comes.

import CSeal

/// Seals a controller's datagrams with a key that it shares with the robot.
///
/// A session is opened before the first frame, and again whenever the robot has not been heard for a while: it may have
/// restarted, and then knows none. Meanwhile the newest frame waits. The robot's answer counts only if it echoes a
/// nonce that was drawn for this opening, and only once: nothing recorded earlier can be taken for it. Until the robot
/// has been heard under a session each frame carries the session's nonces, because the robot keeps none before.
/// Real-time: yes, `init` excepted.
package struct ControllerSeal: ~Copyable {
  /// The last frame that was unsealed.
  package let plain: UnsafeMutablePointer<UInt8>
  /// Datagram to send now, set by `receive`; empty if there is none. Valid until the next call.
  package private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  private let quietNanoseconds: UInt64
  private let key: UnsafeMutablePointer<UInt8>
  private let sealed: UnsafeMutablePointer<UInt8>
  /// The hand-shake: kind, own nonce, robot's nonce, tag.
  private let handshake: UnsafeMutablePointer<UInt8>
  private let scratch: UnsafeMutablePointer<UInt8>
  private let keys: UnsafeMutablePointer<UInt8>
  private var session: SealedSession
  private var hasSession = false
  /// The robot has sent something under the session, and so knows it.
  private var isHeard = false
  private var isOpening = false
  private var lastHeard: UInt64 = 0
  private var nextOpen: UInt64 = 0
  /// The frame that waits for the session.
  private let held: UnsafeMutablePointer<UInt8>
  private var heldCount = 0

  /// - Parameter quietNanoseconds: a robot that was not heard for so long may have restarted.
  package init(key: LinkKey, quietNanoseconds: UInt64) {
    self.quietNanoseconds = quietNanoseconds
    self.key = key.copied()
    plain = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    sealed = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    handshake = takeStorage(repeating: 0, count: SealFormat.handshakeBytes)
    scratch = takeStorage(repeating: 0, count: SealFormat.tagBytes)
    keys = takeStorage(repeating: 0, count: 2 * SealFormat.keyBytes)
    held = takeStorage(repeating: 0, count: LinkLimits.datagramBytes)
    session = SealedSession(keys: keys)
  }

  deinit {
    for memory in [key, plain, sealed, handshake, scratch, keys, held] { returnStorage(memory) }
  }

  /// The datagram to send for `frame`: sealed, or an Open for which it has to wait, or nothing where one is under way.
  /// Valid until the next call.
  @_noAllocation @_noLocks
  package mutating func send(_ frame: UnsafeRawBufferPointer, now: UInt64) -> UnsafeRawBufferPointer {
    if hasSession, now < lastHeard + quietNanoseconds { return seal(frame) }
    guard frame.count <= LinkLimits.datagramBytes else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    UnsafeMutableRawBufferPointer(start: held, count: frame.count).copyMemory(from: frame)
    heldCount = frame.count
    if isOpening, now < nextOpen { return UnsafeRawBufferPointer(start: nil, count: 0) }
    nextOpen = now + ControllerSession.helloNanoseconds / 2
    if !isOpening {
      isOpening = true
      handshake[0] = SealFormat.open
      seal_random(handshake + 1, SealFormat.nonceBytes)
      for index in 0..<SealFormat.nonceBytes { handshake[1 + SealFormat.nonceBytes + index] = 0 }
      SealFormat.sign(handshake, key: key)
    }
    return UnsafeRawBufferPointer(start: handshake, count: SealFormat.handshakeBytes)
  }

  /// Takes a datagram in; with `.frame` the frame lies in `plain`.
  @_noAllocation @_noLocks
  package mutating func receive(_ datagram: UnsafeRawBufferPointer, now: UInt64) -> Unsealed {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    guard let bytes = datagram.baseAddress?.assumingMemoryBound(to: UInt8.self), datagram.count > 0 else {
      return .rejected(.unauthenticated)
    }
    if datagram.count > SealFormat.datagramBytes { return .rejected(.tooLong) }
    if bytes[0] == SealFormat.accept, datagram.count == SealFormat.handshakeBytes { return accept(bytes, now: now) }
    guard bytes[0] == SealFormat.frame, datagram.count > SealFormat.overhead(bytes[0]) else {
      return .rejected(.unauthenticated)
    }
    guard hasSession, SealedSession.id(of: bytes) == session.id else { return .rejected(.otherSession) }
    let result = session.unseal(bytes, datagram.count, to: plain)
    if case .frame = result {
      lastHeard = now
      isHeard = true
      // The robot is as it was: nothing needs to be opened.
      isOpening = false
    }
    return result
  }

  /// The robot's answer to an Open: the session begins, and the frame that waited goes out.
  @_noAllocation @_noLocks
  private mutating func accept(_ bytes: UnsafePointer<UInt8>, now: UInt64) -> Unsealed {
    guard SealFormat.isSigned(bytes, key: key, scratch: scratch) else { return .rejected(.forged) }
    guard isOpening, seal_is_equal(bytes + 1, handshake + 1) != 0 else { return .rejected(.otherSession) }
    isOpening = false
    for index in 0..<SealFormat.handshakeBytes { handshake[index] = bytes[index] }
    session.begin(nonces: handshake, key: key, isRobot: false)
    hasSession = true
    isHeard = false
    lastHeard = now
    if heldCount > 0 { reply = seal(UnsafeRawBufferPointer(start: held, count: heldCount)) }
    heldCount = 0
    return .handled
  }

  @_noAllocation @_noLocks
  private mutating func seal(_ frame: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: sealed, count: session.seal(frame, nonces: isHeard ? nil : UnsafePointer(handshake), to: sealed))
  }
}
