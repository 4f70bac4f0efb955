// What is broken, absurd or stale on either line moves nothing: random traffic against an account of what may move.

import ActuatorBus
import CRobotProtocol
import FirmwareApplication
import PlannerRuntime
import RobotLink
import Testing

@Suite("Hostile input of the firmware") struct HostileInputTests {
  private let half = [Float](repeating: 0.5, count: 6)

  /// A frame of the controller's with a right checksum that carries whatever it is told to.
  private func forgedAction(
    _ rig: FirmwareRig, sequence: UInt32, command: [Float], later: [Float] = [], observationSequence: UInt32,
    mode: UInt32 = 1
  ) -> [UInt8] {
    var values = command + later
    return values.withUnsafeMutableBufferPointer { values in
      var action = rp_action()
      action.n_command = command.count
      action.command = values.baseAddress
      action.n_later_commands = later.count
      action.later_commands = values.baseAddress.map { $0 + command.count }
      action.mode = Robot__Mode(rawValue: mode)
      action.observation_epoch = rig.observation.epoch
      action.observation_sequence = observationSequence
      action.sample_time_ns = .max
      return withUnsafeMutablePointer(to: &action) { action in
        var frame = rp_frame()
        frame.epoch = 7
        frame.sequence = sequence
        frame.body_case = ROBOT__FRAME__BODY_ACTION
        frame.action = action
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = rp_seal(&bytes, rp_pack(&frame, &bytes, 4092))
        return bytes.withUnsafeBytes { rig.line(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      }
    }
  }

  @Test(
    arguments: [
      [0.5, 0.5, .nan, 0.5, 0.5, 0.5], [.infinity, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, -.infinity], [0, 1.01, 0, 0, 0, 0],
      [0.9, 0.9, 0.9, 0.9, 0.9], [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], [],
    ] as [[Float]])
  func `a command that is not finite, beyond the limit or of another size is never driven`(command: [Float]) {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    var sequence: UInt32 = 1_000_000
    rig.run(milliseconds: 400, says: false) { rig in
      sequence += 1
      rig.toFirmware(
        link: forgedAction(
          rig, sequence: sequence, command: command, observationSequence: rig.observation.sequence))
      #expect(rig.command.allSatisfy { $0 >= 0 && $0 <= 0.5 })
    }
    #expect(rig.drive.mode == .safe)
  }

  @Test(
    arguments: [
      [0, 0, 0, 0, 0, .nan], [.infinity, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -.infinity],
      [0, 1.01, 0, 0, 0, 0], [0.9, 0.9, 0.9, 0.9, 0.9], [Float](repeating: 0.9, count: 24),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .nan],
    ] as [[Float]])
  func `a later command that is not finite, beyond the limit or of another size spoils its frame`(later: [Float]) {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    var sequence: UInt32 = 1_000_000
    rig.run(milliseconds: 400, says: false) { rig in
      sequence += 1
      rig.toFirmware(
        link: forgedAction(
          rig, sequence: sequence, command: [Float](repeating: -0.5, count: 6), later: later,
          observationSequence: rig.observation.sequence))
      #expect(rig.command.allSatisfy { $0 >= 0 && $0 <= 0.5 })
    }
    #expect(rig.drive.mode == .safe)
  }

  @Test(
    arguments: [Float.nan, .infinity, -.infinity, 1e9])
  func `a state that is a NaN, infinite, implausible or of another size is never sent on`(value: Float) {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    let before = rig.observations
    rig.state![3] = value
    rig.run(milliseconds: 100, says: false)
    rig.state = Array(repeating: 0, count: 16)
    rig.run(milliseconds: 400, says: false)
    #expect(rig.observations == before)
    #expect(rig.drive.mode == .safe)
  }

  @Test func `sensors that answer an old request are not believed`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    let before = rig.observations
    rig.state = nil
    let memory = UnsafeMutableRawPointer.allocate(byteCount: BusWriter.memoryBytes, alignment: 8)
    defer { memory.deallocate() }
    let writer = BusWriter(memory: memory)
    for _ in 0..<10 {
      rig.run(milliseconds: 50)
      var sensors = rig.sensors
      sensors.counter = rig.request.counter &- 1
      rig.toFirmware(bus: writer.encode(sensors, state: [Float](repeating: 0, count: 17), count: 17))
    }
    #expect(rig.observations == before)
  }

  @Test func `random bytes, damaged frames, random actions, pauses: the command stays finite, limited and explained`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = RandomSource(seed: seed)
      func chance(_ probability: Double) -> Bool { random.uniform(0, 1) < probability }
      let rig = FirmwareRig()
      rig.run(milliseconds: 200) { $0.answer(half) }
      var sequence: UInt32 = 1_000_000
      for _ in 0..<400 {
        if chance(0.3) {
          let noise = (0..<Int(random.uniform(1, 80))).map { _ in UInt8(random.uniform(0, 256)) }
          rig.toFirmware(link: noise)
          noise.withUnsafeBytes { rig.toFirmware(bus: $0) }
        }
        if chance(0.5) {
          sequence += 1
          let strange: [Float] = [.nan, .infinity, 5, -1, 1, 0.3]
          let command = (0..<6).map { _ in strange[Int(random.uniform(0, 6))] }
          let later = (0..<6 * Int(random.uniform(0, 4))).map { _ in
            chance(0.9) ? 0.3 : strange[Int(random.uniform(0, 6))]
          }
          var bytes = forgedAction(
            rig, sequence: sequence, command: chance(0.5) ? command : half, later: later,
            observationSequence: rig.observation.sequence &- UInt32(random.uniform(0, 3)))
          if chance(0.3) { bytes[Int(random.uniform(1, Double(bytes.count - 1)))] ^= 1 << UInt8(random.uniform(0, 8)) }
          rig.toFirmware(link: bytes)
        }
        if chance(0.02) { rig.now += 1_000_000_000 }
        let answers = chance(0.5)
        rig.run(milliseconds: Int(random.uniform(1, 20))) { if answers { $0.answer(half, later: [half]) } }
        let isSafe = rig.application.gate.failsafe.isSafe
        #expect(rig.command.allSatisfy { $0.isFinite && abs($0) <= 1 })
        if isSafe, rig.drive.mode == .safe, rig.driveFrames > 0 {
          rig.run(milliseconds: 30, says: false)
          #expect(rig.command.allSatisfy { $0 == 0 })
        }
      }
    }
  }

  @Test
  func `a clock that leaps, to its very end too, is followed at once: no tick is made up for, and SAFE latches`() {
    for time in [10_000_000_000, 1 << 62, .max - 50_000_000, .max - 1] as [UInt64] {
      let rig = FirmwareRig()
      rig.run(milliseconds: 300) { $0.answer([Float](repeating: 0.5, count: 6)) }
      #expect(rig.drive.mode == .plan)
      let frames = rig.driveFrames
      rig.now = time
      rig.application.poll(now: rig.now)
      rig.exchange()
      #expect(rig.drive.mode == .safe)
      #expect(rig.driveFrames == frames + 1)
      // And back: the firmware keeps still.
      rig.now = 0
      rig.application.poll(now: rig.now)
      rig.exchange()
      #expect(rig.drive.mode == .safe)
    }
  }
}
