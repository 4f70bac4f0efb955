// `metadiffuser settings`: the page of the documentation is what it prints, and the options that it names exist.

import Foundation
import Testing

@Suite struct SettingsTests {
  @Test func `Docs/settings.md is what the command prints: make settings writes it`() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Docs/settings.md").standardized
    let printed = try run(["settings", "--markdown"])
    #expect(printed.status == 0 && printed.error.isEmpty)
    #expect(try String(contentsOf: page, encoding: .utf8) == printed.output)
  }

  @Test(arguments: [("planning", ["evaluate"]), ("training", ["train", "model"])])
  func `every setting is listed once, and the commands have the options that are named`(
    part: String, command: [String]
  ) throws {
    let entries = try #require(try run(["settings", "--json"]).json()[part] as? [[String: Any]])
    #expect(entries.count > 10 && Set(entries.map { $0["name"] as? String }).count == entries.count)
    let text = try run(["settings"]).output
    let help = try run(command + ["--help"]).output
    for entry in entries {
      let name = try #require(entry["name"] as? String)
      #expect(text.contains("  \(name)"))
      #expect(entry["default"] as? String != "" && entry["range"] as? String != "")
      if let option = entry["option"] as? String { #expect(help.contains("\(option) <"), "\(option)") }
    }
  }
}
