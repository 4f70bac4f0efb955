// Families, models, experts and baselines that come with the program: found beside it, wherever it is called from.

import Foundation

/// The folder that holds `Families` and `Models`: `../share/metadiffuser` beside the program where it is installed, or
/// else the checkout that it was built in.
package struct ShippedFiles: Sendable {
  /// Folders that may hold them, the first that does is taken; as messages name them.
  package let places: [String]
  private let root: String
  private let workingFolder: String

  /// Of the running program.
  package static let own = ShippedFiles(
    program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(),
    workingFolder: FileManager.default.currentDirectoryPath)

  package init(program: URL, workingFolder: String) {
    let folder = program.standardizedFileURL.deletingLastPathComponent()
    let installed = folder.deletingLastPathComponent().appendingPathComponent("share/metadiffuser").path
    var places = [installed]
    var ancestor = folder
    while ancestor.path != "/" {
      ancestor.deleteLastPathComponent()
      if Self.holds(ancestor.path, "Package.swift"), Self.holds(ancestor.path, "Models") {
        places.append(ancestor.path)
        break
      }
    }
    self.places = places
    root = places.first { Self.holds($0, "Models") } ?? installed
    self.workingFolder = workingFolder
  }

  private static func holds(_ folder: String, _ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  package static func model(_ family: String) -> String { "Models/\(family).safetensors" }
  package static func expert(_ family: String) -> String { "Models/experts/\(family).safetensors" }
  package static func baseline(_ family: String, method: String) -> String {
    "Models/baselines/\(family)-\(method).safetensors"
  }

  /// Where `name` would lie, relative to the working folder where it is below that.
  private func place(_ name: String) -> String {
    let path = "\(root)/\(name)"
    let above = workingFolder.hasSuffix("/") ? workingFolder : workingFolder + "/"
    return path.hasPrefix(above) ? String(path.dropFirst(above.count)) : path
  }

  /// The path of `name`, such as `model("cheetah-vel")`. Throws when it is not there; `cure` says what to do then.
  package func path(_ name: String, cure: String) throws(ShippedFileError) -> String {
    let path = place(name)
    guard Self.holds(root, name) else { throw ShippedFileError(name: name, places: places, cure: cure) }
    return path
  }

  /// The path of `name`; nil when it is not there.
  package func path(_ name: String) -> String? { Self.holds(root, name) ? place(name) : nil }
}

/// A file that should have come with the program has not.
package struct ShippedFileError: Error, CustomStringConvertible {
  let name: String, places: [String], cure: String

  package var description: String { "\(name): there is no such file in \(places.joined(separator: " or ")); \(cure)" }
}
