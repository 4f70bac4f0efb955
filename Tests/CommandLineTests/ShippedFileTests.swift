// Models and experts that ship are found beside the program, from wherever it is called.

import Foundation
import Testing

@Suite struct ShippedFileTests {
  let workplace = try! Workplace()
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func warmStart(_ program: String, quality: String, in folder: String) throws -> Outcome {
    try run(
      ["warm-start", "--family", "point-robot", "--task", "0.6,0.8", "--quality", quality, "-o", "out.safetensors"],
      program: program, in: folder)
  }

  @Test func `in a folder without such files the checkout's are found`() throws {
    let outcome = try warmStart("metadiffuser", quality: "expert", in: workplace.folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    // What a command writes lies where it was called.
    #expect(try workplace.files() == ["out.safetensors"])
  }

  @Test func `an installed program finds those in its share`() throws {
    let program = try workplace.install("Models/experts/point-robot.safetensors")
    try FileManager.default.createDirectory(atPath: workplace.path("elsewhere"), withIntermediateDirectories: false)
    let outcome = try warmStart(program, quality: "expert", in: workplace.path("elsewhere"))
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test func `what has not come with it is named, and where it was looked for`() throws {
    let program = try workplace.install()
    let share = workplace.path("usr/share/metadiffuser")
    let elsewhere = workplace.path("elsewhere")
    // Lying in the working directory makes a file no default.
    try FileManager.default.createDirectory(atPath: elsewhere + "/Models/experts", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Self.root.path + "/Models/experts/point-robot.safetensors",
      toPath: elsewhere + "/Models/experts/point-robot.safetensors")
    let outcome = try warmStart(program, quality: "expert", in: elsewhere)
    #expect(outcome.status == 1)
    for words in ["Models/experts/point-robot.safetensors", share, "train expert --family point-robot", "--experts"] {
      #expect(outcome.error.contains(words), "'\(words)' is not in: \(outcome.error)")
    }
    // Nobody asks for an expert who drives at random.
    #expect(try warmStart(program, quality: "random", in: elsewhere).status == 0)
    for command in ["demo", "hil"] {
      try expectRefusal(
        [command], program: program, status: 1, "Models/cheetah-vel.safetensors", share, "--model", in: elsewhere)
    }
    try expectRefusal(
      ["evaluate", "--suite", "paper", "--families", "point-robot"], program: program, status: 1,
      "point-robot: Models/point-robot.safetensors and Models/experts/point-robot.safetensors not found in \(share)",
      in: elsewhere)
  }
}
