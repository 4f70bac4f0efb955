// Warm-start files: what is written is read back, and what cannot be used is refused with the name of the field.

import Glibc
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct WarmStartFileTests {
  private let path = "warm-start-test-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors"

  private func sample() -> WarmStart {
    var random = RandomSource(seed: 2)
    var warmStart = WarmStart(family: "arm", observationSize: 3, actionSize: 2, behaviour: "by hand, März")
    func row(_ count: Int) -> [Float] { (0..<count).map { _ in random.normal() } }
    for _ in 0..<5 { warmStart.append(observation: row(3), action: row(2), reward: row(1)[0], next: row(3)) }
    return warmStart
  }

  /// What reading says of a file with these metadata and arrays.
  private func refusal(
    metadata changes: [String: String] = [:], rewards: Int = 4, actions: [Int] = [4, 2], leaveOut: String? = nil
  ) throws -> String? {
    var metadata = [
      "format": WarmStart.format, "family": "arm", "observation_size": "3", "action_size": "2", "behaviour": "expert",
    ]
    metadata.merge(changes) { $1 }
    var writer = SafetensorsWriter(metadata: metadata.filter { $0.key != leaveOut })
    for (name, shape) in [
      ("observations", [4, 3]), ("actions", actions), ("rewards", [rewards]), ("next_observations", [4, 3]),
    ] where name != leaveOut {
      writer.add(name, shape: shape, type: .float32, values: [Float](repeating: 0, count: shape.reduce(1, *)))
    }
    try writer.write(to: path)
    defer { unlink(path) }
    do {
      _ = try WarmStart(path: path)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `a warm start comes back as it was written`() throws {
    defer { unlink(path) }
    try sample().write(to: path)
    #expect(try WarmStart(path: path) == sample())
  }

  @Test func `what does not fit is refused by name`() throws {
    #expect(try refusal() == nil)
    for (text, field) in [
      (try refusal(metadata: ["format": "metadiffuser-model/1"]), "'__metadata__.format' is 'metadiffuser-model/1'"),
      (try refusal(metadata: ["observation_size": "0"]), "'__metadata__.observation_size' is '0'"),
      (try refusal(metadata: ["action_size": "two"]), "'__metadata__.action_size' is 'two'"),
      (try refusal(metadata: ["observation_size": "4"]), "'observations' is of shape [4, 3], expected [4, 4]"),
      (try refusal(leaveOut: "family"), "'__metadata__.family' is missing"),
      (try refusal(leaveOut: "behaviour"), "'__metadata__.behaviour' is missing"),
      (try refusal(leaveOut: "actions"), "'actions' is missing"),
      (try refusal(leaveOut: "rewards"), "'rewards' is 0 transitions"),
      (try refusal(rewards: 0), "'rewards' is 0 transitions"),
      (try refusal(rewards: 3), "'observations' is of shape [4, 3], expected [3, 3]"),
      (try refusal(actions: [2, 4]), "'actions' is of shape [2, 4], expected [4, 2]"),
    ] {
      #expect(text?.hasPrefix("\(path): \(field)") == true, "\(text ?? "read")")
    }
  }
}
