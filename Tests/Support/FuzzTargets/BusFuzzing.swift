// The actuator bus under any bytes, and under any bytes with a right checksum: what is read is what could have been
// sent.

import ActuatorBus

enum BusFuzzing {
  /// A reader or writer's memory.
  private final class Memory {
    let start: UnsafeMutableRawPointer
    init(_ count: Int) { start = .allocate(byteCount: count, alignment: 8) }
    deinit { start.deallocate() }
  }

  /// The first byte says whether the others are lines or the content of a frame. True if a message was read.
  static func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var choices = Choices(bytes)
    let isLine = choices.byte() & 1 == 1
    let rest = Array(bytes.dropFirst())
    return read(isLine ? rest : onLine(withChecksum(rest)))
  }

  private static func read(_ line: [UInt8]) -> Bool {
    let (memory, again) = (Memory(BusReader.memoryBytes), Memory(BusReader.memoryBytes))
    let writerMemory = Memory(BusWriter.memoryBytes)
    var (reader, second) = (BusReader(memory: memory.start), BusReader(memory: again.start))
    let writer = BusWriter(memory: writerMemory.start)
    for byte in line {
      let before = reader.accepted &+ reader.rejected
      guard let message = reader.push(byte) else {
        precondition(reader.accepted &+ reader.rejected - before <= 1)
        continue
      }
      precondition(reader.count >= 0 && reader.count <= BusLimits.entries)
      let values = Array(UnsafeBufferPointer(start: reader.values, count: reader.count))
      precondition(values.allSatisfy(\.isFinite))
      // Written again it is read as the same.
      let written =
        switch message {
        case .request(let request): writer.encode(request)
        case .sensors(let sensors): writer.encode(sensors, state: values, count: values.count)
        case .drive(let drive): writer.encode(drive, command: values, count: values.count)
        }
      var found: BusMessage?
      for byte in written { found = second.push(byte) ?? found }
      precondition(found == message, "\(message) was read again as \(String(describing: found))")
      let same = zip(values, UnsafeBufferPointer(start: second.values, count: second.count))
      precondition(second.count == values.count && same.allSatisfy { $0.bitPattern == $1.bitPattern })
    }
    return reader.accepted > 0
  }

  /// A request, a sample and a drive frame.
  static var seeds: [[UInt8]] {
    let memory = Memory(BusWriter.memoryBytes)
    let writer = BusWriter(memory: memory.start)
    let values: [Float] = [0.5, -1, 2]
    var drive = BusDrive()
    (drive.mode, drive.counter, drive.stackBytes) = (.hold, 7, 1000)
    var sensors = BusSensors()
    (sensors.counter, sensors.step, sensors.reward, sensors.truncated) = (1, 2, -0.5, true)
    let request = Array(writer.encode(BusRequest(counter: 1, isDriven: true)))
    let sample = Array(writer.encode(sensors, state: values, count: 3))
    let command = Array(writer.encode(drive, command: values, count: 3))
    return [request, sample, command, request + [1, 2, 0] + sample + command].map { [1] + $0 }
  }
}
