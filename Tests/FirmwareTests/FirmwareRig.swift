// The firmware's application between a controller's session and a sensor of our own, all on one clock that tests move.

import ActuatorBus
import CRobotProtocol
import Failsafe
import FirmwareApplication
import RobotLink

/// Both lines of the firmware, played by the test.
final class FirmwareRig {
  static let configuration = RobotConfiguration.halfCheetah
  var application: Application
  var now: UInt64 = 1_000_000_000
  /// What the drives were told last, and how often.
  private(set) var drive = BusDrive()
  private(set) var command: [Float] = []
  private(set) var driveFrames = 0
  /// The last request for a sample, and whether it has been answered.
  private(set) var request = BusRequest(counter: 0, isDriven: false)
  private var isAsked = false
  /// The controller's end.
  var controller: ControllerSession
  var observation = ObservationMessage()
  private(set) var observations = 0
  /// Texts of the refusals of tasks.
  private(set) var refusals: [String] = []
  // What non-copyable values know, for expectations, which copy.
  var isConnected: Bool { controller.isConnected }
  var firstState: Float { observation.state[0] }
  var latch: RobotLatch? { observation.latch }
  var isAtWork: Bool { application.isAtWork }
  var missedSamples: UInt32 { application.missedSamples }
  /// What the sensors will answer; nil: nothing.
  var state: [Float]? = Array(repeating: 0.25, count: configuration.observationSize)
  var sensors = BusSensors()

  private let busReaderMemory = UnsafeMutableRawPointer.allocate(byteCount: BusReader.memoryBytes, alignment: 8)
  private let busWriterMemory = UnsafeMutableRawPointer.allocate(byteCount: BusWriter.memoryBytes, alignment: 8)
  private var busReader: BusReader
  private let busWriter: BusWriter
  private var decoder = rp_line_decoder()
  private let datagram = UnsafeMutablePointer<UInt8>.allocate(capacity: LinkLimits.datagramBytes)

  init(
    controllerEpoch: UInt32 = 7, robot: RobotConfiguration = FirmwareRig.configuration, wasAtWork: Bool = false
  ) {
    application = Application(robot: robot, now: now, wasAtWork: wasAtWork)
    controller = Self.makeController(epoch: controllerEpoch)
    busReader = BusReader(memory: busReaderMemory)
    busWriter = BusWriter(memory: busWriterMemory)
    decoder.bytes = datagram
    decoder.capacity = LinkLimits.datagramBytes
  }

  deinit {
    busReaderMemory.deallocate()
    busWriterMemory.deallocate()
    datagram.deallocate()
  }

  static func makeController(epoch: UInt32) -> ControllerSession {
    let profile = RobotProfile(
      family: "\(configuration.family)", observationSize: configuration.observationSize,
      actionSize: configuration.actionSize, periodNanoseconds: configuration.periodNanoseconds)
    return ControllerSession(profile: profile, model: "test", epoch: epoch, silenceNanoseconds: 500_000_000)
  }

  /// Lets time pass, a millisecond at a time, with sensors that answer and a controller that does `onObservation`.
  func run(milliseconds: Int, says hello: Bool = true, onObservation: (FirmwareRig) -> Void = { _ in }) {
    for _ in 0..<milliseconds {
      now += 1_000_000
      application.poll(now: now)
      exchange(onObservation: onObservation)
      if hello {
        _ = controller.poll(now: now)
        toFirmware(controller.reply)
      }
    }
  }

  /// A controller that starts anew, with another epoch.
  func restartController() { controller = Self.makeController(epoch: 8) }

  /// Carries what waits on both lines.
  func exchange(onObservation: (FirmwareRig) -> Void = { _ in }) {
    readBus()
    if isAsked, let state {
      isAsked = false
      sensors.counter = request.counter
      toFirmware(bus: busWriter.encode(sensors, state: state, count: state.count))
      sensors.step += 1
    }
    let bytes = Array(application.linkOutput)
    application.linkTook(bytes.count)
    for byte in bytes where rp_line_push(&decoder, byte) == RP_LINE_FRAME {
      let frame = UnsafeRawBufferPointer(start: datagram, count: decoder.count)
      let event = controller.receive(frame, now: now, observation: &observation)
      if event == .taskRefused { refusals.append("\(controller.peerText)") }
      if event == .observation {
        observations += 1
        onObservation(self)
      }
      toFirmware(controller.reply)
    }
  }

  /// Answers the last observation; with `later`, entries of the plan come along.
  func answer(
    _ values: [Float], later: [[Float]] = [], mode: CommandMode = .plan, entry: UInt32 = 0, rearms: Bool = false
  ) {
    var action = ActionMessage()
    action.answer(observation)
    action.rearms = rearms
    action.mode = mode
    action.planEntry = entry
    for (index, value) in values.enumerated() { action.command[index] = value }
    action.laterEntries = later.count
    for (index, value) in later.joined().enumerated() { action.laterCommands[index] = value }
    toFirmware(controller.encode(action))
  }

  /// Asks for a task.
  func ask(task: UInt32, number: UInt32) {
    toFirmware(
      controller.encode(
        TaskRequest(task: task, seed: 1, number: number, keepsState: false, behaviour: FixedText())))
  }

  /// Bytes of a frame as they travel on the link.
  func line(_ frame: UnsafeRawBufferPointer) -> [UInt8] {
    var line = [UInt8](repeating: 0, count: frame.count + frame.count / 254 + 3)
    let count = rp_line_encode(frame.baseAddress!.assumingMemoryBound(to: UInt8.self), frame.count, &line)
    return Array(line.prefix(count))
  }

  func toFirmware(_ frame: UnsafeRawBufferPointer) {
    if frame.count > 0 { toFirmware(link: line(frame)) }
  }

  func toFirmware(link bytes: [UInt8]) {
    bytes.withUnsafeBytes { application.receiveFromLink($0, now: now) }
    readBus()
  }

  func toFirmware(bus bytes: UnsafeRawBufferPointer) { application.receiveFromBus(bytes, now: now) }

  private func readBus() {
    let bytes = Array(application.busOutput)
    application.busTook(bytes.count)
    for byte in bytes {
      switch busReader.push(byte) {
      case .request(let asked):
        request = asked
        isAsked = true
      case .drive(let frame):
        drive = frame
        command = Array(UnsafeBufferPointer(start: busReader.values, count: busReader.count))
        driveFrames += 1
      default: break
      }
    }
  }
}
