// The DocC pages of the onboard modules: their code is that of Examples, which CI builds and runs, and no symbol is
// forgotten on a landing page.

import Testing

@Suite struct DocumentationPageTests {
  @Test func `the code of each page occurs literally in the examples`() throws {
    let examples = try Repository.files(under: "Examples").filter { $0.hasSuffix(".swift") }.map(Repository.text)
    #expect(examples.count > 2)
    let pages = try Repository.files(under: "Sources").filter { $0.contains(".docc/") && $0.hasSuffix(".md") }
    var count = 0
    for page in pages {
      for block in Self.code(in: try Repository.text(page)) {
        count += 1
        let isCurrent = examples.contains { Self.contains(block, in: $0) }
        #expect(isCurrent, "\(page): no example has this code:\n\(block.joined(separator: "\n"))")
      }
    }
    #expect(count > 5)
  }

  @Test(arguments: PublicCommentTests.modules)
  func `a module's landing page lists each of its public types and functions`(_ module: String) throws {
    let page = try Repository.text("Sources/\(module)/\(module).docc/\(module).md")
    #expect(page.hasPrefix("# ``\(module)``\n"))
    for path in try Repository.files(under: "Sources/\(module)") where path.hasSuffix(".swift") {
      for declaration in PublicDeclaration.all(in: try Repository.text(path)) where declaration.isTopLevel {
        let name = declaration.kind == .function ? "- ``\(declaration.name)(" : "- ``\(declaration.name)``"
        #expect(page.contains(name), "\(module).md does not list \(declaration.name)")
      }
    }
  }

  @Test func `code is compared line by line, whatever its indentation`() {
    let page = "Text\n```swift\nlet a = 1\n\n  let b = 2\n```\nText"
    let blocks = Self.code(in: page)
    #expect(blocks == [["let a = 1", "", "  let b = 2"]])
    #expect(Self.contains(blocks[0], in: "{\n    let a = 1\n\n      let b = 2\n}"))
    #expect(!Self.contains(blocks[0], in: "{\n    let a = 1\n\n    let b = 2\n}"))
  }

  /// The lines of each block of Swift in a page.
  private static func code(in page: String) -> [[Substring]] {
    var blocks: [[Substring]] = []
    var isCode = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```swift" {
        isCode = true
        blocks.append([])
      } else if line == "```" {
        isCode = false
      } else if isCode {
        blocks[blocks.count - 1].append(line)
      }
    }
    return blocks
  }

  /// Whether the lines of `block` follow one another in `source`, all of them further to the right by as much.
  private static func contains(_ block: [Substring], in source: String) -> Bool {
    let lines = "\n" + source + "\n"
    return [0, 2, 4].contains { indent in
      let margin = String(repeating: " ", count: indent)
      return lines.contains("\n" + block.map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n") + "\n")
    }
  }
}
