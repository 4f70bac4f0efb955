// Bytes on the line to bus messages: what is damaged, cut, of another length, not finite or of no known mode is dropped
// and counted.

import CRobotProtocol

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// What kind of frame it is: its first byte.
enum BusKind: UInt8 {
  case request = 1
  case sensors, drive
}

/// A message that has come. Real-time: yes, a value.
public enum BusMessage: Equatable, Sendable {
  case request(BusRequest)
  case sensors(BusSensors)
  case drive(BusDrive)
}

/// Takes the bus apart byte by byte. Memory is the caller's. Real-time: yes.
public struct BusReader {
  /// Frames that were sound.
  public private(set) var accepted: UInt32 = 0
  /// Frames, and pieces of frames, that were not.
  public private(set) var rejected: UInt32 = 0
  /// Floats in `values`, 0…64.
  public private(set) var count = 0
  /// The floats of the last message, `[count]`: a state or a command, all finite. Valid until the next `push`.
  public let values: UnsafeMutablePointer<Float>

  private let frame: UnsafeMutableRawPointer
  private var decoder = rp_line_decoder()

  /// Bytes of memory that a reader needs. Real-time: yes.
  public static var memoryBytes: Int { (BusLimits.frameBytes + 7) / 8 * 8 + 4 * BusLimits.entries }

  /// A reader that has read nothing yet. Real-time: yes.
  ///
  /// - Parameter memory: `memoryBytes` bytes, aligned to 8, which live as long as this does.
  @_noAllocation @_noLocks
  public init(memory: UnsafeMutableRawPointer) {
    frame = memory
    values = (memory + (BusLimits.frameBytes + 7) / 8 * 8).assumingMemoryBound(to: Float.self)
    decoder.bytes = memory.assumingMemoryBound(to: UInt8.self)
    decoder.capacity = BusLimits.frameBytes
  }

  /// Takes a byte in; a message if it ended one. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func push(_ byte: UInt8) -> BusMessage? {
    let event = rp_line_push(&decoder, byte)
    if event == RP_LINE_NOTHING { return nil }
    if event == RP_LINE_FRAME, let message = parse(decoder.count) {
      accepted &+= 1
      return message
    }
    rejected &+= 1
    return nil
  }

  @_noAllocation @_noLocks
  private mutating func parse(_ size: Int) -> BusMessage? {
    guard size >= BusLayout.requestBytes + 4, rp_is_sealed(frame.assumingMemoryBound(to: UInt8.self), size) != 0,
      let kind = BusKind(rawValue: byte(0))
    else { return nil }
    let entries = Int(byte(2))
    guard entries <= BusLimits.entries else { return nil }
    switch kind {
    case .request:
      guard size == BusLayout.requestBytes + 4, entries == 0 else { return nil }
      count = 0
      return .request(BusRequest(counter: word(4), isDriven: byte(1) & 1 != 0))
    case .sensors:
      guard take(entries, at: BusLayout.sensorsHeader, of: size) else { return nil }
      var sensors = BusSensors()
      sensors.counter = word(4)
      sensors.episode = word(8)
      sensors.step = word(12)
      let reward = Float(bitPattern: word(16))
      guard reward.isFinite else { return nil }
      sensors.reward = byte(1) & 1 != 0 ? reward : nil
      sensors.terminated = byte(1) & 2 != 0
      sensors.truncated = byte(1) & 4 != 0
      sensors.isButtonPressed = byte(1) & 8 != 0
      return .sensors(sensors)
    case .drive:
      guard let mode = CommandMode(rawValue: byte(1)), take(entries, at: BusLayout.driveHeader, of: size) else {
        return nil
      }
      var drive = BusDrive()
      drive.mode = mode
      drive.latchReason = byte(3)
      drive.counter = word(4)
      drive.timeMicroseconds = word(8)
      drive.latencyMicroseconds = word(12)
      drive.lapses = word(16)
      drive.latches = word(20)
      drive.stackBytes = word(24)
      drive.latchMicroseconds = word(28)
      return .drive(drive)
    }
  }

  /// Copies the floats to `values` if the size fits and all are finite.
  @_noAllocation @_noLocks
  private mutating func take(_ entries: Int, at offset: Int, of size: Int) -> Bool {
    guard size == offset + 4 * entries + 4 else { return false }
    for index in 0..<entries where !Float(bitPattern: word(offset + 4 * index)).isFinite { return false }
    for index in 0..<entries { values[index] = Float(bitPattern: word(offset + 4 * index)) }
    count = entries
    return true
  }

  @_noAllocation @_noLocks
  private func byte(_ offset: Int) -> UInt8 { frame.load(fromByteOffset: offset, as: UInt8.self) }

  @_noAllocation @_noLocks
  private func word(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: frame.load(fromByteOffset: offset, as: UInt32.self))
  }
}
