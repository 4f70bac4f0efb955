// The search for settings: what is timed, what counts as frontier, what is chosen, what of it reaches the model file.

import Evaluation
import Foundation
import PlannerModel
import PlannerRuntime
import Tasks
import Testing

private func point(_ milliseconds: Double, _ score: Double, steps: Int = 1) -> TuningReport.Point {
  var point = TuningReport.Point(steps: steps, candidates: 1, guideRounds: 0)
  point.planMs = .init([milliseconds])
  point.normalisedScore = score
  return point
}

@Suite struct TuningTests {
  private func tuning(limitMs: Double) -> Tuning {
    var test = makeTest(split: .heldOut)
    test.episodes = 1
    var tuning = Tuning(
      test: test, grid: .init(steps: [1, 2], candidates: [1, 3], guideRounds: [0, 1]), limitMs: limitMs)
    tuning.timedPlans = 10
    return tuning
  }

  @Test func `with time enough every combination is scored as the meta-test scores it`() throws {
    let tuning = tuning(limitMs: 60_000)
    let report = try tuning.run()
    #expect(report.points.count == 8 && report.tooSlow == 0)
    #expect(Set(report.points.map { [$0.steps, $0.candidates, $0.guideRounds] }).count == 8)
    for point in report.points {
      var test = tuning.test
      test.options = tuning.options(point)
      #expect(try test.run().normalisedScore == point.normalisedScore)
      #expect(point.planMs.p50 > 0)
    }
    let best = try #require(report.points.compactMap(\.normalisedScore).max())
    #expect(try #require(report.chosen?.normalisedScore) >= best - tuning.tolerance)
  }

  @Test func `without time nothing fits and nothing is chosen`() throws {
    let report = try tuning(limitMs: 1e-6).run()
    #expect(report.points.isEmpty && report.tooSlow == 8 && report.chosen == nil)
    #expect(!report.table.isEmpty && report.plot.svg.hasPrefix("<svg"))
  }

  @Test func `the frontier holds what nothing beats in time and score`() {
    let marked = TuningReport.marked([point(3, 0.9), point(1, 0.5), point(2, 0.4), point(4, 0.9), point(5, 0.95)])
    #expect(marked.map(\.planMs.p50) == [1, 2, 3, 4, 5])
    #expect(marked.map(\.isOnFrontier) == [true, false, true, false, true])
  }

  @Test func `the fastest point within the tolerance of the best is chosen`() {
    let points = [point(1, 0.5), point(2, 0.949), point(3, 0.95), point(4, 0.94)]
    let report = TuningReport(tuning(limitMs: 10), fitting: points, tooSlow: 0)
    #expect(report.chosen?.planMs.p50 == 2)
  }

  @Test func `without scores points are chosen by their returns, within a share of the best`() {
    let points = [(1.0, -50.0), (2, -40.07), (3, -40), (4, -40.01)].map { milliseconds, earned in
      var point = point(milliseconds, 0)
      (point.normalisedScore, point.meanReturn) = (nil, earned)
      return point
    }
    let report = TuningReport(tuning(limitMs: 10), fitting: points, tooSlow: 0)
    #expect(report.chosen?.planMs.p50 == 2 && report.points.map(\.isOnFrontier) == [true, true, true, false])
    #expect(report.table.contains("–") && report.plot.svg.contains("return"))
  }

  @Test func `settings written into a model change the settings and nothing else`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "tuning-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = makeTest().model
    var description = model.description
    description.options.coldSteps = 4
    description.provenance["tuning"] = "by hand"
    try model.write(to: path, as: description)
    let read = try LoadedModel(path: path)
    #expect(read.description == description)
    #expect(read.weights.tensors == model.weights.tensors)
  }
}
