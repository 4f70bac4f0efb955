// A link with a key between the programs themselves: it drives, and what comes twice, changed or from strangers is
// dropped.

import Foundation
import RobotLink
import Testing

@Suite("A link with a key") struct SealedLinkTests {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("sealed-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// A new key, as a user makes it.
  func makeKey(_ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    let (status, output, _) = try Program.run("metadiffuserd", "make-key", path)
    #expect(status == 0)
    #expect(output.contains(path))
    return path
  }

  func robot(_ link: String, _ arguments: String...) throws -> Program {
    try Program(
      "metadiffuser",
      ["simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", link, "--lockstep", "--json"] + arguments)
  }

  @Test
  func `through a peer that doubles every datagram and changes some, it drives, and counts each of them`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (model, key) = (try makeModel(), try makeKey("key"))
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (near, far) = ("udp://127.0.0.1:\(freshPort())", "udp://127.0.0.1:\(freshPort())")
    let robot = try robot(near, "--key", key, "--episodes", "2", "--wait", "20")
    let proxy = try Program(
      "metadiffuser",
      [
        "fault", "--inject", "--robot", near, "--controller", far, "--fault", "duplicate",
        // Not to the end: a goodbye that is changed does not arrive, and the controller would wait for the robot.
        "--fault", "corrupt rate=0.05 for=3",
      ])
    defer { proxy.kill() }
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", far, "--key", key, "--exit-with-robot", "--json"])
    let (robotStatus, robotOutput, _) = try robot.finish()
    let (status, output, _) = try controller.finish()
    #expect(robotStatus == 0)
    #expect(status == 0)
    let (robotReport, report) = (try object(robotOutput), try object(output))
    #expect((robotReport["returns"] as? [Double])?.count == 2)
    #expect(report["episodes"] as? Int == 2)
    for rejected in [robotReport["frames_rejected"], report["frames_rejected"]] {
      let counts = rejected as? [String: Int] ?? [:]
      #expect(counts["replayed", default: 0] > 30, "\(counts)")
      // Nothing of it has come as far as checksum, parser or sequence filter.
      #expect(Set(counts.keys).isSubset(of: ["replayed", "forged", "other_session", "unauthenticated"]), "\(counts)")
    }
  }

  @Test(arguments: [true, false])
  func `a controller with another key, or with none, does not get to drive`(hasKey: Bool) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (model, key, other) = (try makeModel(), try makeKey("key"), try makeKey("other"))
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = "udp://127.0.0.1:\(freshPort())"
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", link, "--exit-with-robot"] + (hasKey ? ["--key", other] : []))
    defer { controller.kill() }
    let (status, _, errors) = try robot(link, "--key", key, "--wait", "1").finish()
    #expect(status == 69)
    #expect(errors.contains("no controller came"))
    #expect(!errors.contains("controller connected"))
  }

  @Test func `a robot that is killed and restarted is driven again, and its old datagrams are worth nothing`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (model, key) = (try makeModel(), try makeKey("key"))
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = "udp://127.0.0.1:\(freshPort())"
    let first = try robot(link, "--key", key, "--wait", "20")
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", link, "--key", key, "--exit-with-robot", "--json"])
    while try !first.errors().contains("episode 1:") { usleep(10_000) }
    first.kill()
    let second = try robot(link, "--key", key, "--episodes", "1", "--wait", "20")
    let (status, output, _) = try second.finish()
    #expect(status == 0)
    let rejected = try object(output)["frames_rejected"] as? [String: Int] ?? [:]
    // What the former self was sent last, before the new one has shaken hands: of another session, or from a stranger.
    #expect(Set(rejected.keys).isSubset(of: ["other_session", "stranger"]), "\(rejected)")
    let (controllerStatus, _, _) = try controller.finish()
    #expect(controllerStatus == 0)
  }

  @Test func `where other machines can reach the link both ends ask for a key or a flag, and end with 64`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (model, key) = (try makeModel(), try makeKey("key"))
    defer { try? FileManager.default.removeItem(atPath: model) }
    // An address that belongs to nobody, and all of this machine's.
    let (away, all) = ("udp://192.0.2.1:5600", "udp://0.0.0.0:\(freshPort())")
    let ends = [
      try Program.run("metadiffuserd", "--model", model, "--link", away), try robot(all, "--wait", "1").finish(),
    ]
    for (status, _, errors) in ends {
      #expect(status == 64)
      for word in ["make-key FILE", "--key FILE", "--allow-unkeyed"] { #expect(errors.contains(word), "\(errors)") }
    }
    for permission in [["--key", key], ["--allow-unkeyed"]] {
      let waiting = try Program(
        "metadiffuser",
        ["simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", all, "--wait", "0.1"] + permission)
      #expect(try waiting.finish().status == 69)
      let controller = try Program("metadiffuserd", ["--model", model, "--link", away] + permission)
      while try !controller.errors().contains("waiting for the robot"), !controller.hasEnded(by: 0) { usleep(5_000) }
      #expect(!controller.hasEnded(by: 0))
      controller.signal(SIGTERM)
      #expect(try controller.finish().status == 0)
    }
  }

  @Test func `a key file that others may read, or that holds no key, ends with 65, a missing one with 1`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (model, key) = (try makeModel(), try makeKey("key"))
    defer { try? FileManager.default.removeItem(atPath: model) }
    let empty = "\(folder)/empty"
    try Data().write(to: URL(fileURLWithPath: empty))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: empty)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
    for (path, expected, word) in [(key, Int32(65), "chmod 600"), (empty, 65, "make-key"), ("/no/such", 1, "/no/such")]
    {
      let (status, _, errors) = try Program.run("metadiffuserd", "--model", model, "--key", path)
      #expect(status == expected)
      #expect(errors.contains(path))
      #expect(errors.contains(word))
      let (robotStatus, _, robotErrors) = try robot("udp://127.0.0.1:\(freshPort())", "--key", path).finish()
      #expect(robotStatus == expected)
      #expect(robotErrors.contains(word))
    }
    let (status, _, errors) = try Program.run("metadiffuserd", "make-key", key)
    #expect(status == 65)
    #expect(errors.contains("exists already"))
    let (lineStatus, _, lineErrors) = try Program.run(
      "metadiffuserd", "--model", model, "--link", "serial:///dev/null", "--key", try makeKey("good"))
    #expect(lineStatus == 69)
    #expect(lineErrors.contains("udp://"))
  }
}
