// What both ends of a link do alike: making frames, taking them apart, numbering, and counting what comes and goes.

import CRobotProtocol

/// One end's frames. Real-time: yes, `init` excepted.
struct FrameChannel: ~Copyable {
  var counters = LinkCounters()
  private(set) var encoder: FrameEncoder
  private var decoder = FrameDecoder()
  private var filter = SequenceFilter(startingAt: 0)

  /// `epoch` is not 0 and differs from that of the last start.
  init(epoch: UInt32) { encoder = FrameEncoder(epoch: epoch) }

  var epoch: UInt32 {
    @_noAllocation @_noLocks get { encoder.epoch }
  }

  /// From now on frames carry `epoch`.
  @_noAllocation @_noLocks
  mutating func begin(epoch: UInt32) { encoder.begin(epoch: epoch) }

  /// The frame in `datagram`, valid until the next call.
  @_noAllocation @_noLocks
  mutating func decode(_ datagram: UnsafeRawBufferPointer) -> DecodedFrame { decoder.decode(datagram) }

  /// Begins to count the peer's frames at this one, its Hello or Description.
  @_noAllocation @_noLocks
  mutating func startCounting(at frame: UnsafePointer<Robot__Frame>) {
    filter = SequenceFilter(startingAt: frame.pointee.sequence)
  }

  /// Why a frame of the peer's is not newer than all before it; nil if it is. After a quiet time older ones pass, too.
  @_noAllocation @_noLocks
  func objection(to frame: UnsafePointer<Robot__Frame>, isQuiet: Bool) -> Rejection? {
    filter.objection(to: frame.pointee.sequence, isQuiet: isQuiet)
  }

  /// Notes that a frame of the peer's has passed every check: only now does its number count.
  @_noAllocation @_noLocks
  mutating func accept(_ frame: UnsafePointer<Robot__Frame>) {
    note(frame)
    counters.accepted += 1
  }

  /// The same of a frame that is turned down: its sender is who he says, and is answered.
  @_noAllocation @_noLocks
  mutating func note(_ frame: UnsafePointer<Robot__Frame>) {
    filter.note(frame.pointee.sequence, lost: &counters.lost)
  }

  /// The same of a frame that stands outside the sequence.
  @_noAllocation @_noLocks
  mutating func acceptUnnumbered() { counters.accepted += 1 }

  /// At least `bytes` long.
  @_noAllocation @_noLocks
  mutating func encode(hello profile: RobotProfile, model: FixedText, bytes: Int) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(hello: profile, model: model, bytes: bytes)
  }

  /// Bytes of the Description with all of `channels`, a sequence number too; 0 where no Hello can be as long.
  mutating func wholeBytes(_ description: RobotDescription, _ channels: borrowing EncodedChannels) -> Int {
    if channels.actionCount == 0 { return 0 }
    let bytes = encoder.encode(
      description: description, channels: channels, wholeBytes: 0, answering: 1, toPeer: false,
      limit: LinkLimits.longestHelloBytes - 5)
    return encoder.hasLeftOut ? 0 : bytes.count + 5
  }

  /// `toPeer` false: outside the sequence, for a peer that only asks. At most `limit` bytes, or nothing.
  @_noAllocation @_noLocks
  mutating func encode(
    description: RobotDescription, channels: borrowing EncodedChannels, wholeBytes: Int, answering epoch: UInt32,
    toPeer: Bool, limit: Int
  ) -> UnsafeRawBufferPointer {
    let bytes = encoder.encode(
      description: description, channels: channels, wholeBytes: wholeBytes, answering: epoch, toPeer: toPeer,
      limit: limit)
    if bytes.count > 0 { counters.sent += 1 }
    return bytes
  }

  @_noAllocation @_noLocks
  mutating func encode(
    observation: borrowing ObservationMessage, of profile: RobotProfile, obeying request: UInt32
  ) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(observation: observation, of: profile, obeying: request)
  }

  @_noAllocation @_noLocks
  mutating func encode(action: borrowing ActionMessage, for profile: RobotProfile) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(action: action, for: profile)
  }

  /// `toPeer` false: outside the sequence, for an unknown peer. At most `limit` bytes, or nothing.
  @_noAllocation @_noLocks
  mutating func encode(
    status code: StatusCode, text: FixedText, answering epoch: UInt32, refusing request: UInt32 = 0, toPeer: Bool,
    limit: Int = LinkLimits.datagramBytes
  ) -> UnsafeRawBufferPointer {
    let bytes = encoder.encode(
      status: code, text: text, answering: epoch, refusing: request, toPeer: toPeer, limit: limit)
    if bytes.count > 0 { counters.sent += 1 }
    return bytes
  }

  /// `isPadded`: at least `LinkLimits.helloBytes` long.
  @_noAllocation @_noLocks
  mutating func encode(request: TaskRequest, isPadded: Bool) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(request: request, isPadded: isPadded)
  }

  /// At most `limit` bytes, or nothing.
  @_noAllocation @_noLocks
  mutating func encode(clock stamps: ClockStamps, limit: Int = LinkLimits.datagramBytes) -> UnsafeRawBufferPointer {
    let bytes = encoder.encode(clock: stamps, limit: limit)
    if bytes.count > 0 { counters.sent += 1 }
    return bytes
  }

  /// The frame that says goodbye, with the reason.
  @_noAllocation @_noLocks
  mutating func encodeGoodbye(_ text: StaticString) -> UnsafeRawBufferPointer {
    encode(status: .goodbye, text: FixedText(fixed: text), answering: 0, toPeer: true)
  }
}
