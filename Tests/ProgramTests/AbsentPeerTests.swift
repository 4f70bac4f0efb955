// A robot's host or device that is not there: waited for and told, or an end with a status, as the user chooses.

import Foundation
import RobotLink
import Testing

@Suite("A peer that is not there") struct AbsentPeerTests {
  /// A name that no name service is asked for, and a device that nobody has.
  static let absent = [
    ("udp://no host:5600", "the host of udp://no host:5600 is not known"),
    ("serial:///dev/tty-none?baud=115200", "the device of serial:///dev/tty-none?baud=115200 is not there"),
  ]

  @Test(arguments: absent)
  func `it is waited for, and the waiting is told and stopped at once`(link: String, words: String) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let controller = try Program("metadiffuserd", ["--model", model, "--link", link, "--allow-unkeyed", "--json"])
    let end = monotonicNanoseconds() + 20_000_000_000
    while try !controller.errors().contains(words), monotonicNanoseconds() < end { usleep(5000) }
    #expect(try controller.errors().contains(words))
    let start = monotonicNanoseconds()
    controller.signal(SIGTERM)
    #expect(controller.hasEnded(by: start + StopTests.withinNanoseconds))
    controller.kill()
    let (status, _, errors) = try controller.finish()
    #expect(status == 0)
    #expect(errors.components(separatedBy: words).count == 2, "told \(errors)")
  }

  @Test(arguments: absent) func `with --no-wait it is an end with status 69`(link: String, words: String) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (status, output, errors) = try Program.run(
      "metadiffuserd", "--model", model, "--link", link, "--allow-unkeyed", "--no-wait")
    #expect(status == 69)
    #expect(output.isEmpty)
    #expect(errors.contains(words))
    #expect(errors.contains("leave --no-wait out"))
  }
}
