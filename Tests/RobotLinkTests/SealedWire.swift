// Both ends' seals with a wire between them that somebody else reads, writes and keeps a record of.

import RobotLink

let testKey = try! LinkKey(bytes: Array(0..<32))

/// Seals around a robot's and a controller's frames; every datagram is recorded with the starts of both ends it was
/// made in.
final class SealedWire {
  struct Record {
    var bytes: [UInt8], toRobot: Bool, from: PeerAddress
    var robotStart: Int, controllerStart: Int
  }

  var robot: RobotSeal
  var controller: ControllerSeal
  let quiet: UInt64
  private(set) var robotStart = 0, controllerStart = 0
  private(set) var records: [Record] = []
  private(set) var counts: [Rejection: Int] = [:]
  /// Frames that were let through though they were made in another start of either end, or had been let through before.
  private(set) var wrongs = 0
  private var passed: Set<[UInt8]> = []
  private let robotKey: LinkKey, controllerKey: LinkKey

  init(
    robot robotKey: LinkKey = testKey, controller controllerKey: LinkKey = testKey, quiet: UInt64 = 100 * millisecond
  ) {
    (self.robotKey, self.controllerKey, self.quiet) = (robotKey, controllerKey, quiet)
    robot = RobotSeal(key: robotKey)
    controller = ControllerSeal(key: controllerKey, quietNanoseconds: quiet)
  }

  func restartRobot() {
    robot = RobotSeal(key: robotKey)
    robotStart += 1
  }

  func restartController() {
    controller = ControllerSeal(key: controllerKey, quietNanoseconds: quiet)
    controllerStart += 1
  }

  /// What goes out for a frame of the controller's, if anything does.
  func fromController(_ frame: [UInt8], address: PeerAddress, now: UInt64) -> [UInt8] {
    record(frame.withUnsafeBytes { Array(controller.send($0, now: now)) }, toRobot: true, from: address)
  }

  /// What goes out for a frame of the robot's.
  func fromRobot(_ frame: [UInt8], to address: PeerAddress) -> [UInt8] {
    record(frame.withUnsafeBytes { Array(robot.send($0, to: address)) }, toRobot: false, from: address)
  }

  /// A datagram reaches the robot: the frame that it lets through, and its answer.
  func toRobot(_ bytes: [UInt8], from address: PeerAddress, now: UInt64) -> (frame: [UInt8]?, reply: [UInt8]) {
    let result = bytes.withUnsafeBytes { robot.receive($0, from: address, now: now) }
    let frame = judge(result, bytes, UnsafePointer(robot.plain), toRobot: true)
    return (frame, record(Array(robot.reply), toRobot: false, from: address))
  }

  /// The same at the controller.
  func toController(_ bytes: [UInt8], address: PeerAddress, now: UInt64) -> (frame: [UInt8]?, reply: [UInt8]) {
    let result = bytes.withUnsafeBytes { controller.receive($0, now: now) }
    let frame = judge(result, bytes, UnsafePointer(controller.plain), toRobot: false)
    return (frame, record(Array(controller.reply), toRobot: true, from: address))
  }

  private func record(_ bytes: [UInt8], toRobot: Bool, from address: PeerAddress) -> [UInt8] {
    if !bytes.isEmpty {
      records.append(
        Record(
          bytes: bytes, toRobot: toRobot, from: address, robotStart: robotStart, controllerStart: controllerStart))
    }
    return bytes
  }

  private func judge(
    _ result: Unsealed, _ bytes: [UInt8], _ plain: UnsafePointer<UInt8>, toRobot: Bool
  ) -> [UInt8]? {
    switch result {
    case .handled: return nil
    case .rejected(let reason):
      counts[reason, default: 0] += 1
      return nil
    case .frame(let count):
      let origin = records.last { $0.bytes == bytes }
      let isGenuine = origin.map {
        $0.toRobot == toRobot && $0.robotStart == robotStart && $0.controllerStart == controllerStart
      }
      if isGenuine != true || !passed.insert(bytes).inserted { wrongs += 1 }
      return Array(UnsafeBufferPointer(start: plain, count: count))
    }
  }
}
