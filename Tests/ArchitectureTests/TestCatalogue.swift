// Which tests there are, by module, suite and function, and which of those that a text names are missing.

import Foundation

struct TestCatalogue {
  /// Functions of each suite by "Module/Suite".
  private(set) var functions: [String: Set<String>] = [:]

  /// Reads the sources of every test target.
  init() throws {
    for path in try Repository.files(under: "Tests") where path.hasSuffix(".swift") {
      let parts = path.split(separator: "/")
      guard parts.count > 2, parts[1].hasSuffix("Tests") else { continue }
      read(try Repository.text(path), module: String(parts[1]))
    }
  }

  private mutating func read(_ source: String, module: String) {
    var suite = ""
    var end = source.startIndex
    let declaration = /\b(?:struct|class|enum|extension) (\w+Tests)\b|\bfunc (?:`([^`]+)`|(\w+))/
    for match in source.matches(of: declaration) {
      if let name = match.1 {
        suite = "\(module)/\(name)"
        functions[suite, default: []].formUnion([])
      } else if !suite.isEmpty, let name = match.2 ?? match.3,
        source[end..<match.range.lowerBound].contains("@Test")
      {
        functions[suite, default: []].insert(String(name))
      }
      end = match.range.upperBound
    }
  }

  /// What `text` names as a test and is none: `Suite` or `Module/Suite`, alone or before the functions in brackets, and
  /// paths below Tests.
  func missing(from text: String) -> [String] {
    let line = text.replacing(/\s+/, with: " ")
    var missing: [String] = []
    for match in line.matches(of: /`(?:(\w+Tests)\/)?(\w+Tests)`(?: \(((?:`[^`]+`(?:, )?)+)\))?/) {
      let suites = functions.keys.filter {
        $0.hasSuffix("/\(match.2)") && (match.1 == nil || $0.hasPrefix("\(match.1!)/"))
      }
      guard suites.count == 1, let known = functions[suites[0]], !known.isEmpty else {
        missing.append("\(match.2): \(suites.isEmpty ? "no such suite" : "suites are \(suites.sorted())")")
        continue
      }
      for name in (match.3 ?? "").matches(of: /`([^`]+)`/) where !known.contains(String(name.1)) {
        missing.append("\(suites[0]).\(name.1)")
      }
    }
    for path in line.matches(of: /`(Tests\/[^`]+)`/).map({ String($0.1) }) {
      let file = Repository.root.appendingPathComponent(path).path
      let isTest = !path.hasSuffix("Tests.swift") || (try? Repository.text(path))?.contains("@Test") == true
      if !FileManager.default.fileExists(atPath: file) || !isTest { missing.append(path) }
    }
    return missing
  }

  /// Whether `text` names any test.
  static func names(in text: String) -> Bool {
    text.contains(/`(?:\w+Tests\/)?\w+Tests`|`Tests\/[^`]+`/)
  }
}
