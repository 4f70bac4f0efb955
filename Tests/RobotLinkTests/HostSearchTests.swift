// A controller's way to its robot: names that nobody knows, addresses that change, lines that are too slow.

import CDatagram
import Foundation
import RobotLink
import Testing

@Suite("Way to the robot") struct HostSearchTests {
  /// A socket, and who it is connected to.
  private final class Socket {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    deinit { close(descriptor) }

    /// Address and port of either end.
    func end(_ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32)
      -> PeerAddress?
    {
      var native = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let code = withUnsafeMutablePointer(to: &native) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &size) }
      }
      guard code == 0 else { return nil }
      return PeerAddress(host: UInt32(bigEndian: native.sin_addr.s_addr), port: UInt16(bigEndian: native.sin_port))
    }
  }

  /// What a search comes to within five seconds.
  private func reach(host: String) throws -> LinkReach {
    let socket = Socket()
    guard var search = HostSearch(host: host, port: 5600) else { return .unknown }
    let end = monotonicNanoseconds() + 5_000_000_000
    while search.reach == .unknown, monotonicNanoseconds() < end {
      search.aim(socket.descriptor, now: monotonicNanoseconds())
      usleep(1000)
    }
    return search.reach
  }

  @Test func `numbers and names that are known open the way; a name that nobody can have says why not`() throws {
    #expect(try reach(host: "127.0.0.1") == .open)
    #expect(try reach(host: "localhost") == .open)
    let nobody = try reach(host: "no host")
    guard case .noHost = nobody else {
      Issue.record("\(nobody)")
      return
    }
    #expect(nobody.cause?.isEmpty == false)
  }

  @Test func `a socket keeps its port while its way is good, follows another address, or has no peer`() throws {
    let socket = Socket()
    let (first, second) = (dg_address(host: 0x7F00_0001, port: 5600), dg_address(host: 0x7F00_0009, port: 5601))
    #expect(dg_aim(socket.descriptor, first) == 0)
    let own = try #require(socket.end(getsockname))
    #expect(socket.end(getpeername) == PeerAddress(host: first.host, port: first.port))
    #expect(dg_aim(socket.descriptor, first) == 0)
    #expect(socket.end(getsockname) == own)
    #expect(dg_aim(socket.descriptor, second) == 0)
    #expect(socket.end(getpeername) == PeerAddress(host: second.host, port: second.port))
    // Broadcast is refused to a socket that has not asked for it, on every machine.
    #expect(dg_aim(socket.descriptor, dg_address(host: 0xFFFF_FFFF, port: 5600)) < 0)
    #expect(socket.end(getpeername) == nil)
    #expect(dg_aim(socket.descriptor, first) == 0)
    #expect(socket.end(getpeername) == PeerAddress(host: first.host, port: first.port))
  }

  @Test func `a name is asked for once per second, and the robot is found when it becomes known`() throws {
    var robot = try RobotEndpoint(
      listeningAt: LinkAddress(host: "127.0.0.1", port: 0),
      description: RobotDescription(
        profile: RobotProfile(family: "f", observationSize: 2, actionSize: 1, periodNanoseconds: 10_000_000), name: "r",
        actionLimit: 1, episodeLength: 5, lockstep: false), silenceNanoseconds: 1_000_000_000)
    var controller = try ControllerEndpoint(
      connectingTo: LinkAddress(host: "localhost", port: robot.port),
      profile: RobotProfile(family: "f", observationSize: 2, actionSize: 1, periodNanoseconds: 10_000_000), model: "m",
      silenceNanoseconds: 1_000_000_000)
    #expect(controller.reach == .unknown)
    let end = monotonicNanoseconds() + 5_000_000_000
    var event = ControllerEndpoint.Event.timeout
    while event != .link(.connected), monotonicNanoseconds() < end {
      event = controller.next(until: monotonicNanoseconds() + 2_000_000)
      _ = robot.next(until: monotonicNanoseconds() + 2_000_000)
    }
    #expect(event == .link(.connected))
    #expect(controller.reach == .open)
  }

  @Test func `what is known about the way is read whole by another thread`() {
    let all: [LinkReach] = [
      .unknown, .open, .noHost(code: EAI_NONAME), .noHost(code: .min), .noRoute(code: ENETUNREACH),
      .noRoute(code: .max),
      .noDevice,
    ]
    for reach in all { #expect(LinkReach(word: reach.word) == reach) }
  }

  @Test(
    arguments: [(3, 1), (27, 8), (512, 128)])
  func `the load of a line is that of the frames a robot and a controller really send`(sizes: (Int, Int)) {
    let profile = RobotProfile(
      family: "family", observationSize: sizes.0, actionSize: sizes.1, periodNanoseconds: 20_000_000)
    let load = LineLoad(profile: profile, laterEntries: 1)
    var robot = RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: 1, episodeLength: 9, lockstep: false), epoch: 1,
      silenceNanoseconds: .max)
    var controller = ControllerSession(profile: profile, model: "m", epoch: 2, silenceNanoseconds: .max)
    var observation = ObservationMessage()
    var action = ActionMessage()
    // The first of a drive is the smallest: no reward, no action before, small numbers.
    let least = serialBytes(robot.encode(observation))
    (observation.step, observation.reward, observation.sampleTimeNanoseconds) = (5, -1, 1 << 40)
    #expect(serialBytes(robot.encode(observation)) <= load.observationBytes)
    #expect(load.observationBytes - least < 40 + 4 * sizes.1 + 8)
    (action.mode, action.laterEntries, action.predictedReturn) = (.plan, 1, 2)
    (action.observationEpoch, action.observationSequence) = (.max, 77)
    let one = serialBytes(controller.encode(action))
    #expect(one <= load.actionBytes && load.actionBytes - one < 30)
    #expect(LineLoad(profile: profile, laterEntries: 3).actionBytes >= load.actionBytes + 8 * sizes.1)
  }

  @Test func `a byte takes ten bits' time, and the least rate carries the load in its time, and no slower one does`() {
    #expect(LineLoad.nanoseconds(96, baud: 9600) == 100_000_000)
    let profile = RobotProfile(family: "f", observationSize: 17, actionSize: 6, periodNanoseconds: 50_000_000)
    let load = LineLoad(profile: profile, laterEntries: 1)
    let bytes = load.observationBytes + load.actionBytes
    let baud = UInt32(load.leastBaud(nanoseconds: 25_000_000))
    #expect(LineLoad.nanoseconds(bytes, baud: baud) <= 25_000_000)
    #expect(LineLoad.nanoseconds(bytes, baud: baud - 1) > 25_000_000)
  }
}
