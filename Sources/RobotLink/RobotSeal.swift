// The robot's end of a sealed link, without socket or clock: answers openings, seals what is sent, unseals what comes.

import CSeal

/// Seals a robot's datagrams with a key that it shares with its controllers.
///
/// An Open is answered and forgotten: the robot's nonce, its *ticket*, is the time and a digest of it, of the
/// controller's nonce and of its address under a secret of this start. A session begins with a frame that brings both
/// nonces back and is sealed with their keys, which takes the shared key and that answer. Its ticket must be younger
/// than that of every session begun before, so that none begins twice. Openings that were recorded and sent again,
/// however many, cost neither memory nor a session's place. Four sessions are kept, so that a second controller can be
/// told that the robot is busy; the longest silent one makes room. Real-time: yes, `init` excepted.
package struct RobotSeal: ~Copyable {
  /// How long a controller may take to begin a session after its Open was answered.
  package static var ticketNanoseconds: UInt64 { @_noAllocation @_noLocks get { 2_000_000_000 } }

  /// The last frame that was unsealed.
  package let plain: UnsafeMutablePointer<UInt8>
  /// Datagram to send to the sender now, set by `receive`; empty if there is none. Valid until the next call.
  package private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  private struct Slot {
    var session: SealedSession
    var address = PeerAddress.line
    var isOpen = false
    var heard: UInt64 = 0
  }

  /// One more than sessions are kept: where the next one is tried.
  private static var slotCount: Int { @_noAllocation @_noLocks get { 5 } }
  /// A ticket: the digest's first bytes, then the time.
  private static var digestBytes: Int { @_noAllocation @_noLocks get { 8 } }
  /// What the digest is of: the controller's nonce, host, port and time.
  private static var claimBytes: Int { @_noAllocation @_noLocks get { SealFormat.nonceBytes + 4 + 2 + 8 } }

  private let key: UnsafeMutablePointer<UInt8>
  private let secret: UnsafeMutablePointer<UInt8>
  private let sealed: UnsafeMutablePointer<UInt8>
  private let scratch: UnsafeMutablePointer<UInt8>
  private let claim: UnsafeMutablePointer<UInt8>
  /// Kind, nonces and tag of the hand-shake at hand.
  private let handshake: UnsafeMutablePointer<UInt8>
  private let keys: UnsafeMutablePointer<UInt8>
  private let slots: UnsafeMutablePointer<Slot>
  /// Time of the newest ticket, and of the newest that a session began with.
  private var issued: UInt64 = 0
  private var begun: UInt64 = 0

  package init(key: LinkKey) {
    self.key = key.copied()
    secret = takeStorage(repeating: 0, count: SealFormat.keyBytes)
    seal_random(secret, SealFormat.keyBytes)
    plain = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    sealed = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    scratch = takeStorage(repeating: 0, count: SealFormat.tagBytes)
    claim = takeStorage(repeating: 0, count: Self.claimBytes)
    handshake = takeStorage(repeating: 0, count: SealFormat.handshakeBytes)
    keys = takeStorage(repeating: 0, count: Self.slotCount * 2 * SealFormat.keyBytes)
    slots = .allocate(capacity: Self.slotCount)
    for index in 0..<Self.slotCount {
      (slots + index).initialize(
        to: Slot(session: SealedSession(keys: keys + index * 2 * SealFormat.keyBytes)))
    }
  }

  deinit {
    for memory in [key, secret, plain, sealed, scratch, claim, handshake, keys] { returnStorage(memory) }
    slots.deallocate()
  }

  /// The sealed `frame` for `peer`; empty if no session with it has begun. Valid until the next call.
  @_noAllocation @_noLocks
  package mutating func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress) -> UnsafeRawBufferPointer {
    var best: Int? = nil
    for index in 0..<Self.slotCount where slots[index].isOpen && slots[index].address == peer {
      if let known = best, slots[known].heard >= slots[index].heard { continue }
      best = index
    }
    guard let best, frame.count <= LinkLimits.datagramBytes else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: sealed, count: slots[best].session.seal(frame, to: sealed))
  }

  /// Takes a datagram in; with `.frame` the frame lies in `plain`.
  @_noAllocation @_noLocks
  package mutating func receive(_ datagram: UnsafeRawBufferPointer, from sender: PeerAddress, now: UInt64) -> Unsealed {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    guard let bytes = datagram.baseAddress?.assumingMemoryBound(to: UInt8.self), datagram.count > 0 else {
      return .rejected(.unauthenticated)
    }
    if datagram.count > SealFormat.datagramBytes { return .rejected(.tooLong) }
    let kind = bytes[0]
    if kind == SealFormat.open, datagram.count == SealFormat.handshakeBytes {
      return open(bytes, from: sender, now: now)
    }
    guard kind == SealFormat.frame || kind == SealFormat.begin, datagram.count > SealFormat.overhead(kind) else {
      return .rejected(.unauthenticated)
    }
    let id = SealedSession.id(of: bytes)
    for index in 0..<Self.slotCount
    where slots[index].isOpen && slots[index].session.id == id && slots[index].address == sender {
      let result = slots[index].session.unseal(bytes, datagram.count, to: plain)
      if case .frame = result { slots[index].heard = now }
      return result
    }
    if kind == SealFormat.frame { return .rejected(.otherSession) }
    return begin(bytes, datagram.count, from: sender, now: now)
  }

  /// A controller wants a session: answers with a ticket for it.
  @_noAllocation @_noLocks
  private mutating func open(_ bytes: UnsafePointer<UInt8>, from sender: PeerAddress, now: UInt64) -> Unsealed {
    guard SealFormat.isSigned(bytes, key: key, scratch: scratch) else { return .rejected(.forged) }
    // No two tickets are of the same time.
    issued = max(now, issued &+ 1)
    handshake[0] = SealFormat.accept
    for index in 1...SealFormat.nonceBytes { handshake[index] = bytes[index] }
    let ticket = handshake + 1 + SealFormat.nonceBytes
    UnsafeMutableRawPointer(ticket + Self.digestBytes).storeBytes(of: issued.littleEndian, as: UInt64.self)
    digest(handshake, sender)
    for index in 0..<Self.digestBytes { ticket[index] = scratch[index] }
    SealFormat.sign(handshake, key: key)
    reply = UnsafeRawBufferPointer(start: handshake, count: SealFormat.handshakeBytes)
    return .handled
  }

  /// The first frame of a session that this end does not know: begins it, if it is what it says.
  @_noAllocation @_noLocks
  private mutating func begin(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, from sender: PeerAddress, now: UInt64
  ) -> Unsealed {
    let ticket = bytes + 1 + SealFormat.nonceBytes
    let time = UInt64(littleEndian: UnsafeRawPointer(ticket + Self.digestBytes).loadUnaligned(as: UInt64.self))
    digest(bytes, sender)
    var difference: UInt8 = 0
    for index in 0..<Self.digestBytes { difference |= ticket[index] ^ scratch[index] }
    guard difference == 0, time > begun, time <= issued, now <= time || now - time <= Self.ticketNanoseconds else {
      return .rejected(.otherSession)
    }
    var free = 0
    while slots[free].isOpen { free += 1 }
    for index in 0..<SealFormat.noncesBytes { handshake[index] = bytes[index] }
    slots[free].session.begin(nonces: handshake, key: key, isRobot: true)
    let result = slots[free].session.unseal(bytes, count, to: plain)
    guard case .frame = result else { return result }
    begun = time
    (slots[free].isOpen, slots[free].address, slots[free].heard) = (true, sender, now)
    makeRoom()
    return result
  }

  /// Keeps one slot free: the longest silent session goes.
  @_noAllocation @_noLocks
  private mutating func makeRoom() {
    var silent = 0
    for index in 0..<Self.slotCount {
      if !slots[index].isOpen { return }
      if slots[index].heard < slots[silent].heard { silent = index }
    }
    slots[silent].isOpen = false
  }

  /// Puts what only this start can know of the nonces at `handshake`, for that address, into `scratch`.
  @_noAllocation @_noLocks
  private mutating func digest(_ handshake: UnsafePointer<UInt8>, _ address: PeerAddress) {
    for index in 0..<SealFormat.nonceBytes { claim[index] = handshake[1 + index] }
    let rest = UnsafeMutableRawPointer(claim + SealFormat.nonceBytes)
    rest.storeBytes(of: address.host, as: UInt32.self)
    rest.storeBytes(of: address.port, toByteOffset: 4, as: UInt16.self)
    let time = handshake + 1 + SealFormat.nonceBytes + Self.digestBytes
    for index in 0..<8 { rest.storeBytes(of: time[index], toByteOffset: 6 + index, as: UInt8.self) }
    seal_digest(secret, claim, Self.claimBytes, scratch, SealFormat.tagBytes)
  }
}
