// The documents name a test beside what they claim; the tests they name exist.

import Testing

@Suite struct NamedTestsTests {
  @Test func `each test that a document names exists`() throws {
    let catalogue = try TestCatalogue()
    let documents = try Repository.files(under: "").filter { $0.hasSuffix(".md") }
    #expect(documents.contains("Docs/security.md") && documents.contains("README.md"))
    for document in documents {
      let missing = catalogue.missing(from: try Repository.text(document))
      #expect(missing.isEmpty, "\(document) names tests that do not exist: \(missing)")
    }
  }

  @Test func `each test's name is a sentence, as a raw identifier`() throws {
    for (suite, functions) in try TestCatalogue().functions {
      for name in functions { #expect(name.contains(" "), "\(suite).\(name)") }
    }
    for path in try Repository.files(under: "Tests") where path.hasSuffix(".swift") {
      #expect(!(try Repository.text(path)).contains(/@Test\(\s*"/), "\(path) has a test with a display name")
    }
  }

  @Test func `each invariant of the security page names a test`() throws {
    let page = try Repository.text("Docs/security.md")
    let start = try #require(page.firstRange(of: "\n## Invariants\n")).upperBound
    let rows = page[start...].split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    #expect(rows.count > 30)
    for row in rows { #expect(TestCatalogue.names(in: String(row)), "no test is named in: \(row)") }
  }

  @Test func `a suite, a function and a file that do not exist are found, and what exists is not`() throws {
    let catalogue = try TestCatalogue()
    let text = """
      `NamedTestsTests` (`each invariant of the security page names a test`, `no such
      thing`), `NoSuchTests` (`drives`), `FirmwareTests/NamedTestsTests`, `Tests/ArchitectureTests`, `Tests/none.py`
      """
    #expect(
      catalogue.missing(from: text) == [
        "ArchitectureTests/NamedTestsTests.no such thing", "NoSuchTests: no such suite",
        "NamedTestsTests: no such suite", "Tests/none.py",
      ])
  }
}
