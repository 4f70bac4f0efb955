// Both ends of a sealed link under any input: nothing passes that was not made with the session's keys, and nothing
// twice.

import CSeal
import RobotLink

enum SealFuzzing {
  private static let keyBytes = [UInt8](repeating: 0x5A, count: 32)
  private static let key = try! LinkKey(bytes: keyBytes)
  private static let address = PeerAddress(host: 1, port: 2)

  /// The first byte says how the others are used: as they are, as nonces of a hand-shake with the right tag, or as a
  /// frame. True if a frame passed.
  static func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 1, bytes.count <= 8_000 else { return false }
    let rest = Array(bytes.dropFirst())
    var robot = RobotSeal(key: key)
    var controller = ControllerSeal(key: key, quietNanoseconds: 1_000)
    var made = [UInt8]([1]).withUnsafeBytes { Array(controller.send($0, now: 10_000)) }
    switch bytes[0] % 4 {
    case 0, 1:
      // Before a session, and with one.
      if bytes[0] % 4 == 1 { open(&robot, &controller, made) }
      receive(rest, &robot, &controller)
    case 2:
      // Nonces and kind at will, under a right tag: answered, or not, and no frame comes of it.
      for index in 0..<min(33, rest.count) { made[index] = rest[index] }
      seal_digest(keyBytes, made, 33, &made[33], 16)
      receive(made, &robot, &controller)
    default:
      // A frame at will, rightly sealed: it passes once, as it is.
      open(&robot, &controller, made)
      guard rest.count <= LinkLimits.datagramBytes else { return false }
      let sealed = rest.withUnsafeBytes { Array(controller.send($0, now: 10_001)) }
      let first = sealed.withUnsafeBytes { robot.receive($0, from: address, now: 10_001) }
      precondition(first == .frame(rest.count))
      for index in 0..<rest.count { precondition(robot.plain[index] == rest[index]) }
      receive(sealed, &robot, &controller)
    }
    return bytes[0] % 4 == 1 || bytes[0] % 4 == 3
  }

  /// Something in a session, and frames.
  static var seeds: [[UInt8]] { [[1, 0, 0, 0], [3, 1, 2, 3], [3] + [UInt8](repeating: 7, count: 60)] }

  private static func open(_ robot: inout RobotSeal, _ controller: inout ControllerSeal, _ opening: [UInt8]) {
    _ = opening.withUnsafeBytes { robot.receive($0, from: address, now: 10_000) }
    _ = controller.receive(robot.reply, now: 10_000)
    let first = robot.receive(controller.reply, from: address, now: 10_000)
    precondition(first == .frame(1))
  }

  /// To both ends, at an address of its own size: no frame, and no answer longer than the question.
  private static func receive(_ bytes: [UInt8], _ robot: inout RobotSeal, _ controller: inout ControllerSeal) {
    let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { exact.deallocate() }
    exact.copyBytes(from: bytes)
    let atRobot = robot.receive(UnsafeRawBufferPointer(exact), from: address, now: 10_002)
    let atController = controller.receive(UnsafeRawBufferPointer(exact), now: 10_002)
    if case .frame = atRobot { preconditionFailure("the robot lets a forgery through") }
    if case .frame = atController { preconditionFailure("the controller lets a forgery through") }
    precondition(robot.reply.count <= bytes.count)
  }
}
