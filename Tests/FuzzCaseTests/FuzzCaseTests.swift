// The fuzzer's seeds, and every input that once made it stop, through the same checks on every test run.

import Foundation
import FuzzTargets
import Testing

@Suite("Fuzz cases") struct FuzzCaseTests {
  static let cases = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fuzzing/Cases")

  @Test("every kept input is parsed or refused, and nothing else happens", arguments: FuzzTarget.allCases)
  func cases(target: FuzzTarget) throws {
    let folder = Self.cases.appendingPathComponent(target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files {
      let bytes = try Data(contentsOf: file)
      bytes.withUnsafeBytes { target.check($0) }
      // And cut at every length, or at many.
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
        bytes.prefix(length).withUnsafeBytes { target.check($0) }
      }
    }
  }
}
