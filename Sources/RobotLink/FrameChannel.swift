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

  /// Lets a frame of the peer's pass if it is newer than all before it; else says why not.
  @_noAllocation @_noLocks
  mutating func objection(to frame: UnsafePointer<Robot__Frame>) -> Rejection? {
    filter.admit(frame.pointee.sequence, lost: &counters.lost)
  }

  /// Notes that a frame has passed every check.
  @_noAllocation @_noLocks
  mutating func accept() { counters.accepted += 1 }

  @_noAllocation @_noLocks
  mutating func encode(hello profile: RobotProfile, model: FixedText) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(hello: profile, model: model)
  }

  /// `toPeer` false: outside the sequence, for somebody who only asks.
  @_noAllocation @_noLocks
  mutating func encode(
    description: RobotDescription, answering epoch: UInt32, toPeer: Bool
  ) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(description: description, answering: epoch, toPeer: toPeer)
  }

  @_noAllocation @_noLocks
  mutating func encode(
    observation: borrowing ObservationMessage, of profile: RobotProfile
  ) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(observation: observation, of: profile)
  }

  @_noAllocation @_noLocks
  mutating func encode(action: borrowing ActionMessage, for profile: RobotProfile) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(action: action, for: profile)
  }

  /// `toPeer` false: outside the sequence, for somebody unknown.
  @_noAllocation @_noLocks
  mutating func encode(
    status code: StatusCode, text: FixedText, answering epoch: UInt32, toPeer: Bool
  ) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(status: code, text: text, answering: epoch, toPeer: toPeer)
  }

  @_noAllocation @_noLocks
  mutating func encode(clock stamps: ClockStamps) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(clock: stamps)
  }

  /// The frame that says goodbye, with the reason.
  @_noAllocation @_noLocks
  mutating func encodeGoodbye(_ text: StaticString) -> UnsafeRawBufferPointer {
    encode(status: .goodbye, text: FixedText(fixed: text), answering: 0, toPeer: true)
  }
}
