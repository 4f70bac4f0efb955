// Lines are short enough to be read beside each other: at most 120 columns.

import Testing

@Suite struct LineLengthTests {
  static let longest = 120

  @Test func `no source line is longer than 120 columns`() throws {
    let endings = [".swift", ".c", ".h", ".py", ".proto", ".sh", ".ld", "Makefile"]
    let sources = try Repository.files(under: "").filter { path in
      // protobuf-c writes these.
      endings.contains { path.hasSuffix($0) } && !path.contains("robot.pb-c.")
    }
    #expect(sources.count > 300)
    for path in sources {
      let long = Self.longLines(try Repository.text(path)) { _ in true }
      #expect(long.isEmpty, "\(path): lines \(long)")
    }
  }

  @Test func `no line of Markdown outside tables and code is longer than 120 columns`() throws {
    let pages = try Repository.files(under: "").filter { $0.hasSuffix(".md") }
    #expect(pages.count > 10)
    for path in pages {
      var isCode = false
      let long = Self.longLines(try Repository.text(path)) { line in
        if line.hasPrefix("```") { isCode.toggle() }
        return !isCode && !line.hasPrefix("|") && !line.hasPrefix("    ")
      }
      #expect(long.isEmpty, "\(path): lines \(long)")
    }
  }

  @Test func `a line is counted in characters, whatever their size`() {
    let text = "short\n\(String(repeating: "ä", count: 120))\n\(String(repeating: "ä", count: 121))\n"
    #expect(Self.longLines(text) { _ in true } == [3])
  }

  /// Numbers of the lines of `text`, from 1, that are too long and count.
  private static func longLines(_ text: String, where counts: (Substring) -> Bool) -> [Int] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { counts($0.element) && $0.element.count > longest }.map { $0.offset + 1 }
  }
}
