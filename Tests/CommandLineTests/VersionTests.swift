// What a program says it is, and that the papers say the same.

import Foundation
import PlannerModel
import RobotLink
import Testing

@Suite struct VersionTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func text(_ file: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(file), encoding: .utf8)
  }

  @Test(arguments: ["metadiffuser", "metadiffuserd"])
  func `a program says its version, its kernels, and what it reads and speaks`(program: String) throws {
    let newest = try #require(try text("CHANGELOG.md").firstMatch(of: /\n## ([0-9.]+)\n/)).1
    let outcome = try run(["--version"], program: program)
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("\(program) \(newest) (commit "))
    #expect(outcome.output.contains("portable"))
    #expect(outcome.output.contains(ModelDescription.format))
    #expect(outcome.output.contains(WarmStart.format))
    #expect(outcome.output.contains("link protocol \(LinkLimits.protocolVersion)"))
    #expect(try text("CITATION.cff").contains("\nversion: \(newest)\n"))
  }

  @Test func `the page of versions names every format and the protocol as they are`() throws {
    let page = try text("Docs/versions.md")
    for name in [ModelDescription.format, WarmStart.format] { #expect(page.contains("`\(name)`")) }
    #expect(page.contains("in Hello and Description | \(LinkLimits.protocolVersion) |"))
  }
}
