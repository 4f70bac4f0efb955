// `metadiffuser tune`: what is given reaches the file, and the command in the file repeats the run.

import Foundation
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct TuneTests {
  let workplace = try! Workplace()

  /// One combination, so that the choice does not depend on the machine.
  private func tune(_ options: [String]) throws -> LoadedModel {
    try workplace.writeModel("m.safetensors")
    let outcome = try run(
      [
        "tune", "--model", "m.safetensors", "--period", "1s", "--share", "1", "--steps", "1", "--candidates", "2",
        "--guide-rounds", "1",
      ] + options, in: workplace.folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    return try LoadedModel(path: workplace.path("m.safetensors"))
  }

  @Test(
    arguments: [
      ("warm_steps", "3"), ("warm_level", "0.75"), ("temperature", "0.25"), ("guide_strength", "0.625"),
      ("warm_guide_strength", "0.125"), ("discrepancy_weight", "7"), ("value_weight", "0.5"),
      ("condition_weight", "1.5"), ("exploration", "0.5"),
    ])
  func `a setting that all combinations share is taken, written, and told`(name: String, value: String) throws {
    let setting = PlannerOptions.setting(name)
    let option = try #require(setting.option)
    let description = try tune([option, value]).description
    var expected = PlannerOptions()
    #expect(setting.read(value, into: &expected))
    (expected.coldSteps, expected.candidates, expected.guideRounds) = (1, 2, 1)
    let command = try #require(description.provenance["tuning"])
    #expect(command.contains(" \(option) \(setting.text(of: expected)) "), "\(command)")
    // How much a robot explores is in no file.
    expected.exploration = 0
    #expect(description.options == expected)
  }

  @Test func `a setting out of range is refused by name, and the model stays as it is`() throws {
    try workplace.writeModel("m.safetensors")
    let before = try workplace.bytes("m.safetensors")
    try expectRefusal(
      ["tune", "--model", "m.safetensors", "--discrepancy-weight", "1001"], status: 64, "discrepancy_weight",
      "0...1000", in: workplace.folder)
    #expect(try workplace.bytes("m.safetensors") == before)
  }

  @Test func `the command in the file repeats the run, bit for bit, from the file that it wrote over`() throws {
    let options = ["--temperature", "0.5", "--warm-start", "random", "--seed", "9", "--episodes", "2"]
    let command = try #require(try tune(options).description.provenance["tuning"])
    let written = try workplace.bytes("m.safetensors")
    for words in ["--temperature 0.5", "--warm-start random", "--seed 9", "--episodes 2"] {
      #expect(command.contains(words))
    }
    let outcome = try paste(command, in: workplace.folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try workplace.bytes("m.safetensors") == written)
  }
}
