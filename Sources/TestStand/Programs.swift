// The programs that a test stand and the demo start: those beside the one that runs.

import Foundation

/// A test stand cannot be set up, or a part of it has ended.
package struct StandError: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}

package enum Programs {
  /// Where the running program lies: metadiffuser itself, or the one that runs the tests.
  package static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// The program `name` in `folder`.
  package static func find(_ name: String) throws -> URL {
    let program = folder.appendingPathComponent(name)
    guard FileManager.default.isExecutableFile(atPath: program.path) else {
      throw StandError(description: "\(program.path) is missing; 'make build' makes it")
    }
    return program
  }
}
