// The models that ship plan alike with every table of kernels, beliefs and all that is decided on the way included.

import Foundation
import PlannerModel
import PlannerRuntime
import Testing

private let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Models")

private let modelNames =
  (try? FileManager.default.contentsOfDirectory(atPath: models.path))?
  .filter { $0.hasSuffix(".safetensors") }.sorted() ?? []

/// A planner of a model as it ships, and the walk that it is shown, the same for each.
private struct Walk: ~Copyable {
  private var planner: Planner
  private var random = RandomSource(seed: 5)
  private let model: LoadedModel

  init(_ model: LoadedModel, kernels: String) throws {
    self.model = model
    planner = try Planner(weights: model.weights, options: model.description.options, kernels: kernels)
    planner.reset(seed: 1)
    planner.clearContext()
  }

  private mutating func draw(_ mean: [Float], _ spread: [Float]) -> [Float] {
    zip(mean, spread).map { $0 + $1 * random.normal() }
  }

  /// Numbers like those of the data; then what was made of them: all commands of the plan and the context, and what is
  /// believed.
  mutating func step(plans: Bool) -> (numbers: [Float], hypothesis: Int) {
    let statistics = model.weights.statistics
    let observation = draw(statistics.observationMean, statistics.observationStd)
    let action = draw(statistics.actionMean, statistics.actionStd)
    let difference = draw(statistics.differenceMean, statistics.differenceStd)
    var commands: [Float] = []
    if plans {
      _ = planner.plan(observation: observation, budgetNanoseconds: .max)
      commands = (0..<planner.horizon * planner.actionSize).map { planner.action(0)[$0] / model.weights.actionLimit }
    }
    _ = planner.addTransition(
      observation: observation, action: action, reward: statistics.rewardMean + statistics.rewardStd * random.normal(),
      next: zip(observation, difference).map { $0 + $1 })
    planner.updateContextIfDue()
    let context = (0..<model.weights.shape.contextSize).map { planner.context($0) }
    return (commands + context, planner.belief?.hypothesis ?? -1)
  }
}

/// The vector tables of this processor, each with each model.
private let cases = modelNames.flatMap { model in Planner.kernelNames.dropLast().map { (model, $0) } }

@Suite("Tables of kernels") struct KernelTableTests {
  @Test func `there are models to compare the tables with`() { #expect(modelNames.count >= 6) }

  @Test(arguments: cases)
  func `commands and context agree with the portable table's to 1e-4, whatever the belief decides`(
    model name: String, kernels: String
  ) throws {
    let model = try LoadedModel(path: models.appendingPathComponent(name).path)
    var vector = try Walk(model, kernels: kernels)
    var portable = try Walk(model, kernels: "portable")
    var (worst, differs, hypotheses) = (Float(0), false, Set<Int>())
    for step in 0..<150 {
      let found = vector.step(plans: step % 10 == 0)
      let expected = portable.step(plans: step % 10 == 0)
      #expect(found.hypothesis == expected.hypothesis, "step \(step)")
      hypotheses.insert(found.hypothesis)
      for (one, other) in zip(found.numbers, expected.numbers) { worst = max(worst, abs(one - other)) }
      if found.numbers != expected.numbers { differs = true }
    }
    #expect(worst < 1e-4)
    // Two tables were compared, and decisions made.
    #expect(differs)
    #expect(hypotheses.count > 1)
  }
}
