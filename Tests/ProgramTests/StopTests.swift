// Stopping what drives, or is driven, whatever has become of its terminal: it ends at once, and the other side is told.

import CSerialPort
import Foundation
import RobotLink
import Testing

@Suite("stopping") struct StopTests {
  enum Link: String, CaseIterable { case udp, serial }

  /// What the program is to do within 100 ms, with slack for a machine that does other work besides.
  static let withinNanoseconds: UInt64 = 1_000_000_000

  @Test(
    arguments: Stream.State.allCases,
    Link.allCases)
  func `metadiffuserd says goodbye and ends, even if nobody reads its standard error`(state: Stream.State, link: Link)
    throws
  {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let stream = try Stream(state)
    let (robotEnd, controllerEnd) = try addresses(link)
    let robot = try Robot(at: robotEnd)
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", controllerEnd, "--json"], wrapper: stream.wrapper,
      errors: stream.far)
    // Long enough for news and, on the terminal, some live lines.
    try #require(robot.wait(forActions: 8), "the robot is not driven")
    let start = monotonicNanoseconds()
    controller.signal(SIGTERM)
    #expect(robot.waitForGoodbye(until: start + Self.withinNanoseconds), "no goodbye came")
    #expect(controller.hasEnded(by: start + Self.withinNanoseconds), "it goes on")
    controller.kill()
    let (status, output, _) = try controller.finish()
    #expect(status == 0)
    let dropped = try #require(try object(output)["messages_dropped"] as? Int)
    switch state {
    case .full, .stopped, .gone: #expect(dropped > 0)
    case .closed: #expect(dropped == 0)
    }
    stream.release()
  }

  @Test(
    arguments: Stream.State.allCases,
    [SIGTERM, SIGHUP])
  func `metadiffuser simulate says goodbye and ends, even if nobody reads its standard error`(
    state: Stream.State, number: Int32
  ) throws {
    let stream = try Stream(state)
    let port = freshPort()
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--json",
        "--wait", "20",
      ], wrapper: stream.wrapper, errors: stream.far)
    var controller = try ControllerEndpoint(
      connectingTo: LinkAddress(host: "127.0.0.1", port: port),
      profile: RobotProfile(family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000),
      model: "test", silenceNanoseconds: 20_000_000_000)
    var action = ActionMessage()
    action.mode = .plan
    var answers = 0
    var hasSaidGoodbye = false
    var end = monotonicNanoseconds() + 20_000_000_000
    while !hasSaidGoodbye, monotonicNanoseconds() < end {
      switch controller.next(until: end) {
      case .link(.observation):
        action.answer(controller.observation)
        controller.send(action)
        answers += 1
        if answers == 8 {
          end = monotonicNanoseconds() + Self.withinNanoseconds
          robot.signal(number)
        }
      case .link(.goodbye): hasSaidGoodbye = true
      default: break
      }
    }
    #expect(hasSaidGoodbye, "no goodbye came")
    #expect(robot.hasEnded(by: end), "it goes on")
    robot.kill()
    let (status, output, _) = try robot.finish()
    #expect(status == 0)
    #expect(try object(output)["messages_dropped"] is Int)
    stream.release()
  }

  @Test
  func `messages beyond the queue's room are all there if they are read, and else nobody waits for them`() throws {
    for isRead in [true, false] {
      let port = freshPort()
      let stream = try Stream(.full)
      let robot = try Program(
        "metadiffuser",
        [
          "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--lockstep",
          "--episodes", "450", "--json", "--wait", "20",
        ], errors: isRead ? nil : stream.far)
      _ = try SimulateTests().drive(port: port, command: 0.05)
      let (status, output, errors) = try robot.finish()
      #expect(status == 0)
      let dropped = try object(output)["messages_dropped"] as? Int
      if isRead {
        let lines = errors.split(separator: "\n").filter { $0.hasPrefix("episode ") && $0.hasSuffix("misses 0") }
        #expect(lines.count == 450)
        #expect(errors.utf8.count > 32 * 1024)
        #expect(dropped == 0)
      } else {
        #expect(dropped ?? 0 >= 450)
      }
      stream.release()
    }
  }

  @Test func `a trace on a full disk stops no robot, and is told at the end`() throws {
    let port = freshPort()
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--lockstep",
        "--episodes", "2", "--json", "--wait", "20", "--trace", "/dev/full",
      ])
    #expect(try SimulateTests().drive(port: port, command: 0.05).answers == 42)
    let (status, output, errors) = try robot.finish()
    #expect(status == 1)
    #expect(try (object(output)["returns"] as? [Double])?.count == 2)
    #expect(errors.contains("the trace /dev/full is not whole: No space left on device"))
  }

  @Test func `a summary that nobody reads holds the end up for a second, and is no success`() throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = try addresses(.udp)
    let robot = try Robot(at: link.robot)
    let stream = try Stream(.full)
    let controller = try Program("metadiffuserd", ["--model", model, "--link", link.controller], output: stream.far)
    try #require(robot.wait(forActions: 2), "the robot is not driven")
    let start = monotonicNanoseconds()
    controller.signal(SIGTERM)
    #expect(robot.waitForGoodbye(until: start + Self.withinNanoseconds), "no goodbye came")
    #expect(controller.hasEnded(by: start + Self.withinNanoseconds + 1_000_000_000), "it goes on")
    controller.kill()
    let (status, _, errors) = try controller.finish()
    #expect(status == 1)
    #expect(errors.contains("standard output cannot be written: nobody reads it"))
    stream.release()
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `metadiffuser plant ends while nobody reads its summary`(number: Int32) throws {
    let stream = try Stream(.full)
    let bus = FileManager.default.temporaryDirectory.appendingPathComponent("bus-\(UUID().uuidString)").path
    let plant = try Program("metadiffuser", ["plant", "--task", "1", "--bus", "pty://\(bus)"], output: stream.far)
    defer { unlink(bus) }
    let limit = monotonicNanoseconds() + 20_000_000_000
    while access(bus, F_OK) != 0, monotonicNanoseconds() < limit { usleep(10_000) }
    let start = monotonicNanoseconds()
    plant.signal(number)
    #expect(plant.hasEnded(by: start + Self.withinNanoseconds + 1_000_000_000), "it goes on")
    plant.kill()
    #expect(try plant.finish().status == 1)
    stream.release()
  }

  @Test(arguments: ["2", "0 1 2"])
  func `with descriptors 0 to 2 closed nothing but frames goes onto the serial line`(closed: String) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (robotEnd, controllerEnd) = try addresses(.serial)
    let robot = try Robot(at: robotEnd)
    let script = "exec \"$0\" \"$@\" " + closed.split(separator: " ").map { "\($0)>&-" }.joined(separator: " ")
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", controllerEnd], wrapper: ["sh", "-c", script])
    #expect(robot.wait(forActions: 5))
    let start = monotonicNanoseconds()
    controller.signal(SIGTERM)
    #expect(robot.waitForGoodbye(until: start + Self.withinNanoseconds), "no goodbye came")
    #expect(robot.rejected == 0)
    // A summary that has nowhere to go is no success.
    #expect(try controller.finish().status == (closed == "2" ? 0 : 1))
  }

  @Test func `firmware-host, started with descriptors 0 to 2 closed, opens its lines beyond them`() throws {
    let lines = ["link", "bus"].map { name in
      FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)").path
    }
    var ends: [Int32] = []
    for line in lines {
      var far: Int32 = -1
      ends += [sp_open_pty(line, &far), far]
    }
    defer {
      for end in ends where end >= 0 { close(end) }
      for line in lines { unlink(line) }
    }
    let script = "exec \"$0\" \"$@\" 0<&- >&- 2>&-"
    let firmware = try Program("firmware-host", lines, wrapper: ["sh", "-c", script])
    func target(_ descriptor: Int) -> String {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(firmware.id)/fd/\(descriptor)")) ?? ""
    }
    let limit = monotonicNanoseconds() + 10_000_000_000
    while !(target(3).hasPrefix("/dev/pts/") && target(4).hasPrefix("/dev/pts/")), monotonicNanoseconds() < limit {
      usleep(10_000)
    }
    #expect((0...4).map { target($0).hasPrefix("/dev/pts/") } == [false, false, false, true, true])
    #expect((0...2).map(target) == ["/dev/null", "/dev/null", "/dev/null"])
  }

  /// Where the robot listens, and where the controller looks for it.
  private func addresses(_ link: Link) throws -> (robot: LinkAddress, controller: String) {
    if link == .udp {
      let port = freshPort()
      return (LinkAddress(host: "127.0.0.1", port: port), "udp://127.0.0.1:\(port)")
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("line-\(UUID().uuidString)").path
    return (.pty(path: path), "serial://\(path)")
  }
}

/// A point robot that stands still and asks for an action every 50 ms.
private final class Robot {
  private var endpoint: RobotEndpoint
  private var message = ObservationMessage()

  init(at address: LinkAddress) throws {
    let profile = RobotProfile(
      family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000)
    endpoint = try RobotEndpoint(
      listeningAt: address,
      description: RobotDescription(
        profile: profile, name: "test", actionLimit: 0.1, episodeLength: 1_000_000, lockstep: true),
      silenceNanoseconds: 20_000_000_000)
  }

  /// Frames that were none.
  var rejected: UInt64 { endpoint.session.counters.rejected }

  /// Is driven until so many actions came; false if they do not within 20 s.
  func wait(forActions count: Int) -> Bool {
    let limit = monotonicNanoseconds() + 20_000_000_000
    while endpoint.session.peer == nil, monotonicNanoseconds() < limit {
      _ = endpoint.next(until: monotonicNanoseconds() + 50_000_000)
    }
    for _ in 0..<count {
      observe()
      while endpoint.next(until: monotonicNanoseconds() + 200_000_000) != .action {
        if monotonicNanoseconds() > limit { return false }
        observe()
      }
      // As a robot with a clock: what people are shown takes time to pile up.
      sleepUntil(monotonicNanoseconds() + 50_000_000)
    }
    return true
  }

  private func observe() {
    message.reward = message.step == 0 ? nil : 0
    message.sampleTimeNanoseconds = monotonicNanoseconds()
    endpoint.send(message)
    message.step += 1
  }

  func waitForGoodbye(until nanoseconds: UInt64) -> Bool {
    while monotonicNanoseconds() < nanoseconds {
      if endpoint.next(until: nanoseconds) == .goodbye { return true }
    }
    return false
  }
}
