// Files to be written: found unfit before the work, replaced whole or not at all, and never anything but a file.

import Foundation
import PlannerModel
import Testing

@Suite struct OutputFileTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder + "/" + name }

  private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

  private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  /// The reason why `path` is refused, by `prepare` before the work and by `write` after it.
  private func refusal(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let early = #expect(throws: ModelError.self, sourceLocation: sourceLocation) { try OutputFile.prepare(path) }
    #expect(throws: ModelError.self, sourceLocation: sourceLocation) { try OutputFile(path).write("x") }
    let text = "\(try #require(early))"
    #expect(text.hasPrefix("\(path): cannot "), sourceLocation: sourceLocation)
    return text
  }

  @Test func `what is no regular file is refused and stays what it is`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(mkfifo(path("pipe"), 0o600) == 0)
    #expect(try refusal(path("pipe")).contains("a pipe"))
    #expect(try refusal(folder).contains("a folder"))
    for device in ["/dev/null", "/dev/full", "/dev/stdin"] { _ = try refusal(device) }
    #expect(try refusal("/dev/null").contains("a device"))
    #expect(symlink("/dev/null", path("null")) == 0)
    #expect(try refusal(path("null")).contains("a device"))
    #expect(try names() == ["null", "pipe"])
    var status = stat()
    #expect(lstat(path("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func `a symbolic link stays one, and what it leads to is replaced`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try OutputFile.prepare(path("deep/old")).write("old")
    #expect(symlink("deep/old", path("link")) == 0)
    #expect(symlink("link", path("chain")) == 0)
    #expect(symlink("deep/new", path("dangling")) == 0)
    try OutputFile.prepare(path("chain")).write("new")
    #expect(try text("deep/old") == "new")
    try OutputFile.prepare(path("dangling")).write("made")
    #expect(try text("deep/new") == "made")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("chain")) == "link")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("dangling")) == "deep/new")
    #expect(symlink("loop", path("loop")) == 0)
    #expect(try refusal(path("loop")).contains("symbolic links"))
  }

  @Test func `missing folders are made before the work, and a file in a folder's place is told`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try OutputFile.prepare(path("a/b/c"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path("a/b")) == [])
    try OutputFile(path("file")).write("")
    _ = try refusal(path("file/below"))
    _ = try refusal(path("a/"))
    _ = try refusal("")
    _ = try refusal("/proc/nowhere/file")
  }

  @Test func `permissions of the old file are kept, and preparing does not touch it`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try OutputFile(path("secret")).write("old")
    #expect(chmod(path("secret"), 0o600) == 0)
    try OutputFile.prepare(path("secret"), bytes: 1 << 20)
    #expect(try text("secret") == "old")
    try OutputFile(path("secret")).write("new")
    var status = stat()
    #expect(stat(path("secret"), &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(try names() == ["secret"])
  }
}
