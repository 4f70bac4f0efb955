// The fuzzer's seeds, and every input that once made it stop, through the same checks on every test run.

import Foundation
import FuzzTargets
import Testing

@Suite("Fuzz cases") struct FuzzCaseTests {
  static let cases = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fuzzing/Cases")

  /// Whole, and cut at every length, or at many.
  private func check(_ bytes: Data, _ target: FuzzTarget) {
    bytes.withUnsafeBytes { _ = target.check($0) }
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
      bytes.prefix(length).withUnsafeBytes { _ = target.check($0) }
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `every kept input is parsed or refused, and nothing else happens`(target: FuzzTarget) throws {
    let folder = Self.cases.appendingPathComponent(target.rawValue)
    // Not every target has stopped the fuzzer yet.
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    for file in files { check(try Data(contentsOf: file), target) }
  }

  @Test func `there are kept inputs, and each folder of them is a target's`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.cases.path)
    #expect(!folders.isEmpty)
    for folder in folders {
      #expect(FuzzTarget(rawValue: folder) != nil, "no target \(folder)")
      #expect(try !FileManager.default.contentsOfDirectory(atPath: Self.cases.path + "/" + folder).isEmpty)
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `what the fuzzer begins with is taken by its target, not turned away`(target: FuzzTarget) throws {
    let seeds = try target.seeds()
    #expect(!seeds.isEmpty)
    for (name, bytes) in seeds {
      let isTaken = bytes.withUnsafeBytes { target.check($0) }
      #expect(isTaken, "\(name) of \(target.rawValue)")
      check(Data(bytes), target)
    }
  }
}
