// The proxy between a robot and a controller: over UDP, over two pseudo-terminals, and from one to the other.

import Foundation
import LinkFaults
import RobotLink
import Testing

@Suite("Fault proxy") struct ProxyTests {
  static let profile = RobotProfile(family: "f", observationSize: 3, actionSize: 2, periodNanoseconds: 50_000_000)

  enum Wiring: CaseIterable { case udp, lines, udpToLine }

  @Test(arguments: Wiring.allCases)
  func `robot and controller meet through it and exchange every frame`(wiring: Wiring) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-\(UUID().uuidString)").path
    let (near, far) = (folder + "-robot", folder + "-controller")
    let isRobotUDP = wiring != .lines
    let isControllerUDP = wiring == .udp
    var robot = try RobotEndpoint(
      listeningAt: isRobotUDP ? .udp(host: "127.0.0.1", port: 0) : .pty(path: near),
      description: RobotDescription(
        profile: Self.profile, name: "", actionLimit: 1, episodeLength: 0, lockstep: false),
      silenceNanoseconds: 60_000_000_000)
    let proxy = try FaultProxy(
      robot: isRobotUDP ? .udp(host: "127.0.0.1", port: robot.port) : .serial(path: near, baud: 921_600),
      controller: isControllerUDP ? .udp(host: "127.0.0.1", port: 0) : .pty(path: far),
      injector: FaultInjector([], seed: 1))
    var controller = try ControllerEndpoint(
      connectingTo: isControllerUDP ? .udp(host: "127.0.0.1", port: proxy.port) : .serial(path: far, baud: 921_600),
      // On a line a Hello is not padded: by way of UDP it is its model's name that makes it as long as its answer.
      profile: Self.profile, model: "m.safetensors", silenceNanoseconds: 60_000_000_000)
    // Lets the three take turns, a millisecond each, until it is done or 5 s have passed.
    var (met, answers) = (false, 0)
    var observation = ObservationMessage()
    var action = ActionMessage()
    let limit = monotonicNanoseconds() + 5_000_000_000
    func soon() -> UInt64 { monotonicNanoseconds() + 1_000_000 }
    while answers < 100, monotonicNanoseconds() < limit {
      switch controller.next(until: soon()) {
      case .link(.connected):
        met = true
        _ = robot.send(observation)
      case .link(.observation):
        action.answer(controller.observation)
        controller.send(action)
      default: break
      }
      proxy.run(until: soon())
      if robot.next(until: soon()) == .action {
        answers += 1
        observation.sampleTimeNanoseconds += 1
        _ = robot.send(observation)
      }
      proxy.run(until: soon())
    }
    #expect(met)
    #expect(answers == 100)
    let lost = (robot.session.counters.lost, controller.session.counters.lost)
    #expect(lost == (0, 0))
    #expect(proxy.injector.delivered[.toRobot]! >= 100)
  }
}
