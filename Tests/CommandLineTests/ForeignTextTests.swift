// Text from files and peers: it steers no terminal, forges no line of a report, and provenance can be pasted into a
// shell.

import Foundation
import OfflineData
import PlannerModel
import Testing

@Suite struct ForeignTextTests {
  let workplace = try! Workplace()
  /// Clears a screen, goes up a line, sets a title, turns text round, ends a line.
  private let hostile = "\u{1B}[2J\u{1B}[A\u{9B}31m\u{1B}]0;x\u{7}\u{202E}evil\rhealth: good\n  warning: none"

  private func expectHarmless(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for scalar in text.unicodeScalars where scalar != "\n" && scalar != "\t" {
      let isControl = scalar.properties.generalCategory == .control
      #expect(
        !isControl && scalar != "\u{202E}", "\(scalar.value) in \(text.debugDescription)",
        sourceLocation: sourceLocation)
    }
  }

  @Test func `what a file says of itself is shown, not obeyed`() throws {
    try workplace.writeDataset("a.hdf5") { dataset in
      dataset.episodes[0].behaviour = hostile
      dataset.provenance = [hostile: hostile]
    }
    let outcome = try run(["inspect", workplace.path("a.hdf5")])
    #expect(outcome.status == 0)
    expectHarmless(outcome.output)
    #expect(outcome.output.contains(#"\u001b[2J"#) && outcome.output.contains(#"\u202eevil"#))
    #expect(!outcome.output.contains("\nhealth: good\n") && !outcome.output.contains("\n  warning: none\n"))
    // JSON still says what the file does.
    let json = try run(["inspect", workplace.path("a.hdf5"), "--json"])
    expectHarmless(json.output)
    #expect(try json.json()["provenance"] as? [String: String] == [hostile: hostile])
  }

  @Test func `names of files and of families in errors are shown, not obeyed`() throws {
    let name = hostile.replacing("/", with: "")
    for arguments in [
      ["inspect", name], ["train", "--data", name, "-o", "m"], ["plot", name, "-o", "x"],
      ["collect", "--family", name, "-o", "x"],
      ["inspect", "a", name], ["evaluate", "--model", "m", "--tasks", name],
    ] {
      let outcome = try run(arguments, in: workplace.folder)
      #expect(outcome.status != 0)
      expectHarmless(outcome.error)
    }
    expectHarmless(try run(["--model", name], program: "metadiffuserd").error)
    try workplace.writeModel("m.safetensors", family: "arm\u{1B}[2J")
    try expectRefusal(
      ["inspect", workplace.path("m.safetensors")], status: 65, #"'arm\u001b[2J'"#, "characters that cannot be seen")
    var dataset = Dataset(
      family: "arm\u{1B}[2J", observationSize: 1, actionSize: 1, actionLimit: 1, periodNanoseconds: 20_000_000)
    dataset.episodes = [
      Episode(
        task: 0, parameters: [], behaviour: "", observations: [0, 1], actions: [0], rewards: [0], terminated: false)
    ]
    #expect(throws: DataError.self) { try dataset.check(file: "a") }
  }

  @Test func `numbers that are none are null in JSON`() throws {
    var writer = try expertWriter()
    writer.metadata["expert_return"] = "nan"
    writer.metadata["random_return"] = "-inf"
    try writer.write(to: workplace.path("e.safetensors"))
    let outcome = try run(["inspect", workplace.path("e.safetensors"), "--json"])
    #expect(outcome.status == 0, "\(outcome.error)")
    let report = try outcome.json()
    #expect(report["random_return"] is NSNull)
    let levels = try #require(report["levels"] as? [[String: Any]])
    #expect(levels.contains { $0["mean_return"] is NSNull })
  }

  /// An expert of a made-up robot, with weights of 0.
  private func expertWriter() throws -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [
      "kind": "expert", "family": "arm", "observation_size": "1", "action_size": "1", "parameter_count": "1",
      "hidden_size": "256", "action_limit": "1",
    ])
    for (layer, shape) in [(0, [256, 2]), (1, [256, 256]), (2, [2, 256])] {
      let count = shape.reduce(1, *)
      writer.add(
        "policy.expert.\(layer).weight", shape: shape, type: .float16, values: [Float](repeating: 0, count: count))
      writer.add(
        "policy.expert.\(layer).bias", shape: [shape[0]], type: .float16,
        values: [Float](repeating: 0, count: shape[0]))
    }
    for name in ["observation", "parameters"] {
      writer.add("statistics.\(name).mean", shape: [1], type: .float32, values: [0])
      writer.add("statistics.\(name).std", shape: [1], type: .float32, values: [1])
    }
    return writer
  }

  @Test(arguments: ["my robot's log.hdf5", "a\"b$(c)`d`.hdf5", "-o.hdf5", "line\nend\\.hdf5", "März.hdf5"])
  func `the command in the provenance can be pasted into a shell`(name: String) throws {
    try workplace.writeDataset(name)
    // A name that begins with a dash needs its folder before it.
    let data = name.hasPrefix("-") ? "./" + name : name
    let arguments = [
      "train", "--data", data, "-o", "m.safetensors", "--steps", "2", "--world-model-steps", "2", "--horizon", "8",
      "--channels", "16,32", "--context-size", "4", "--seed", "3",
    ]
    #expect(try run(arguments, in: workplace.folder).status == 0)
    let command = try #require(try LoadedModel(path: workplace.path("m.safetensors")).description.provenance["command"])
    let words = try run(
      ["-c", "metadiffuser() { printf '%s\\0' \"$@\"; }; \(command)"], program: "/bin/bash")
    let pasted = words.output.split(separator: "\0").map(String.init)
    #expect(Array(pasted.prefix(3)) == ["train", "--data", data])
    #expect(pasted.suffix(2) == ["-o", "m.safetensors"])
  }

  @Test func `find-port prints JSON where that is asked for, and nothing else`() throws {
    let arguments = ["find-port", "--port", "/dev/null", "--wait", "0.05"]
    for arguments in [arguments + ["--json"], ["find-port", "--json"] + arguments.dropFirst()] {
      let outcome = try run(arguments, program: "metadiffuserd")
      #expect(outcome.status == 69)
      let list = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
      #expect(list.count == 1 && list[0]["robot"] is NSNull)
    }
    #expect(try run(arguments, program: "metadiffuserd").output.hasPrefix("serial:///dev/null"))
  }
}
