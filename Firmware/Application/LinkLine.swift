// The firmware's end of the robot link: a session behind a serial line, bytes in and bytes out.

import CRobotProtocol

#if !hasFeature(Embedded)  // There everything is one module.
  import RobotLink
#endif

/// A robot's session on a line. Real-time: yes, `init` excepted.
struct LinkLine: ~Copyable {
  /// The last action that came.
  private(set) var action = ActionMessage()
  /// A controller drives the robot.
  private(set) var isDriven = false
  /// Bytes for the line.
  private(set) var output = ByteQueue(capacity: 8192)
  private var session: RobotSession
  private var hasEpoch = false
  private var decoder = rp_line_decoder()
  private let datagram = takeStorage(repeating: UInt8(0), count: LinkLimits.datagramBytes)
  private let line = takeStorage(
    repeating: UInt8(0), count: LinkLimits.datagramBytes + LinkLimits.datagramBytes / 254 + 3)

  init(description: RobotDescription, channels: borrowing ChannelTable) {
    session = RobotSession(
      description: description, epoch: 1,
      silenceNanoseconds: max(500_000_000, 10 * description.profile.periodNanoseconds), channels: channels)
    decoder.bytes = datagram
    decoder.capacity = LinkLimits.datagramBytes
  }

  deinit {
    returnStorage(datagram)
    returnStorage(line)
  }

  /// Takes a byte in and answers hand-shakes; what it meant.
  @_noAllocation @_noLocks
  mutating func push(_ byte: UInt8, now: UInt64) -> RobotEvent {
    let event = rp_line_push(&decoder, byte)
    guard event == RP_LINE_FRAME else { return .none }
    let frame = UnsafeRawBufferPointer(start: datagram, count: decoder.count)
    if !hasEpoch { drawEpoch(now: now) }
    let meaning = session.receive(frame, from: .line, now: now, action: &action)
    if session.reply.count > 0 { send(session.reply) }
    switch meaning {
    case .connected: isDriven = true
    case .goodbye, .refused: isDriven = false
    case .action, .task, .none: break
    }
    return meaning
  }

  /// The processor has no source of random numbers: what tells this start from others is when, to the tick of its
  /// clock, it is first spoken to.
  @_noAllocation @_noLocks
  private mutating func drawEpoch(now: UInt64) {
    let epoch = UInt32(truncatingIfNeeded: now / 40) &* 0x9E37_79B1
    session.begin(epoch: epoch == 0 ? 1 : epoch)
    hasEpoch = true
  }

  /// Sends an observation; the sequence number of its frame.
  @_noAllocation @_noLocks
  mutating func send(_ observation: borrowing ObservationMessage) -> UInt32 {
    send(session.encode(observation))
    return session.sequence
  }

  /// The line took `count` bytes of `output`.
  @_noAllocation @_noLocks
  mutating func took(_ count: Int) { output.drop(count) }

  /// Notices a controller that has fallen silent.
  @_noAllocation @_noLocks
  mutating func poll(now: UInt64) {
    if session.hasFallenSilent(now: now) { isDriven = false }
  }

  @_noAllocation @_noLocks
  private mutating func send(_ frame: UnsafeRawBufferPointer) {
    let count = rp_line_encode(frame.baseAddress!.assumingMemoryBound(to: UInt8.self), frame.count, line)
    output.append(UnsafeRawBufferPointer(start: line, count: count))
  }
}
