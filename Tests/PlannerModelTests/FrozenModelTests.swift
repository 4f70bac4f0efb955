// A model and a warm start as version 0.9.0 wrote them, before channels had names (Tests/Frozen): they load, mean the
// same and drive.

import Foundation
import Foundations
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct FrozenModelTests {
  /// Beside this file's folder.
  private let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Frozen"

  @Test func `an old model loads with numbered channels and one limit, and is written again byte for byte`() throws {
    let path = folder + "/model.safetensors"
    let model = try LoadedModel(path: path)
    #expect(model.description.family == "point-robot")
    #expect(model.description.observationChannels == .unnamed(2))
    #expect(model.description.actionChannels == .unnamed(2, limit: 0.1))
    #expect(model.description.actionLimit == 0.1)
    #expect(model.weights.actionRanges == [-0.1...0.1, -0.1...0.1])
    let again = FileManager.default.temporaryDirectory.appendingPathComponent("frozen-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: again) }
    try model.write(to: again.path, as: model.description)
    #expect(try Data(contentsOf: again) == Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func `an old model plans with an old warm start, within its limit`() throws {
    let model = try LoadedModel(path: folder + "/model.safetensors")
    let warmStart = try WarmStart(path: folder + "/warm-start.safetensors")
    #expect(warmStart.family == "point-robot" && warmStart.count == 20)
    var planner = try Planner(weights: model.weights, options: model.description.options)
    #expect(warmStart.infer(into: &planner) == 20)
    let result = planner.plan(observation: [0.1, -0.2] as [Float], budgetNanoseconds: .max)
    #expect(result.status == .converged)
    #expect((0..<planner.horizon * 2).allSatisfy { abs(planner.action(0)[$0]) <= 0.1 })
  }
}
