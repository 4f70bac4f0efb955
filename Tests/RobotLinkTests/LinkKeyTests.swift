// Key files: what is taken for one, and what is refused with the file, the fault and the cure.

import Foundation
import RobotLink
import Testing

@Suite("Link key") struct LinkKeyTests {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Writes `bytes` to a new file with `mode`; its path.
  func file(_ bytes: [UInt8], mode: Int = 0o600) throws -> String {
    let path = "\(folder)/\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  func refusal(_ path: String) -> String {
    do throws(LinkError) {
      _ = try LinkKey(file: path)
      return "it was taken"
    } catch {
      return error.description
    }
  }

  /// Whether two keys are the same: whether one end opens what the other has closed.
  func agree(_ one: LinkKey, _ other: LinkKey) -> Bool {
    let wire = SealedWire(robot: one, controller: other)
    let open = wire.fromController([1], address: .line, now: 1)
    return !wire.toRobot(open, from: .line, now: 1).reply.isEmpty
  }

  @Test func `raw bytes, digits of either case and a line's end are the same key`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bytes = (0..<32).map { UInt8($0 * 8 + 7) }
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let raw = try LinkKey(file: try file(bytes))
    for text in [digits, digits + "\n", digits.uppercased()] {
      #expect(agree(raw, try LinkKey(file: try file(Array(text.utf8), mode: 0o400))))
    }
    #expect(!agree(raw, testKey))
  }

  @Test func `a file that its group or others may read, write or run is refused with its mode and the cure`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let key = [UInt8](repeating: 7, count: 32)
    for bit in 0..<6 {
      let path = try file(key, mode: 0o600 | 1 << bit)
      let refusal = refusal(path)
      #expect(refusal.contains(path))
      #expect(refusal.contains("0\(String(0o600 | 1 << bit, radix: 8))"))
      #expect(refusal.contains("chmod 600"))
    }
  }

  @Test func `what is no regular file, or holds no key, is refused and says why`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let good = try file([UInt8](repeating: 7, count: 32))
    let link = "\(folder)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: good)
    let pipe = "\(folder)/pipe"
    mkfifo(pipe, 0o600)
    #expect(refusal(link).contains("symbolic link"))
    #expect(refusal(pipe).contains("no regular file"))
    #expect(refusal(folder).contains("no regular file"))
    #expect(refusal("/no/such/key").contains("No such file"))
    for count in [0, 1, 31, 33, 63, 65, 66, 1_000] {
      #expect(refusal(try file([UInt8](repeating: 0x61, count: count))).contains("neither 32 bytes nor 64"), "\(count)")
    }
    #expect(refusal(try file([UInt8](repeating: 0x67, count: 64))).contains("neither 32 bytes nor 64"))
  }

  @Test func `a made key is new, its owner's alone, taken as it is, and never made over another file`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (one, other) = ("\(folder)/one", "\(folder)/other")
    try LinkKey.make(file: one)
    try LinkKey.make(file: other)
    let mode = try FileManager.default.attributesOfItem(atPath: one)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(agree(try LinkKey(file: one), try LinkKey(file: one)))
    #expect(!agree(try LinkKey(file: one), try LinkKey(file: other)))
    let before = try Data(contentsOf: URL(fileURLWithPath: one))
    #expect(throws: LinkError.badKey(one, reason: "it exists already; remove it, or choose another name")) {
      try LinkKey.make(file: one)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: one)) == before)
  }

  @Test func `a serial line takes no key, and says so`() {
    #expect(throws: LinkError.self) {
      _ = try RobotEndpoint(
        listeningAt: .pty(path: "/tmp/never-made"), description: describe(cheetah), silenceNanoseconds: 1, key: testKey)
    }
  }
}
