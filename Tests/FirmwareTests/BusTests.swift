// The actuator bus: what goes in comes out, and what is damaged does not.

import ActuatorBus
import CRobotProtocol
import Failsafe
import PlannerRuntime
import Testing

/// Both ends of a bus with memory of their own.
private final class BusPair {
  private let readerMemory = UnsafeMutableRawPointer.allocate(byteCount: BusReader.memoryBytes, alignment: 8)
  private let writerMemory = UnsafeMutableRawPointer.allocate(byteCount: BusWriter.memoryBytes, alignment: 8)
  var reader: BusReader
  let writer: BusWriter

  init() {
    reader = BusReader(memory: readerMemory)
    writer = BusWriter(memory: writerMemory)
  }

  deinit {
    readerMemory.deallocate()
    writerMemory.deallocate()
  }

  func receive(_ bytes: [UInt8]) -> [BusMessage] { bytes.compactMap { reader.push($0) } }
  var values: [Float] { Array(UnsafeBufferPointer(start: reader.values, count: reader.count)) }
}

@Suite("Actuator bus") struct BusTests {
  @Test func `every message comes out as it went in`() {
    let bus = BusPair()
    let request = BusRequest(counter: 0x0100_00FF, isDriven: true)
    #expect(bus.receive(Array(bus.writer.encode(request))) == [.request(request)])
    var sensors = BusSensors()
    sensors.counter = 7
    sensors.episode = 1
    sensors.step = 200
    sensors.reward = -0.5
    sensors.truncated = true
    let state = (0..<64).map { Float($0) - 31.5 }
    #expect(bus.receive(Array(bus.writer.encode(sensors, state: state, count: 64))) == [.sensors(sensors)])
    #expect(bus.values == state)
    var drive = BusDrive()
    drive.mode = .ramp
    drive.counter = 1
    drive.timeMicroseconds = .max
    drive.latencyMicroseconds = 12_000
    drive.lapses = 3
    drive.latches = 2
    drive.latchMicroseconds = 350_000
    drive.stackBytes = 5000
    #expect(bus.receive(Array(bus.writer.encode(drive, command: [1, -1, 0], count: 3))) == [.drive(drive)])
    #expect(bus.values == [1, -1, 0])
    #expect(bus.reader.rejected == 0)
  }

  @Test func `no damaged frame is taken for another, and the next whole one is read`() {
    let bus = BusPair()
    var random = RandomSource(seed: 1)
    let good = BusRequest(counter: 9, isDriven: false)
    for round in 0..<2000 {
      var drive = BusDrive()
      drive.counter = UInt32(round)
      var bytes = Array(bus.writer.encode(drive, command: [0.5, 0.5], count: 2))
      bytes[Int(random.uniform(1, Double(bytes.count - 1)))] ^= 1 << UInt8(random.uniform(0, 8))
      #expect(bus.receive(bytes).isEmpty)
      #expect(bus.receive(Array(bus.writer.encode(good))) == [.request(good)])
    }
  }

  @Test func `a float that is not finite rejects its frame`() {
    let bus = BusPair()
    for value in [Float.nan, .infinity, -.infinity] {
      #expect(bus.receive(Array(bus.writer.encode(BusDrive(), command: [0, value], count: 2))).isEmpty)
      #expect(bus.receive(Array(bus.writer.encode(BusSensors(), state: [value], count: 1))).isEmpty)
    }
    #expect(bus.reader.rejected == 6)
  }

  @Test func `a drive frame of a mode that nobody knows is rejected, and each that is known is taken`() {
    let bus = BusPair()
    for mode in 0...255 as ClosedRange<UInt8> {
      // Kind and mode, a command without entries, and the checksum.
      var frame = [3, mode] + [UInt8](repeating: 0, count: 34)
      _ = rp_seal(&frame, 32)
      var line = [UInt8](repeating: 0, count: BusLimits.lineBytes)
      let count = rp_line_encode(frame, frame.count, &line)
      let messages = bus.receive(Array(line[..<count]))
      var expected = BusDrive()
      if let known = CommandMode(rawValue: mode) { expected.mode = known }
      #expect(messages == (mode < 6 ? [.drive(expected)] : []))
    }
  }
}
