// Docs/families.md has every word that a family.json can have.

import Foundation
import Tasks
import Testing

@Suite struct FamilyPageTests {
  private let page: String

  init() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Docs/families.md").standardized.path
    page = try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func `the page has a section for every object, with every key of it`() {
    for (object, keys) in FamilyVocabulary.keys {
      // A table under a heading that says what the object is.
      let sections = page.components(separatedBy: "\n### ").dropFirst().filter { $0.hasPrefix(object + "\n") }
        .map { $0.components(separatedBy: "\n## ")[0] }
      #expect(sections.count == 1, "no section '\(object)'")
      let rows = (sections.first ?? "").split(separator: "\n").filter { $0.hasPrefix("| `") }
      let found = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
      #expect(Set(found) == Set(keys), "\(object)")
    }
  }

  @Test func `the page names every quantity, shape and change`() {
    for value in FamilyVocabulary.values { #expect(page.contains("`\(value)`"), "\(value)") }
  }

  @Test func `the example on the page is a family`() throws {
    let blocks = page.components(separatedBy: "```")
    func block(_ language: String) throws -> String {
      String(try #require(blocks.first { $0.hasPrefix(language + "\n") }).dropFirst(language.count))
    }
    let fixture = try FamilyFixture(block("json"), robot: block("xml"))
    let family = try fixture.family()
    let task = try family.task(parameters: family.testTasks[0])
    #expect(!task.step(action: family.actionChannels.map { _ in 0 }).terminated)
    #expect(try !family.someTasks(.outside).isEmpty)
  }
}
