// `evaluate`, `tune` and `adapt` with `--link`, on a simulated robot that takes its family's tasks over a real link:
// the figures are those of the same command without one.

import Foundation
import TestStand
import Testing

@Suite struct EvaluateLinkTests {
  private let workplace = try! Workplace()

  init() throws { try workplace.writeModel("bank.safetensors", bank: 5) }

  /// A point robot that waits at `link` and takes the tasks of `split`, while `body` runs.
  private func withRobot(_ link: String, split: String = "test", _ body: () throws -> Void) throws {
    let robot = Process()
    robot.executableURL = products.appendingPathComponent("metadiffuser")
    robot.arguments = [
      "simulate", "--family", "point-robot", "--split", split, "--lockstep", "--link", link, "--wait", "60", "--quiet",
    ]
    robot.standardOutput = FileHandle.nullDevice
    try robot.run()
    defer {
      robot.terminate()
      robot.waitUntilExit()
    }
    try body()
  }

  private func freshLink() throws -> String { "udp://127.0.0.1:\(try freeLoopbackPort())" }

  /// What is not a matter of how fast it was.
  private func figures(_ command: [String]) throws -> [String: Any] {
    let outcome = try run(command + ["--model", "bank.safetensors", "--json"], in: workplace.folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    let text = outcome.output.hasPrefix("[") ? #"{"reports": \#(outcome.output)}"# : outcome.output
    return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func rows(_ report: [String: Any], _ name: String) -> [Double] {
    (report["tasks"] as? [[String: Any]] ?? []).compactMap { $0[name] as? Double }
  }

  private func expectAlike(_ left: [Double], _ right: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(left.count == right.count && !left.isEmpty, sourceLocation: sourceLocation)
    for (left, right) in zip(left, right) { #expect(abs(left - right) < 1e-4, sourceLocation: sourceLocation) }
  }

  @Test(arguments: ["udp", "pty"])
  func `evaluate says of a robot on a link what it says of the same one here`(kind: String) throws {
    let far = kind == "udp" ? try freshLink() : "pty://\(workplace.path("line"))"
    let near = kind == "udp" ? far : "serial://\(workplace.path("line"))"
    let command = ["evaluate", "--tasks", "1-2,5", "--episodes", "1", "--warm-start", "own"]
    let here = try figures(command)
    try withRobot(far) {
      let there = try figures(command + ["--link", near])
      for name in ["return", "expert_return", "random_return", "regret"] {
        expectAlike(rows(there, name), rows(here, name))
      }
      #expect(
        try abs(#require(there["normalised_score"] as? Double) - #require(here["normalised_score"] as? Double)) < 1e-4)
      #expect(there["split"] as? String == "link" && there["dynamics_discrepancy"] == nil)
      #expect(here["dynamics_discrepancy"] is Double)
    }
  }

  @Test func `adapt and tune do too`() throws {
    let link = try freshLink()
    let adapt = [
      "adapt", "--tasks", "0,3,4", "--change-at", "8", "--warm-start", "own", "--context-inference", "encoder",
    ]
    let here = try #require(figures(adapt)["reports"] as? [[String: Any]])
    try withRobot(link) {
      let there = try #require(figures(adapt + ["--link", link])["reports"] as? [[String: Any]])
      for name in ["rewards", "expert_rewards"] {
        expectAlike(
          try #require(there[0][name] as? [Double]), try #require(here[0][name] as? [Double]))
      }
    }
    let tune = [
      "tune", "--tasks", "0,1", "--steps", "1", "--candidates", "1,2", "--guide-rounds", "0", "--period", "60s",
      "--warm-start", "own", "--dry-run",
    ]
    func scores(_ report: [String: Any]) throws -> [Double] {
      try #require(report["points"] as? [[String: Any]]).sorted {
        ($0["candidates"] as? Int ?? 0) < ($1["candidates"] as? Int ?? 0)
      }.compactMap { $0["normalised_score"] as? Double }
    }
    let alone = try scores(figures(tune))
    let other = try freshLink()
    try withRobot(other, split: "held-out") { expectAlike(try scores(figures(tune + ["--link", other])), alone) }
  }

  @Test func `without a yardstick the score is left out, and with numbers it is theirs`() throws {
    let link = try freshLink()
    try withRobot(link) {
      let command = ["evaluate", "--tasks", "0", "--episodes", "1", "--link", link, "--reference"]
      let none = try figures(command + ["none"])
      #expect(none["normalised_score"] == nil && none["mean_regret"] == nil && none["mean_return"] is Double)
      let stated = try figures(command + ["expert=0,random=-100"])
      let mean = try #require(stated["mean_return"] as? Double)
      #expect(try abs(#require(stated["normalised_score"] as? Double) - (mean + 100) / 100) < 1e-9)
    }
  }

  @Test func `a robot without tasks, and one that is not there, end with 69 and a cure`() throws {
    try expectRefusal(
      ["evaluate", "--model", "bank.safetensors", "--link", try freshLink()], status: 69, "no robot answers at udp://",
      "start it there", in: workplace.folder)
    let link = try freshLink()
    let robot = Process()
    robot.executableURL = products.appendingPathComponent("metadiffuser")
    robot.arguments = [
      "simulate", "--family", "point-robot", "--task", "1,0", "--lockstep", "--link", link, "--wait", "60", "--quiet",
    ]
    robot.standardOutput = FileHandle.nullDevice
    try robot.run()
    defer {
      robot.terminate()
      robot.waitUntilExit()
    }
    try expectRefusal(
      ["adapt", "--model", "bank.safetensors", "--change-at", "8", "--link", link], status: 69, "takes no tasks",
      "Description.task_count", in: workplace.folder)
  }

  @Test func `options of a link and of a simulation here do not mix`() throws {
    for (arguments, words) in [
      (["--reference", "none"], "go with --link"), (["--key", "a"], "go with --link"),
      (["--link", "udp://127.0.0.1:9", "--experts", "a"], "do not go with --link"),
      (["--link", "udp://127.0.0.1:9", "--family", "a"], "do not go with --link"),
      (["--link", "udp://127.0.0.1:9", "--reference", "perfect"], "--reference is 'perfect'"),
      (["--link", "udp://192.0.2.1:9"], "key"),
    ] {
      for command in ["evaluate", "tune", "adapt"] {
        try expectRefusal(
          [command, "--model", "bank.safetensors"] + arguments, status: 64, words, in: workplace.folder)
      }
    }
    for arguments in [[], ["--task", "1,0", "--split", "test"]] {
      try expectRefusal(
        ["simulate", "--family", "point-robot"] + arguments, status: 64, "give either --task or --split")
    }
  }
}
