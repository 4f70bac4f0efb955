// What a link has seen: frames sent, accepted and lost, and rejected ones by reason. Bad input is counted, never fatal.

/// Why a datagram was dropped. Real-time: yes, a value.
public enum Rejection: Int, Error {
  /// A piece of a frame on a serial line: bytes are missing, or noise cut it in two.
  case broken
  /// Shorter than the smallest frame.
  case tooShort
  /// Longer than `LinkLimits.datagramBytes`.
  case tooLong
  /// The CRC-32C at the end does not fit the bytes.
  case checksum
  /// Right checksum, but no protobuf message `Frame`, or one without body, epoch or sequence.
  case malformed
  /// Needs more memory than the fixed buffer has (the frame repeats fields without end).
  case memory
  /// A body that this side never receives, or not in this state.
  case unexpected
  /// From another address than the peer's.
  case stranger
  /// Of another start of the peer, or an answer to another start of this side.
  case otherEpoch
  /// The sequence number has been seen just before.
  case duplicate
  /// Older than a frame that has been seen.
  case stale
  /// An array has not as many entries as the description says.
  case wrongSize
  /// A NaN or an infinity.
  case notFinite
  /// A value outside its documented range.
  case outOfRange
  /// Where a key is asked for: not sealed at all.
  case unauthenticated
  /// The seal does not fit: changed on the way, made with another key, or this side's own sent back.
  case forged
  /// Sealed rightly, and seen before, or too old to tell.
  case replayed
  /// Of a session that this side does not know (any more), or an answer to an Open that is over.
  case otherSession

  /// Name in reports. Real-time: yes.
  public var name: StaticString {
    switch self {
    case .broken: "broken"
    case .tooShort: "too_short"
    case .tooLong: "too_long"
    case .checksum: "checksum"
    case .malformed: "malformed"
    case .memory: "memory"
    case .unexpected: "unexpected"
    case .stranger: "stranger"
    case .otherEpoch: "other_epoch"
    case .duplicate: "duplicate"
    case .stale: "stale"
    case .wrongSize: "wrong_size"
    case .notFinite: "not_finite"
    case .outOfRange: "out_of_range"
    case .unauthenticated: "unauthenticated"
    case .forged: "forged"
    case .replayed: "replayed"
    case .otherSession: "other_session"
    }
  }
}

/// Counters of one end of a link since its start. Real-time: yes, a value.
public struct LinkCounters: Sendable {
  /// Datagrams made to be sent.
  public internal(set) var sent: UInt64 = 0
  /// Datagrams that the system did not take (network down, buffer full).
  public internal(set) var sendFailures: UInt64 = 0
  /// Frames that passed every check.
  public internal(set) var accepted: UInt64 = 0
  /// Frames of the peer that never came, from gaps in its sequence. One that comes late counts here and as stale.
  public internal(set) var lost: UInt64 = 0
  private var rejections = InlineArray<18, UInt64>(repeating: 0)

  /// All zero. Real-time: yes.
  public init() {}

  /// Datagrams dropped for `reason`. Real-time: yes.
  public internal(set) subscript(reason: Rejection) -> UInt64 {
    @_noAllocation @_noLocks get { rejections[reason.rawValue] }
    @_noAllocation @_noLocks set { rejections[reason.rawValue] = newValue }
  }

  /// Datagrams dropped for any reason. Real-time: yes.
  public var rejected: UInt64 {
    var sum: UInt64 = 0
    for index in 0..<18 { sum += rejections[index] }
    return sum
  }
}

/// Sizes that every implementation of the protocol can rely on. Real-time: yes, constants.
public enum LinkLimits {
  /// Largest datagram: frame and checksum. Real-time: yes.
  public static var datagramBytes: Int { 4096 }
  /// The same with a seal around it. Real-time: yes.
  public static var sealedDatagramBytes: Int { 4153 }
  /// Most entries of an observation. Real-time: yes.
  public static var observationEntries: Int { 512 }
  /// Most entries of an action. Real-time: yes.
  public static var actionEntries: Int { 128 }
  /// Entries of a plan that may come along with an action. Real-time: yes.
  public static var laterEntries: Int { 3 }
  /// Most numbers that name the task a controller believes in. Real-time: yes.
  public static var parameterEntries: Int { 16 }
  /// Floats that one frame has room for beside its other fields, the largest belief among them. Real-time: yes.
  public static var frameFloats: Int { 980 }
  /// A Hello over UDP is at least as long: no answer to one is longer than this. Real-time: yes.
  public static var helloBytes: Int { 192 }
  /// Most bytes that a Hello is padded to, for a Description as long: a varint may be a byte longer than foreseen.
  /// Real-time: yes.
  public static var longestHelloBytes: Int { 4088 }
  /// Most bytes of a name. Real-time: yes.
  public static var nameBytes: Int { 63 }
  /// Most bytes of a channel's name. Real-time: yes.
  public static var channelNameBytes: Int { 31 }
  /// Most bytes of a channel's unit. Real-time: yes.
  public static var unitBytes: Int { 15 }
  /// Most bytes of a text. Real-time: yes.
  public static var textBytes: Int { 159 }
  /// Most tasks of a robot. Real-time: yes.
  public static var tasks: UInt32 { 1_000_000 }
  /// Version of robot.proto. Real-time: yes.
  public static var protocolVersion: UInt32 { 1 }
}
