// Where the files that ship are looked for, and how their paths are printed.

import Foundation
import Tasks
import Testing

@Suite final class ShippedFilesTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shipped-\(UUID().uuidString)")
    .path

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func make(_ names: String...) throws {
    for name in names {
      let url = URL(fileURLWithPath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: url)
    }
  }

  private func files(program: String, from workingFolder: String) -> ShippedFiles {
    ShippedFiles(
      program: URL(fileURLWithPath: "\(folder)/\(program)"), workingFolder: "\(folder)/\(workingFolder)")
  }

  @Test func `a program in a checkout finds the checkout's, relative where it is called from above them`() throws {
    try make("c/Package.swift", "c/Models/experts/arm.safetensors", "c/.build/x/release/metadiffuser")
    let name = ShippedFiles.expert("arm")
    let program = "c/.build/x/release/metadiffuser"
    #expect(files(program: program, from: "c").path(name) == "Models/experts/arm.safetensors")
    #expect(files(program: program, from: "c/Models").path(name) == "experts/arm.safetensors")
    #expect(files(program: program, from: "d").path(name) == "\(folder)/c/Models/experts/arm.safetensors")
    // A name that only begins alike is another folder.
    #expect(files(program: program, from: "c/Mod").path(name) == "\(folder)/c/Models/experts/arm.safetensors")
    #expect(files(program: program, from: "c").path(ShippedFiles.model("arm")) == nil)
  }

  @Test func `an installed program finds its share, also where that lies in a checkout`() throws {
    try make("c/Package.swift", "c/Models/arm.safetensors", "c/usr/share/metadiffuser/Models/arm.safetensors")
    let installed = files(program: "c/usr/bin/metadiffuser", from: "d")
    #expect(installed.places == ["\(folder)/c/usr/share/metadiffuser", "\(folder)/c"])
    #expect(
      try installed.path(ShippedFiles.model("arm"), cure: "")
        == "\(folder)/c/usr/share/metadiffuser/Models/arm.safetensors")
  }

  @Test func `a folder called Models alone is no checkout`() throws {
    try make("c/Models/arm.safetensors")
    let lost = files(program: "c/bin/metadiffuser", from: "c")
    #expect(lost.places == ["\(folder)/c/share/metadiffuser"])
    let error = #expect(throws: ShippedFileError.self) { try lost.path(ShippedFiles.model("arm"), cure: "train one") }
    #expect(
      error?.description
        == "Models/arm.safetensors: there is no such file in \(folder)/c/share/metadiffuser; train one")
  }
}
