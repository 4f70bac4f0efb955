// What the repository says about itself: targets of the manifest, and imports of the sources.

import Foundation

enum Repository {
  /// This file is Tests/ArchitectureTests/Sources.swift.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Dependencies of each target in Package.swift, products of other packages included, by the target's name.
  ///
  /// Read as text: the manifest has no computed parts, and asking SwiftPM while it runs the tests would wait for ever.
  static func manifestDependencies() throws -> [String: Set<String>] {
    let text = try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let target = /\.(?:target|executableTarget|testTarget|systemLibrary)\(\s*name: "([^"]+)"/
    let starts = text.matches(of: target)
    var dependencies: [String: Set<String>] = [:]
    for (index, match) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
      let body = text[match.range.upperBound..<end]
      var names: Set<String> = []
      if let start = body.firstRange(of: "dependencies: [")?.upperBound {
        // Product entries hold brackets of no kind, so that the first closing one ends the list.
        let list = body[start...].prefix { $0 != "]" }
        for product in list.matches(of: /\.product\(name: "([^"]+)"/) { names.insert(String(product.1)) }
        for name in list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/) {
          names.insert(String(name.1))
        }
      }
      dependencies[String(match.1)] = names
    }
    return dependencies
  }

  /// Modules that the Swift sources of each module under Sources import.
  static func imports() throws -> [String: Set<String>] {
    let sources = root.appendingPathComponent("Sources")
    let statement =
      #/
        ^\s*(?:@\w+(?:\([^)]*\))?\s+|public\s+|package\s+|internal\s+|private\s+|fileprivate\s+)*
        import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)
      /#
      .anchorsMatchLineEndings()
    var imports: [String: Set<String>] = [:]
    guard let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil) else { return [:] }
    for case let file as URL in files where file.pathExtension == "swift" {
      let module = file.pathComponents[sources.pathComponents.count]
      let text = try String(contentsOf: file, encoding: .utf8)
      imports[module, default: []].formUnion(text.matches(of: statement).map { String($0.1) })
    }
    return imports
  }

  /// All that `name` reaches by following `graph`.
  static func reachable(from name: String, in graph: [String: Set<String>]) -> Set<String> {
    var found: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      for dependency in graph[next] ?? [] where found.insert(dependency).inserted { open.append(dependency) }
    }
    return found
  }
}
