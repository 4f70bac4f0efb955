// The firmware's application under any order of bytes on both of its lines, on a clock that an input moves as it likes.

import ActuatorBus
import CRobotProtocol
import Failsafe
import FirmwareApplication
import RobotLink

/// The application, a controller and sensors around it, and all the bytes between them.
private final class FuzzedFirmware {
  static let robot = RobotConfiguration.halfCheetah
  var now: UInt64 = 1_000_000_000
  var application: Application
  var controller: ControllerSession
  var observation = ObservationMessage()
  private(set) var observations = 0
  private(set) var accepted = 0
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: BusReader.memoryBytes + BusWriter.memoryBytes + 8, alignment: 8)
  private var reader: BusReader
  private let writer: BusWriter
  private var request: BusRequest?
  private var decoder = rp_line_decoder()
  private let frame = UnsafeMutablePointer<UInt8>.allocate(capacity: LinkLimits.datagramBytes)

  init() {
    application = Application(robot: Self.robot, now: now)
    let profile = RobotProfile(
      family: "\(Self.robot.family)", observationSize: Self.robot.observationSize, actionSize: Self.robot.actionSize,
      periodNanoseconds: Self.robot.periodNanoseconds)
    controller = ControllerSession(profile: profile, model: "fuzz", epoch: 7, silenceNanoseconds: 500_000_000)
    reader = BusReader(memory: memory)
    writer = BusWriter(memory: memory + (BusReader.memoryBytes + 7) / 8 * 8)
    (decoder.bytes, decoder.capacity) = (frame, LinkLimits.datagramBytes)
  }

  deinit {
    memory.deallocate()
    frame.deallocate()
  }

  func toLink(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { application.receiveFromLink($0, now: now) }
    collect()
  }

  func toBus(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { application.receiveFromBus($0, now: now) }
    collect()
  }

  /// One millisecond, or whatever `nanoseconds` says.
  func pass(_ nanoseconds: UInt64) {
    now = now.addingReportingOverflow(nanoseconds).overflow ? now : now + nanoseconds
    application.poll(now: now)
    collect()
  }

  /// Sensors answer what they were asked last.
  func answerRequest(_ values: [Float], step: UInt32, isLast: Bool = false) {
    guard let request else { return }
    self.request = nil
    var sensors = BusSensors()
    (sensors.counter, sensors.step, sensors.truncated) = (request.counter, step, isLast)
    sensors.reward = step == 0 ? nil : -1
    toBus(Array(writer.encode(sensors, state: values, count: values.count)))
  }

  func sayHello() {
    _ = controller.poll(now: now)
    if controller.reply.count > 0 { toLink(onLine(Array(controller.reply))) }
  }

  /// The controller answers the last observation with these values in every entry.
  func answer(_ value: Float, later: Int, mode: CommandMode, entry: UInt32) {
    var action = ActionMessage()
    action.answer(observation)
    (action.mode, action.planEntry, action.laterEntries) = (mode, entry, later)
    for index in 0..<Self.robot.actionSize { action.command[index] = value }
    for index in 0..<later * Self.robot.actionSize { action.laterCommands[index] = value }
    toLink(onLine(Array(controller.encode(action))))
  }

  /// What leaves on both lines: drives are told numbers within the limit and nothing else, the controller sound frames.
  private func collect() {
    while application.busOutput.count > 0 {
      let bytes = Array(application.busOutput)
      application.busTook(bytes.count)
      for byte in bytes {
        switch reader.push(byte) {
        case .drive:
          precondition(reader.count == Self.robot.actionSize)
          for index in 0..<reader.count {
            let limits = Self.robot.limits[index]
            precondition(limits.lower <= reader.values[index] && reader.values[index] <= limits.upper)
          }
        case .request(let asked): request = asked
        case .sensors: preconditionFailure("the firmware plays the sensors")
        case nil: break
        }
      }
    }
    precondition(reader.rejected == 0, "the firmware sent a broken frame on the bus")
    while application.linkOutput.count > 0 {
      let bytes = Array(application.linkOutput)
      application.linkTook(bytes.count)
      for byte in bytes where rp_line_push(&decoder, byte) == RP_LINE_FRAME {
        let event = controller.receive(
          UnsafeRawBufferPointer(start: frame, count: decoder.count), now: now, observation: &observation)
        if event == .observation { observations += 1 }
      }
    }
    for reason in [Rejection.broken, .checksum, .malformed, .notFinite, .outOfRange, .wrongSize] {
      precondition(controller.counters[reason] == 0, "the firmware sent a frame that is \(reason.name)")
    }
  }
}

enum FirmwareFuzzing {
  /// True if the firmware sent an observation.
  static func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 2_000 else { return false }
    var choices = Choices(bytes)
    let firmware = FuzzedFirmware()
    var step: UInt32 = 0
    while !choices.isOver {
      switch choices.byte() % 8 {
      case 0:
        // A period as it should be.
        for _ in 0..<50 { firmware.pass(1_000_000) }
        firmware.sayHello()
        firmware.answerRequest([Float](repeating: 0.25, count: FuzzedFirmware.robot.observationSize), step: step)
        step &+= 1
        firmware.answer(0.5, later: 1, mode: .plan, entry: 0)
      case 1: firmware.pass(choices.nanoseconds())
      case 2: firmware.toLink(choices.string())
      case 3: firmware.toLink(onLine(withChecksum(choices.string())))
      case 4: firmware.toBus(choices.string())
      case 5: firmware.toBus(onLine(withChecksum(choices.string())))
      case 6:
        step = choices.word()
        let value = choices.float()
        firmware.answerRequest(
          (0..<FuzzedFirmware.robot.observationSize).map { $0 == 0 ? value : 0 }, step: step,
          isLast: choices.byte() & 1 == 1)
      default:
        let mode = CommandMode(rawValue: UInt8(choices.index(below: 6))) ?? .idle
        firmware.answer(
          choices.float(), later: choices.index(below: LinkLimits.laterEntries + 1), mode: mode, entry: choices.word())
      }
    }
    return firmware.observations > 0
  }

  static var seeds: [[UInt8]] {
    [
      [0, 0, 0, 0],
      // A last plan that runs out, and a Hello after it.
      [0, 0, 0, 1, 30, 1, 28, 1, 28, 0, 0, 0],
      // Values that are none, on both lines.
      [0, 0, 6, 0, 0, 0, 1, 0x7F, 0xC0, 0, 0, 0, 7, 0x7F, 0x80, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
      [0, 0, 2, 3, 1, 2, 0, 4, 3, 2, 8, 0, 5, 12, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
  }
}
