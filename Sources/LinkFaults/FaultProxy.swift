// Stands between a robot and its controllers and lets every frame pass through the faults: two transports and a loop.

import RobotLink

/// A proxy on two links: it listens like a robot for controllers, and connects like a controller to the robot.
public final class FaultProxy {
  public private(set) var injector: FaultInjector
  private let robot: LinkTransport
  private let controller: LinkTransport
  /// Where the robot's frames go: to the controller heard last.
  private var peer: PeerAddress?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LinkLimits.sealedDatagramBytes, alignment: 16)
  /// Pieces of frames on serial lines that were thrown away.
  public private(set) var broken = 0

  /// - Parameters:
  ///   - robot: where the robot is, as a controller would reach it.
  ///   - controller: where controllers will look for the robot.
  public init(robot: LinkAddress, controller: LinkAddress, injector: FaultInjector) throws(LinkError) {
    self.injector = injector
    self.robot = try LinkTransport(.connecting, robot)
    self.controller = try LinkTransport(.listening, controller)
  }

  deinit { buffer.deallocate() }

  /// The UDP port controllers find it at; 0 on a serial line.
  public var port: UInt16 { controller.port }

  /// Carries frames until CLOCK_MONOTONIC shows `nanoseconds`.
  public func run(until nanoseconds: UInt64) {
    while true {
      drain(robot, toward: .toController)
      drain(controller, toward: .toRobot)
      let now = monotonicNanoseconds()
      for frame in injector.takeDue(now: now) {
        // A frame that the system does not take is lost, as on any link.
        _ = frame.bytes.withUnsafeBytes { bytes in
          switch frame.direction {
          case .toRobot: robot.send(bytes, to: nil)
          case .toController: peer.map { controller.send(bytes, to: $0) } ?? false
          }
        }
      }
      if now >= nanoseconds { return }
      LinkTransport.wait(for: robot, or: controller, until: min(nanoseconds, injector.nextDue ?? .max))
    }
  }

  private func drain(_ transport: borrowing LinkTransport, toward direction: Direction) {
    var sender = PeerAddress.line
    // Bounded, so that a flood on one side does not starve the other.
    for _ in 0..<64 {
      switch transport.receive(into: buffer, from: &sender) {
      case .nothing: return
      case .rejected: broken += 1
      case .handled: break
      case .frame(let count):
        // What is too long for a frame is thrown away as a robot would.
        guard count <= buffer.count else { continue }
        if direction == .toRobot { peer = sender }
        injector.pass(Array(buffer[..<count]), toward: direction, now: monotonicNanoseconds())
      }
    }
  }
}
