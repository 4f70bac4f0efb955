// `metadiffuser inspect`: the facts about sound files, and a named refusal of all others.

import Foundation
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct InspectTests {
  let workplace = try! Workplace()

  @Test func `a model's facts are those of the file`() throws {
    try workplace.writeModel("m.safetensors")
    let model = try LoadedModel(path: workplace.path("m.safetensors"))
    let report = try run(["inspect", workplace.path("m.safetensors"), "--json"]).json()
    #expect(report["kind"] as? String == "model")
    #expect(report["family"] as? String == "point-robot")
    #expect(report["period_ms"] as? Double == 100)
    #expect(report["channels"] as? [Int] == [16, 32])
    #expect(report["warnings"] as? [String] == [])
    let parts = try #require(report["parts"] as? [[String: Any]])
    #expect(parts.map { $0["part"] as? String } == ["encoder", "dynamics", "reward", "denoiser"])
    let parameters = model.weights.tensors.values.reduce(0) { $0 + $1.count }
    #expect(report["parameters"] as? Int == parameters)
    #expect(parts.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) } == 2 * parameters)
    let needs = try #require(report["needs"] as? [String: Any])
    let planner = try Planner(weights: model.weights, options: model.description.options)
    #expect(needs["arena_bytes"] as? Int == planner.arenaBytes)
    #expect(needs["kernel"] as? String == planner.kernelName)
  }

  @Test func `a model's settings are those of its file, each under its name`() throws {
    try workplace.writeModel("m.safetensors")
    let options = try LoadedModel(path: workplace.path("m.safetensors")).description.options
    let path = workplace.path("m.safetensors")
    let planner = try #require(try run(["inspect", path, "--json"]).json()["planner"] as? [String: Any])
    // It has no value, so nothing weighs one.
    let settings = PlannerOptions.settings.filter { $0.name != "value_weight" }
    #expect(planner.keys.sorted() == settings.map(\.name).sorted())
    #expect(planner["candidates"] as? Int == options.candidates)
    #expect(planner["guide"] as? String == options.guide.rawValue)
    #expect((planner["warm_guide_strength"] as? Double).map { Float($0) } == options.warmGuideStrength)
    let words = try run(["inspect", path]).output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    for setting in settings { #expect(words.contains { $0.starts(with: [setting.name, setting.text(of: options)]) }) }
  }

  @Test func `a model that does not fit its family's robot, and a channel that never moved, are warned of`() throws {
    try workplace.writeModel("m.safetensors", periodNanoseconds: 20_000_000)
    let text = try run(["inspect", workplace.path("m.safetensors")]).output
    #expect(text.contains("warning: 'point-robot' cannot be simulated with this model"))
    #expect(text.contains("period_nanoseconds"))
    try workplace.writeDataset("a.hdf5") { dataset in
      for index in stride(from: 1, to: 63, by: 3) {
        dataset.episodes[0].observations[index] = 7
        dataset.episodes[1].observations[index] = 7
      }
    }
    #expect(
      try run(["inspect", workplace.path("a.hdf5")]).output.contains("warning: observation channels 1 never move"))
  }

  @Test func `a data set's facts are those of the episodes`() throws {
    try workplace.writeDataset("a.hdf5") { $0.episodes[0].rewards = [Float](repeating: -2, count: 20) }
    let report = try run(["inspect", workplace.path("a.hdf5"), "--json"]).json()
    #expect(report["kind"] as? String == "data-set")
    #expect(report["transitions"] as? Int == 40)
    #expect(report["terminated_episodes"] as? Int == 1)
    let behaviours = try #require(report["behaviours"] as? [[String: Any]])
    #expect(behaviours[0]["behaviour"] as? String == "expert")
    #expect(behaviours[0]["mean_return"] as? Double == -40)
    #expect((report["tasks"] as? [[String: Any]])?.count == 2)
    #expect(report["is_finite"] as? Bool == true)
  }

  @Test func `an expert and a warm start are recognised`() throws {
    var warmStart = WarmStart(family: "arm", observationSize: 1, actionSize: 1, behaviour: "expert")
    for step in 0..<3 { warmStart.append(observation: [0], action: [0], reward: Float(step), next: [1]) }
    try warmStart.write(to: workplace.path("w.safetensors"))
    let report = try run(["inspect", workplace.path("w.safetensors"), "--json"]).json()
    #expect(report["kind"] as? String == "warm-start")
    #expect(report["mean_reward"] as? Double == 1)
    #expect((report["warnings"] as? [String])?.count == 1)

    let expert = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Models/experts/cheetah-vel.safetensors").standardized.path
    let levels = try run(["inspect", expert, "--json"]).json()["levels"] as? [[String: Any]]
    #expect(levels?.map { $0["level"] as? String } == ["medium", "expert"])
  }

  @Test func `a truncated or foreign file is refused with its name`() throws {
    try workplace.writeModel("m.safetensors")
    let whole = try workplace.bytes("m.safetensors")
    let path = workplace.path("x")
    for (content, words) in [
      (Data(), "is empty"), (Data("\u{7F}ELF, and more".utf8), "is neither safetensors nor HDF5"),
      (Data("MDCHECK1...".utf8), "is a checkpoint"), (whole.prefix(9), "damaged"), (whole.prefix(5000), "damaged"),
      (whole.dropLast(), "damaged"), (whole + [0], "damaged"),
    ] {
      try workplace.write("x", content)
      try expectRefusal(["inspect", path], status: 65, "Error: \(path): ", words)
    }
    var foreign = SafetensorsWriter(metadata: ["format": "pt"])
    foreign.add("weight", shape: [1], type: .float32, values: [1])
    try foreign.write(to: path)
    try expectRefusal(["inspect", path], status: 65, path, "'__metadata__.format' is 'pt'", ModelDescription.format)
  }

  @Test func `a missing file and a folder are failures, not bad data`() throws {
    let missing = workplace.path("none")
    try expectRefusal(["inspect", missing], status: 1, "Error: \(missing): cannot open: No such file")
    try expectRefusal(["inspect", workplace.folder], status: 1, "not a regular file")
  }
}
