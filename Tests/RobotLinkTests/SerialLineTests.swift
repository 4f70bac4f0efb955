// Both endpoints on a real pseudo-terminal: driven, damaged, unplugged and plugged in again.

import CAllocationCounter
import Foundation
import RobotLink
import Testing

@Suite("Serial line") struct SerialLineTests {
  /// An end that can be taken away while the test goes on.
  final class Holder<End: ~Copyable> {
    var end: End
    init(_ end: consuming End) { self.end = end }
  }

  /// A robot that makes a pseudo-terminal and a controller that opens it.
  final class Line {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("tty-\(UUID().uuidString)").path
    var robot: Holder<RobotEndpoint>?
    var controller: Holder<ControllerEndpoint>?
    var outgoing = ObservationMessage()
    var answer = ActionMessage()

    init() throws {
      robot = try makeRobot()
      controller = try makeController()
    }

    func makeRobot() throws(LinkError) -> Holder<RobotEndpoint> {
      Holder(
        try RobotEndpoint(
          listeningAt: .pty(path: path), description: describe(cheetah), silenceNanoseconds: 10_000 * millisecond))
    }

    func makeController() throws(LinkError) -> Holder<ControllerEndpoint> {
      Holder(
        try ControllerEndpoint(
          connectingTo: .serial(path: path, baud: 921_600), profile: cheetah, model: "test",
          silenceNanoseconds: 100 * millisecond))
    }

    /// Serves both ends in turn until the controller has heard the robot's description, at most 5 s.
    func shakeHands() -> Bool {
      let limit = soon()
      while monotonicNanoseconds() < limit {
        let event = controller!.end.next(until: monotonicNanoseconds() + 5 * millisecond)
        if event == .link(.connected) { return true }
        _ = robot?.end.next(until: monotonicNanoseconds() + 5 * millisecond)
      }
      return false
    }

    /// One control period's messages; true if both arrived.
    func exchange() -> Bool {
      let sequence = robot!.end.send(outgoing)
      guard controller!.end.next(until: soon()) == .link(.observation) else { return false }
      answer.answer(controller!.end.observation)
      controller!.end.send(answer)
      return robot!.end.next(until: soon()) == .action && robot!.end.action.observationSequence == sequence
    }

    func soon() -> UInt64 { monotonicNanoseconds() + 5_000 * millisecond }

    /// Writes bytes into the line from the controller's side, as noise does.
    func disturb(_ bytes: [UInt8]) {
      let port = open(path, O_WRONLY | O_NOCTTY)
      #expect(write(port, bytes, bytes.count) == bytes.count)
      close(port)
    }
  }

  @Test func `the two ends meet and exchange five hundred periods without loss and without an allocation`() throws {
    let line = try Line()
    let met = line.shakeHands()
    #expect(met)
    _ = line.exchange()
    let before = ac_allocations()
    var exchanged = 0
    for _ in 0..<500 where line.exchange() { exchanged += 1 }
    let allocations = ac_allocations() - before
    #expect(exchanged == 500)
    #expect(allocations == 0)
    let (lost, rejected) = (line.robot!.end.session.counters.lost, line.robot!.end.session.counters.rejected)
    #expect((lost, rejected) == (0, 0))
  }

  @Test func `noise on the line is counted and costs no frame but those it hits`() throws {
    let line = try Line()
    _ = line.shakeHands()
    line.disturb([9, 1, 2, 3])
    let afterOpenNoise = line.exchange()
    line.disturb([0, 5, 1, 0, 0, 1, 0] + [UInt8](repeating: 7, count: 30))
    let afterDelimiters = line.exchange()
    #expect(afterOpenNoise && afterDelimiters)
    let broken = line.robot!.end.session.counters[.broken]
    let rejected = line.robot!.end.session.counters.rejected
    // 9 1 2 3 up to the next frame's zero; 5 1 and 1; the thirty sevens.
    #expect(broken >= 3)
    #expect(rejected == 4)
  }

  @Test func `a frame longer than any may be is counted as such`() throws {
    let line = try Line()
    _ = line.shakeHands()
    // The pseudo-terminal takes some 4 000 bytes before somebody reads.
    for _ in 0..<5 {
      line.disturb([UInt8](repeating: 1, count: 1_000))
      _ = line.robot!.end.next(until: monotonicNanoseconds() + 2 * millisecond)
    }
    let exchanged = line.exchange()
    #expect(exchanged)
    let tooLong = line.robot!.end.session.counters[.tooLong]
    #expect(tooLong == 1)
  }

  @Test func `a robot that is unplugged and comes back under the same path is driven again`() throws {
    let line = try Line()
    _ = line.shakeHands()
    line.robot = nil
    #expect(!FileManager.default.fileExists(atPath: line.path))
    let silent = line.controller!.end.next(until: line.soon())
    #expect(silent == .silent)
    let gone = line.controller!.end.reach
    #expect(gone == .noDevice)
    line.robot = try line.makeRobot()
    let met = line.shakeHands()
    let driven = line.exchange()
    #expect(met && driven)
  }

  @Test func `a controller may come before the device and may be replaced at any time`() throws {
    let line = try Line()
    line.controller = nil
    line.robot = nil
    line.controller = try line.makeController()
    let waiting = line.controller!.end.reach
    #expect(waiting == .noDevice)
    line.robot = try line.makeRobot()
    let met = line.shakeHands()
    #expect(met)
    line.controller = nil
    line.controller = try line.makeController()
    let again = line.shakeHands()
    let driven = line.exchange()
    #expect(again && driven)
  }

  @Test func `a line in use, a path that is no tty, and one taken by a file are errors with a cure`() throws {
    let line = try Line()
    func message(_ open: () throws(LinkError) -> Void) -> String {
      do throws(LinkError) {
        try open()
        return ""
      } catch {
        return error.description
      }
    }
    let held = message { () throws(LinkError) in _ = try line.makeController() }
    #expect(held.contains("another process holds it"))
    let file = line.path + ".file"
    try Data().write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let noTTY = message { () throws(LinkError) in
      _ = try ControllerEndpoint(
        connectingTo: .serial(path: file, baud: 9600), profile: cheetah, model: "", silenceNanoseconds: 1)
    }
    #expect(noTTY.contains("no tty") && noTTY.contains("find-port"))
    let taken = message { () throws(LinkError) in
      _ = try RobotEndpoint(listeningAt: .pty(path: file), description: describe(cheetah), silenceNanoseconds: 1)
    }
    #expect(taken.contains("no symbolic link"))
  }
}
