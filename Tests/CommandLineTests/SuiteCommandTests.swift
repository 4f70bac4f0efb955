// `metadiffuser train baseline` and `evaluate --suite`: from data to a baseline that inspect knows, and what is named
// as missing.

import Foundation
import Testing

@Suite struct SuiteCommandTests {
  let workplace = try! Workplace()

  @Test func `a baseline is trained beside a model, resumes, and inspect knows it`() throws {
    let folder = workplace.folder
    try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/Models", withIntermediateDirectories: true)
    for arguments in [
      [
        "collect", "--family", "point-robot", "--split", "train", "--quality", "random", "--episodes-per-task", "4",
        "-o",
        "data/point-robot.hdf5",
      ],
      [
        "train", "--data", "data/point-robot.hdf5", "-o", "Models/point-robot.safetensors", "--json", "--steps", "2",
        "--world-model-steps", "2", "--horizon", "8", "--channels", "16,32", "--context-size", "4",
      ],
    ] {
      let outcome = try run(arguments, in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    try workplace.write(
      "r.json",
      Data(
        """
        {"family": "point-robot", "baseline": {"hiddenSize": 16, "batch": 16, "contextsPerTask": 2, "encoderSteps": 2,
         "cloningSteps": 3, "actorCriticSteps": 3, "tasksPerStep": 2}}
        """.utf8))
    for method in ["bc", "focal"] {
      let outcome = try run(
        ["train", "baseline", "--method", method, "--recipe", "r.json", "--model", "Models/point-robot.safetensors"],
        in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      let path = "Models/baselines/point-robot-\(method).safetensors"
      #expect(outcome.output.contains("wrote \(path)"))
      let report = try run(["inspect", path, "--json"], in: folder).json()
      #expect(report["kind"] as? String == "baseline" && report["method"] as? String == method)
      #expect(report["family"] as? String == "point-robot" && report["context_size"] as? Int == 4)
      let provenance = try #require(report["provenance"] as? [String: String])
      #expect(provenance["command"]?.contains("--method \(method) --recipe r.json") == true)
    }
  }

  @Test func `the command above a suite's tables repeats them`() throws {
    let folder = workplace.folder
    // What ships with this program is a model that plans in no time.
    let program = try workplace.install("Models/experts/point-robot.safetensors")
    try workplace.writeModel("usr/share/metadiffuser/Models/point-robot.safetensors")
    try workplace.write("page.md", Data("before\n<!-- suite: begin -->\n<!-- suite: end -->\nafter\n".utf8))
    let outcome = try run(
      [
        "evaluate", "--suite", "paper", "--quick", "--families", "point-robot", "--methods", "none", "--split",
        "held-out", "--seed", "5", "--seeds", "2", "--episodes", "2", "--kernel", "portable", "--results", "cells",
        "--markdown", "page.md",
      ], program: program, in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    let page = try tables("page.md")
    let command = try #require(page.split(separator: "\n").first { $0.contains("metadiffuser evaluate") })
    // From nothing, not from the cells that are there.
    try FileManager.default.removeItem(atPath: folder + "/cells")
    try workplace.write("page.md", Data("before\n<!-- suite: begin -->\n<!-- suite: end -->\nafter\n".utf8))
    let again = try paste(String(command), in: folder, programs: workplace.path("usr/bin"))
    #expect(again.status == 0, "\(again.error)")
    #expect(try tables("page.md") == page)
    #expect(FileManager.default.fileExists(atPath: folder + "/cells"))
  }

  /// A page without its plan times, which no run repeats.
  private func tables(_ name: String) throws -> String {
    let text = String(decoding: try workplace.bytes(name), as: UTF8.self)
    return String(text.prefix(upTo: try #require(text.firstRange(of: "Plan time")).lowerBound))
  }

  @Test(
    arguments: [
      (["--suite", "paper", "--model", "m"], "either --model or --suite"), ([], "either --model or --suite"),
      (["--model", "m", "--quick"], "go with --suite paper"),
      (["--suite", "paper", "--warm-start", "own"], "go with --model"),
      (["--suite", "paper", "--guide-rounds", "2"], "settings that ship in the models"),
      (["--suite", "paper", "--methods", "dual,luck"], "'luck'"),
      (["--suite", "paper", "--families", "horse"], "horse"), (["--suite", "paper", "--seeds", "0"], "--seeds is 0"),
    ])
  func `arguments that make no suite are wrong usage`(options: [String], words: String) throws {
    try expectRefusal(["evaluate"] + options, status: 64, words, in: workplace.folder)
  }
}
