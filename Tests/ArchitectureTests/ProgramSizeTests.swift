// Programs are command lines over libraries: what grows belongs where a test can call it.

import Foundation
import Testing

@Suite struct ProgramSizeTests {
  @Test(arguments: ["metadiffuser", "metadiffuserd"])
  func `a program has at most 2500 lines`(program: String) throws {
    let folder = Repository.root.appendingPathComponent("Sources/\(program)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var lines = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      lines += try String(contentsOf: file, encoding: .utf8).count { $0 == "\n" }
    }
    #expect((1...2500).contains(lines), "\(program) has \(lines) lines; move what is no command to a library")
  }
}
