// Checkpoints: what was saved is restored, and what has changed since is refused.

import Foundation
import Learning
import Testing

@Suite struct CheckpointTests {
  private func withCheckpoint(_ body: (_ path: String, _ bytes: Data) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).checkpoint").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var checkpoint = Checkpoint()
    checkpoint.set("counters", [Int64(3), 4])
    checkpoint.set("weights", (0..<50).map { Float($0) })
    try checkpoint.save(path: path)
    try body(path, try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func complaint(_ path: String, _ bytes: Data) throws -> String {
    try bytes.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: LearningError.self) { try Checkpoint.load(path: path) }
    return "\(try #require(error))"
  }

  @Test func `what was saved is restored`() throws {
    try withCheckpoint { path, _ in
      let checkpoint = try Checkpoint.load(path: path)
      #expect(checkpoint.numbers("counters") == [Int64(3), 4])
      #expect(checkpoint.numbers("weights", as: Float.self)?.last == 49)
    }
  }

  @Test func `a flipped bit is refused, wherever it is`() throws {
    try withCheckpoint { path, whole in
      for position in whole.indices {
        var damaged = whole
        damaged[position] ^= UInt8(1 << (position % 8))
        let text = try complaint(path, damaged)
        #expect(text.contains("delete it to start anew"))
        if position >= 16 { #expect(text.contains("its checksum does not fit")) }
      }
    }
  }

  @Test func `a checkpoint that was cut off is refused, wherever`() throws {
    try withCheckpoint { path, whole in
      for count in 0..<whole.count { _ = try complaint(path, whole.prefix(count)) }
    }
  }

  @Test func `one of an earlier version is called that`() throws {
    try withCheckpoint { path, whole in
      let text = try complaint(path, Data("MDCHECK1".utf8) + whole.dropFirst(16))
      #expect(text.contains("another version's checkpoint"))
    }
  }
}
