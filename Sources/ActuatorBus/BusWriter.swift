// Bus messages to bytes on the line.

import CRobotProtocol

/// Makes the frames of one end of the bus; each call returns the same memory, which is the caller's. Real-time: yes.
public struct BusWriter {
  private let frame: UnsafeMutableRawPointer
  private let line: UnsafeMutablePointer<UInt8>

  /// Bytes of memory that a writer needs. Real-time: yes.
  public static var memoryBytes: Int { (BusLimits.frameBytes + 7) / 8 * 8 + BusLimits.lineBytes }

  /// A writer in the caller's memory. Real-time: yes.
  ///
  /// - Parameter memory: `memoryBytes` bytes, aligned to 8, which live as long as this does.
  @_noAllocation @_noLocks
  public init(memory: UnsafeMutableRawPointer) {
    frame = memory
    line = (memory + (BusLimits.frameBytes + 7) / 8 * 8).assumingMemoryBound(to: UInt8.self)
  }

  /// The request as bytes for the line, valid until the next call. Real-time: yes.
  @_noAllocation @_noLocks
  public func encode(_ request: BusRequest) -> UnsafeRawBufferPointer {
    put(BusKind.request, request.isDriven ? 1 : 0, 0)
    put(request.counter, at: 4)
    return finish(BusLayout.requestBytes)
  }

  /// The sample as bytes for the line, valid until the next call. Real-time: yes.
  ///
  /// - Parameters:
  ///   - sensors: what is said about the sample.
  ///   - state: what was measured, `[count]`.
  ///   - count: 0 … `BusLimits.entries`.
  @_noAllocation @_noLocks
  public func encode(_ sensors: BusSensors, state: UnsafePointer<Float>, count: Int) -> UnsafeRawBufferPointer {
    let flags: UInt8 =
      (sensors.reward == nil ? 0 : 1) | (sensors.terminated ? 2 : 0) | (sensors.truncated ? 4 : 0)
      | (sensors.isButtonPressed ? 8 : 0)
    put(BusKind.sensors, flags, count)
    put(sensors.counter, at: 4)
    put(sensors.episode, at: 8)
    put(sensors.step, at: 12)
    put((sensors.reward ?? 0).bitPattern, at: 16)
    for index in 0..<count { put(state[index].bitPattern, at: BusLayout.sensorsHeader + 4 * index) }
    return finish(BusLayout.sensorsHeader + 4 * count)
  }

  /// The command as bytes for the line, valid until the next call. Real-time: yes.
  ///
  /// - Parameters:
  ///   - drive: what is said about the command.
  ///   - command: what to drive, `[count]`.
  ///   - count: 0 … `BusLimits.entries`.
  @_noAllocation @_noLocks
  public func encode(_ drive: BusDrive, command: UnsafePointer<Float>, count: Int) -> UnsafeRawBufferPointer {
    put(BusKind.drive, drive.mode.rawValue, count)
    frame.storeBytes(of: drive.latchReason, toByteOffset: 3, as: UInt8.self)
    put(drive.counter, at: 4)
    put(drive.timeMicroseconds, at: 8)
    put(drive.latencyMicroseconds, at: 12)
    put(drive.lapses, at: 16)
    put(drive.latches, at: 20)
    put(drive.stackBytes, at: 24)
    put(drive.latchMicroseconds, at: 28)
    for index in 0..<count { put(command[index].bitPattern, at: BusLayout.driveHeader + 4 * index) }
    return finish(BusLayout.driveHeader + 4 * count)
  }

  @_noAllocation @_noLocks
  private func put(_ kind: BusKind, _ detail: UInt8, _ count: Int) {
    precondition(count >= 0 && count <= BusLimits.entries)
    frame.storeBytes(of: kind.rawValue, as: UInt8.self)
    frame.storeBytes(of: detail, toByteOffset: 1, as: UInt8.self)
    frame.storeBytes(of: UInt8(truncatingIfNeeded: count), toByteOffset: 2, as: UInt8.self)
    frame.storeBytes(of: 0, toByteOffset: 3, as: UInt8.self)
  }

  @_noAllocation @_noLocks
  private func put(_ value: UInt32, at offset: Int) {
    frame.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
  }

  @_noAllocation @_noLocks
  private func finish(_ count: Int) -> UnsafeRawBufferPointer {
    let bytes = frame.assumingMemoryBound(to: UInt8.self)
    return UnsafeRawBufferPointer(start: line, count: rp_line_encode(bytes, rp_seal(bytes, count), line))
  }
}
