// Datagram to frame: length, checksum and protobuf structure are checked here; what the values mean, by the sessions.

import CRobotProtocol

/// A frame that lives in the decoder's memory until the next one, or why there is none.
enum DecodedFrame {
  case frame(UnsafePointer<Robot__Frame>)
  case rejected(Rejection)
}

/// Takes datagrams apart in fixed memory. Real-time: yes, `init` excepted.
struct FrameDecoder: ~Copyable {
  /// Room for the largest datagram's arrays, for channels with names of a word each, and for some unknown fields.
  private static var arenaBytes: Int { 8 * LinkLimits.datagramBytes }
  /// Epoch and sequence take 5 bytes each; no frame is shorter than the first and a checksum.
  private static var smallestDatagram: Int { 9 }

  private let storage: UnsafeMutablePointer<SIMD16<UInt8>>
  private let arena: UnsafeMutablePointer<rp_arena>

  init() {
    // Vectors, for their alignment: what is unpacked starts at multiples of 16 bytes.
    storage = takeStorage(repeating: SIMD16(repeating: 0), count: Self.arenaBytes / 16)
    let bytes = UnsafeMutableRawPointer(storage).assumingMemoryBound(to: UInt8.self)
    arena = takeStorage(
      repeating: rp_arena(bytes: bytes, capacity: Self.arenaBytes, used: 0, failures: 0), count: 1)
  }

  deinit {
    returnStorage(storage)
    returnStorage(arena)
  }

  @_noAllocation @_noLocks
  mutating func decode(_ datagram: UnsafeRawBufferPointer) -> DecodedFrame {
    guard let bytes = datagram.baseAddress, datagram.count >= Self.smallestDatagram else { return .rejected(.tooShort) }
    guard datagram.count <= LinkLimits.datagramBytes else { return .rejected(.tooLong) }
    guard rp_is_sealed(bytes, datagram.count) != 0 else { return .rejected(.checksum) }
    let count = datagram.count - RP_SEAL_BYTES

    let failures = arena.pointee.failures
    guard let frame = rp_unpack(arena, bytes, count) else {
      return .rejected(arena.pointee.failures == failures ? .malformed : .memory)
    }
    guard frame.pointee.epoch != 0, frame.pointee.body_case != ROBOT__FRAME__BODY__NOT_SET else {
      return .rejected(.malformed)
    }
    // Only a Status and the Description that answers an inquiry stand outside the sequence.
    guard
      frame.pointee.sequence != 0 || frame.pointee.body_case == ROBOT__FRAME__BODY_STATUS
        || frame.pointee.body_case == ROBOT__FRAME__BODY_DESCRIPTION
    else { return .rejected(.malformed) }
    return .frame(frame)
  }
}
