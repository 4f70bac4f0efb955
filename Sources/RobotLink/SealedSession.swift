// Sealed datagrams byte by byte: the hand-shake's two and the two that carry a frame, and the keys of a session.

import CSeal

/// Layout and labels, as Docs/link-protocol.md has them.
package enum SealFormat {
  /// First byte of a datagram; also what tells one use of a key from another.
  package static var open: UInt8 { @_noAllocation @_noLocks get { 1 } }
  package static var accept: UInt8 { @_noAllocation @_noLocks get { 2 } }
  package static var frame: UInt8 { @_noAllocation @_noLocks get { 3 } }
  static var controllerKey: UInt8 { @_noAllocation @_noLocks get { 4 } }
  static var robotKey: UInt8 { @_noAllocation @_noLocks get { 5 } }
  package static var begin: UInt8 { @_noAllocation @_noLocks get { 6 } }

  package static var keyBytes: Int { @_noAllocation @_noLocks get { Int(SEAL_KEY_BYTES) } }
  package static var nonceBytes: Int { @_noAllocation @_noLocks get { Int(SEAL_NONCE_BYTES) } }
  static var tagBytes: Int { @_noAllocation @_noLocks get { Int(SEAL_TAG_BYTES) } }
  /// Kind and both nonces, which the tag of a hand-shake covers.
  static var noncesBytes: Int { @_noAllocation @_noLocks get { 1 + 2 * nonceBytes } }
  /// An Open is as long as the Accept that answers it: it cannot be used to flood a third party.
  package static var handshakeBytes: Int { @_noAllocation @_noLocks get { noncesBytes + tagBytes } }
  /// What stands in front of a frame: kind, session and counter; in a Begin both nonces replace the session.
  @_noAllocation @_noLocks
  static func headerBytes(_ kind: UInt8) -> Int { kind == begin ? noncesBytes + 8 : 1 + 4 + 8 }
  /// What a sealed frame, or a Begin, is longer than the frame.
  @_noAllocation @_noLocks
  package static func overhead(_ kind: UInt8) -> Int { headerBytes(kind) + tagBytes }
  package static var datagramBytes: Int { @_noAllocation @_noLocks get { LinkLimits.sealedDatagramBytes } }

  /// Appends the tag to the hand-shake at `bytes`.
  @_noAllocation @_noLocks
  static func sign(_ bytes: UnsafeMutablePointer<UInt8>, key: UnsafePointer<UInt8>) {
    seal_digest(key, bytes, noncesBytes, bytes + noncesBytes, tagBytes)
  }

  /// Whether the hand-shake at `bytes` carries the right tag. `scratch` has room for one.
  @_noAllocation @_noLocks
  static func isSigned(
    _ bytes: UnsafePointer<UInt8>, key: UnsafePointer<UInt8>, scratch: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    seal_digest(key, bytes, noncesBytes, scratch, tagBytes)
    return seal_is_equal(scratch, bytes + noncesBytes) != 0
  }
}

/// What a sealed datagram turned out to be.
package enum Unsealed: Equatable, Sendable {
  /// A frame of so many bytes lies in `plain`.
  case frame(Int)
  /// A step of the hand-shake; the answer to it, if there is one, lies in `reply`.
  case handled
  case rejected(Rejection)
}

/// Keys and counters of one session, at one end. Real-time: yes.
struct SealedSession {
  /// The receiver looks the session up by it: the first bytes of the robot's nonce.
  private(set) var id: UInt32 = 0
  /// Frames sealed so far.
  private var sent: UInt64 = 0
  private var window = ReplayWindow()
  /// For what is sent, then for what is received, `[2 × 32]`.
  private let keys: UnsafeMutablePointer<UInt8>

  /// - Parameter keys: memory for two keys that lives as long as this does.
  init(keys: UnsafeMutablePointer<UInt8>) { self.keys = keys }

  /// Starts over with the keys that follow from the hand-shake at `nonces` (kind, controller's nonce, robot's nonce).
  @_noAllocation @_noLocks
  mutating func begin(nonces: UnsafeMutablePointer<UInt8>, key: UnsafePointer<UInt8>, isRobot: Bool) {
    let kind = nonces[0]
    let count = SealFormat.noncesBytes
    nonces[0] = isRobot ? SealFormat.robotKey : SealFormat.controllerKey
    seal_digest(key, nonces, count, keys, SealFormat.keyBytes)
    nonces[0] = isRobot ? SealFormat.controllerKey : SealFormat.robotKey
    seal_digest(key, nonces, count, keys + SealFormat.keyBytes, SealFormat.keyBytes)
    nonces[0] = kind
    id = Self.load32(nonces + 1 + SealFormat.nonceBytes)
    sent = 0
    window = ReplayWindow()
  }

  /// Writes the sealed `frame` to `datagram`; its size. With the hand-shake at `nonces` as a Begin.
  @_noAllocation @_noLocks
  mutating func seal(
    _ frame: UnsafeRawBufferPointer, nonces: UnsafePointer<UInt8>? = nil, to datagram: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard let plain = frame.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    sent += 1
    if let nonces {
      datagram[0] = SealFormat.begin
      for index in 1..<SealFormat.noncesBytes { datagram[index] = nonces[index] }
    } else {
      datagram[0] = SealFormat.frame
      UnsafeMutableRawPointer(datagram + 1).storeBytes(of: id.littleEndian, as: UInt32.self)
    }
    let header = SealFormat.headerBytes(datagram[0])
    UnsafeMutableRawPointer(datagram + header - 8).storeBytes(of: sent.littleEndian, as: UInt64.self)
    seal_close(keys, sent, datagram, header, plain, frame.count, datagram + header)
    return frame.count + SealFormat.overhead(datagram[0])
  }

  /// Takes the sealed frame or Begin in `datagram`, which is long enough for one, apart into `plain`.
  @_noAllocation @_noLocks
  mutating func unseal(
    _ datagram: UnsafePointer<UInt8>, _ count: Int, to plain: UnsafeMutablePointer<UInt8>
  ) -> Unsealed {
    let header = SealFormat.headerBytes(datagram[0])
    let counter = UInt64(littleEndian: UnsafeRawPointer(datagram + header - 8).loadUnaligned(as: UInt64.self))
    // Cheap, and what is refused here is so whether its tag is right or not.
    guard window.admits(counter) else { return .rejected(.replayed) }
    guard
      seal_open(
        keys + SealFormat.keyBytes, counter, datagram, header, datagram + header, count - header, plain) != 0
    else { return .rejected(.forged) }
    window.note(counter)
    return .frame(count - SealFormat.overhead(datagram[0]))
  }

  /// The session that a sealed frame or Begin is of.
  @_noAllocation @_noLocks
  static func id(of datagram: UnsafePointer<UInt8>) -> UInt32 {
    load32(datagram + (datagram[0] == SealFormat.begin ? 1 + SealFormat.nonceBytes : 1))
  }

  @_noAllocation @_noLocks
  private static func load32(_ bytes: UnsafePointer<UInt8>) -> UInt32 {
    UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
  }
}
