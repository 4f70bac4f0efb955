// Docs/security.md names a test for each invariant; the tests it names exist.

import Foundation
import Testing

@Suite struct SecurityPageTests {
  @Test func `every invariant names a test that exists`() throws {
    let page = try String(contentsOf: Repository.root.appendingPathComponent("Docs/security.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    #expect(rows.count > 10)
    for row in rows {
      let named = row.matches(of: /`(Tests\/[^`]+)`/).map { String($0.1) }
      #expect(!named.isEmpty, "no test is named in: \(row)")
      for path in named {
        let file = Repository.root.appendingPathComponent(path).path
        #expect(FileManager.default.fileExists(atPath: file), "\(path) does not exist")
      }
    }
  }
}
