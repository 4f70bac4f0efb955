// `metadiffuser evaluate` and `adapt` with an untrained model: what they print, and what they refuse.

import Foundation
import Testing

@Suite struct EvaluateTests {
  let workplace = try! Workplace()

  init() throws {
    try workplace.writeModel("bank.safetensors", bank: 5)
    try workplace.writeModel("plain.safetensors")
  }

  private func evaluate(_ arguments: String...) throws -> Outcome {
    try run(["evaluate", "--tasks", "2,5", "--episodes", "1"] + arguments, in: workplace.folder)
  }

  @Test func `JSON has regret, the worst task and the first episode`() throws {
    let report = try evaluate("--model", "bank.safetensors", "--warm-start", "own", "--json").json()
    #expect(report["context_inference"] as? String == "belief" && report["warm_start"] as? String == "own")
    let tasks = try #require(report["tasks"] as? [[String: Any]])
    let regrets = tasks.compactMap { $0["regret"] as? Double }
    #expect(tasks.compactMap { $0["number"] as? Int } == [2, 5] && regrets.count == 2)
    let mean = try #require(report["mean_regret"] as? Double)
    #expect(abs(mean - (regrets[0] + regrets[1]) / 2) < 1e-9)
    #expect(report["worst_regret"] as? Double == regrets.max())
    #expect(report["worst_task"] as? Int == (regrets[0] >= regrets[1] ? 2 : 5))
    let first = try #require(report["first_episode"] as? [String: Any])
    let returns = tasks.compactMap { ($0["first_episode"] as? [String: Any])?["return"] as? Double }
    #expect(returns.count == 2)
    #expect(try abs(#require(first["mean_return"] as? Double) - (returns[0] + returns[1]) / 2) < 1e-9)
    let mixed = try evaluate("--model", "bank.safetensors", "--json").json()
    #expect(mixed["first_episode"] == nil && mixed["worst_task"] != nil)
  }

  @Test func `the table has a line for the first episode, and lists the tasks`() throws {
    let outcome = try evaluate("--model", "bank.safetensors", "--warm-start", "own")
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines[0].contains("regret") && lines[0].contains("worst (task)"))
    #expect(lines[1].contains("own ") && lines[2].contains("own, first"))
    #expect(lines[3].contains("first episode: return, regret") && lines[4].hasPrefix("  2: ") && lines.count == 6)
  }

  @Test func `the context comes from the encoder where there is no bank, and a belief is refused`() throws {
    let report = try evaluate("--model", "plain.safetensors", "--json").json()
    #expect(report["context_inference"] as? String == "encoder")
    for command in [["evaluate"], ["adapt"]] {
      try expectRefusal(
        command + ["--model", "plain.safetensors", "--context-inference", "belief"], status: 64,
        "'context_inference' is belief", "plain.safetensors has no bank of contexts", in: workplace.folder)
    }
  }

  @Test func `adapt has a row for each origin of the context that the model has`() throws {
    func names(_ model: String) throws -> [String] {
      let outcome = try run(["adapt", "--model", model, "--change-at", "8"], in: workplace.folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      return outcome.output.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    }
    #expect(try names("bank.safetensors") == ["context", "encoder", "belief", "expert"])
    #expect(try names("plain.safetensors") == ["context", "encoder", "expert"])
    try expectRefusal(
      ["adapt", "--model", "bank.safetensors", "--context-inference", "online"], status: 64,
      "'online'", "encoder, belief", in: workplace.folder)
  }

  @Test func `the suite's document says which command repeats it`() throws {
    let folder = workplace.folder
    try FileManager.default.createDirectory(atPath: folder + "/Models", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: folder + "/bank.safetensors", toPath: folder + "/Models/point-robot.safetensors")
    func command(_ options: String) throws -> String? {
      try workplace.write("page.md", Data("<!-- suite: begin -->\n<!-- suite: end -->\n".utf8))
      let arguments = "evaluate --suite paper --quick --families point-robot --methods dual --markdown page.md"
      let outcome = try run((arguments + options).split(separator: " ").map(String.init), in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      return try String(decoding: workplace.bytes("page.md"), as: UTF8.self).split(separator: "\n")
        .first { $0.contains("metadiffuser") }?.trimmingCharacters(in: .whitespaces)
    }
    let start = "metadiffuser evaluate --suite paper --quick --families point-robot --methods dual"
    #expect(try command("") == start + " --markdown page.md")
    #expect(
      try command(" --seed 3 --split held-out --episodes 2")
        == start + " --split held-out --seed 3 --episodes 2 --markdown page.md")
    #expect(try command(" --seed 1 --split test --episodes 1") == start + " --markdown page.md")
  }
}
