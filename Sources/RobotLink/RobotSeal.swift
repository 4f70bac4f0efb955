// The robot's end of a sealed link, without socket or clock: answers openings, seals what is sent, unseals what comes.

import CSeal

/// Seals a robot's datagrams with a key that it shares with its controllers.
///
/// An Open is answered with a nonce drawn for it; a session counts as begun when the first frame under its keys has come,
/// which only somebody who holds the key and got that answer can send. Until then it replaces nothing: an Open that was
/// recorded and sent again opens nothing. Four sessions are kept, so that a second controller can be told that the robot is
/// busy; the longest silent one makes room, and one that has begun never for one that has not. Real-time: yes, `init` excepted.
package struct RobotSeal: ~Copyable {
  /// The last frame that was unsealed.
  package let plain: UnsafeMutablePointer<UInt8>
  /// Datagram to send to the sender now, set by `receive`; empty if there is none. Valid until the next call.
  package private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  private struct Slot {
    var session: SealedSession
    var address = PeerAddress.line
    /// The Accept, nonces and all, `[49]`.
    let handshake: UnsafeMutablePointer<UInt8>
    /// 0 unused, 1 answered, 2 begun: in the order in which they make room.
    var rank = 0
    var heard: UInt64 = 0
  }

  private static var slotCount: Int { @_noAllocation @_noLocks get { 4 } }

  private let key: UnsafeMutablePointer<UInt8>
  private let sealed: UnsafeMutablePointer<UInt8>
  private let scratch: UnsafeMutablePointer<UInt8>
  private let keys: UnsafeMutablePointer<UInt8>
  private let handshakes: UnsafeMutablePointer<UInt8>
  private let slots: UnsafeMutablePointer<Slot>

  package init(key: LinkKey) {
    self.key = key.copied()
    plain = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    sealed = takeStorage(repeating: 0, count: SealFormat.datagramBytes)
    scratch = takeStorage(repeating: 0, count: SealFormat.tagBytes)
    keys = takeStorage(repeating: 0, count: Self.slotCount * 2 * SealFormat.keyBytes)
    handshakes = takeStorage(repeating: 0, count: Self.slotCount * SealFormat.handshakeBytes)
    slots = .allocate(capacity: Self.slotCount)
    for index in 0..<Self.slotCount {
      (slots + index).initialize(
        to: Slot(
          session: SealedSession(keys: keys + index * 2 * SealFormat.keyBytes),
          handshake: handshakes + index * SealFormat.handshakeBytes))
    }
  }

  deinit {
    for memory in [key, plain, sealed, scratch, keys, handshakes] { returnStorage(memory) }
    slots.deallocate()
  }

  /// The sealed `frame` for `peer`; empty if no session with it has begun. Valid until the next call.
  @_noAllocation @_noLocks
  package mutating func send(_ frame: UnsafeRawBufferPointer, to peer: PeerAddress) -> UnsafeRawBufferPointer {
    var best: Int? = nil
    for index in 0..<Self.slotCount where slots[index].rank == 2 && slots[index].address == peer {
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
    if bytes[0] == SealFormat.open, datagram.count == SealFormat.handshakeBytes {
      return open(bytes, from: sender, now: now)
    }
    guard bytes[0] == SealFormat.frame, datagram.count > SealFormat.overhead else { return .rejected(.unauthenticated) }
    let id = SealedSession.id(of: bytes)
    for index in 0..<Self.slotCount
    where slots[index].rank > 0 && slots[index].session.id == id && slots[index].address == sender {
      let result = slots[index].session.unseal(bytes, datagram.count, to: plain)
      if case .frame = result {
        slots[index].rank = 2
        slots[index].heard = now
      }
      return result
    }
    return .rejected(.otherSession)
  }

  /// A controller wants a session: answers with a nonce drawn for it.
  @_noAllocation @_noLocks
  private mutating func open(_ bytes: UnsafePointer<UInt8>, from sender: PeerAddress, now: UInt64) -> Unsealed {
    guard SealFormat.isSigned(bytes, key: key, scratch: scratch) else { return .rejected(.forged) }
    // Said again because the answer was lost or is under way: the same answer, and nothing changes.
    for index in 0..<Self.slotCount
    where slots[index].rank > 0 && slots[index].address == sender
      && seal_is_equal(bytes + 1, slots[index].handshake + 1) != 0
    {
      return reply(with: index)
    }
    var chosen = 0
    for index in 1..<Self.slotCount {
      let (one, other) = (slots[index].rank, slots[chosen].rank)
      if one < other || (one == other && slots[index].heard < slots[chosen].heard) { chosen = index }
    }
    let handshake = slots[chosen].handshake
    handshake[0] = SealFormat.accept
    for index in 1...SealFormat.nonceBytes { handshake[index] = bytes[index] }
    seal_random(handshake + 1 + SealFormat.nonceBytes, SealFormat.nonceBytes)
    SealFormat.sign(handshake, key: key)
    slots[chosen].session.begin(nonces: handshake, key: key, isRobot: true)
    slots[chosen].address = sender
    slots[chosen].rank = 1
    slots[chosen].heard = now
    return reply(with: chosen)
  }

  @_noAllocation @_noLocks
  private mutating func reply(with index: Int) -> Unsealed {
    reply = UnsafeRawBufferPointer(start: slots[index].handshake, count: SealFormat.handshakeBytes)
    return .handled
  }
}
