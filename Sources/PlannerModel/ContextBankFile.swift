// The bank of contexts in a model file: tensors `bank.…`, there or not there together.

import PlannerRuntime

extension SafetensorsWriter {
  package mutating func add(_ bank: ContextBank, contextSize: Int) {
    let count = bank.count
    metadata["bank_count"] = "\(count)"
    add("bank.contexts", shape: [count, contextSize], type: .float16, values: bank.contexts)
    add("bank.distances", shape: [count, count], type: .float32, values: bank.distances)
    add("bank.dynamics.scale", shape: [bank.dynamicsScale.count], type: .float32, values: bank.dynamicsScale)
    for (name, value) in [
      ("reward.scale", bank.rewardScale), ("dynamics.weight", bank.dynamicsWeight),
      ("reward.weight", bank.rewardWeight), ("dynamics.limit", bank.dynamicsLimit), ("reward.limit", bank.rewardLimit),
    ] {
      add("bank.\(name)", shape: [1], type: .float32, values: [value])
    }
    let parameters = bank.parameterCount
    guard parameters > 0 else { return }
    metadata["bank_parameter_count"] = "\(parameters)"
    add("bank.parameters", shape: [count, parameters], type: .float32, values: bank.parameters)
  }
}

extension ContextBank {
  /// The bank of a model of `shape`; nil where the file has none.
  package init?(file: SafetensorsFile, shape: PlannerShape) throws(ModelError) {
    guard file.metadata["bank_count"] != nil else { return nil }
    let count = try file.integer("bank_count", in: 1...1024)
    func number(_ name: String, in range: ClosedRange<Float>) throws(ModelError) -> Float {
      let value = try file.tensor("bank.\(name)", shape: [1])[0]
      guard range.contains(value) else {
        throw .invalid(
          file: file.path, field: "bank.\(name)", found: "\(value)",
          expected: "\(range.lowerBound)...\(range.upperBound)")
      }
      return value
    }
    func values(_ name: String, _ shape: [Int], in range: ClosedRange<Float>) throws(ModelError) -> [Float] {
      let values = try file.tensor("bank.\(name)", shape: shape)
      guard let bad = values.first(where: { !range.contains($0) }) else { return values }
      throw .invalid(
        file: file.path, field: "bank.\(name)", found: "\(bad)", expected: "\(range.lowerBound)...\(range.upperBound)")
    }
    let parameters =
      file.metadata["bank_parameter_count"] == nil ? 0 : try file.integer("bank_parameter_count", in: 1...1024)
    self.init(
      contexts: try values("contexts", [count, shape.contextSize], in: -1...1),
      distances: try values("distances", [count, count], in: 0...1e6),
      dynamicsScale: try values("dynamics.scale", [shape.observationSize], in: 1e-6...1e6),
      rewardScale: try number("reward.scale", in: 1e-6...1e6), dynamicsWeight: try number("dynamics.weight", in: 0...1),
      rewardWeight: try number("reward.weight", in: 0...1), dynamicsLimit: try number("dynamics.limit", in: 1e-6...1e6),
      rewardLimit: try number("reward.limit", in: 1e-6...1e6),
      parameters: parameters == 0 ? [] : try file.tensor("bank.parameters", shape: [count, parameters]))
  }
}
