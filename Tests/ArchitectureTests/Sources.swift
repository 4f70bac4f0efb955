// What the repository says about itself: targets of the manifest, and imports of the sources.

import Foundation

enum Repository {
  /// This file is Tests/ArchitectureTests/Sources.swift.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A file of the repository, by its path from the root.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Paths from the root of all files below `folder`, hidden ones aside: these are the builds.
  static func files(under folder: String) throws -> [String] {
    let start = folder.isEmpty ? root : root.appendingPathComponent(folder)
    let files = FileManager.default.enumerator(
      at: start, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
    guard let files else { throw CocoaError(.fileReadNoSuchFile) }
    let prefix = root.path + "/"
    return files.compactMap { ($0 as? URL)?.path }.filter { $0.hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count)) }.sorted()
  }

  /// Dependencies of each target in Package.swift, products of other packages included, by the target's name.
  ///
  /// Read as text: the manifest has no computed parts, and asking SwiftPM while it runs the tests would wait for ever.
  static func manifestDependencies() throws -> [String: Set<String>] {
    let text = try Self.text("Package.swift")
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

  /// Modules that the Swift sources of each module under `folder` import.
  static func imports(under folder: String) throws -> [String: Set<String>] {
    let statement =
      #/
        ^\s*(?:@\w+(?:\([^)]*\))?\s+|public\s+|package\s+|internal\s+|private\s+|fileprivate\s+)*
        import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)
      /#
      .anchorsMatchLineEndings()
    var imports: [String: Set<String>] = [:]
    for path in try files(under: folder) where path.hasSuffix(".swift") {
      let module = String(path.split(separator: "/")[1])
      imports[module, default: []].formUnion(try Self.text(path).matches(of: statement).map { String($0.1) })
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
