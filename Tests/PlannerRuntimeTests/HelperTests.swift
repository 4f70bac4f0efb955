// The second thread: it takes work off the first and changes no bit of a plan.

import PlannerRuntime
import Testing

/// Every command and result of some plans, with a context, guided, and with a pass without context.
private func plans(
  candidates: Int, threads: Int, budget: UInt64 = .max
) throws -> (commands: [Float], results: [PlanResult]) {
  var options = PlannerOptions()
  options.candidates = candidates
  options.conditionWeight = 1.5
  options.warmLevel = 0.5
  var planner = try Planner(weights: .random(smallShape, seed: 4), options: options, threads: threads)
  var random = RandomSource(seed: 8)
  func draw(_ count: Int) -> [Float] { (0..<count).map { _ in random.normal() } }
  var commands: [Float] = []
  var results: [PlanResult] = []
  for cycle in 0..<24 {
    if cycle == 4 {
      for _ in 0..<5 {
        _ = planner.addTransition(observation: draw(5), action: draw(2), reward: random.normal(), next: draw(5))
      }
      planner.updateContext()
    }
    results.append(planner.plan(observation: draw(5), budgetNanoseconds: budget))
    for row in 0..<planner.horizon {
      commands += UnsafeBufferPointer(start: planner.action(row), count: planner.actionSize)
    }
    if cycle % 2 == 0 { planner.prepare() }
  }
  return (commands, results)
}

@Suite struct HelperTests {
  @Test(arguments: [1, 2, 3, 5, 8, 13])
  func `one thread and two plan the same bit for bit`(candidates: Int) throws {
    let alone = try plans(candidates: candidates, threads: 1)
    let together = try plans(candidates: candidates, threads: 2)
    #expect(alone.commands == together.commands)
    #expect(alone.results == together.results)
    #expect(alone.results.contains { $0.predictedReturn != 0 })
  }

  @Test func `a budget cuts plans of two threads to their first step`() throws {
    let cut = try plans(candidates: 5, threads: 2, budget: 1)
    #expect(cut.results.allSatisfy { $0.stepsTaken == 1 })
    #expect(cut.commands.allSatisfy { $0.isFinite })
  }

  @Test func `helpers come and go with their planners`() throws {
    var options = PlannerOptions()
    options.candidates = 2
    for _ in 0..<20 {
      let planner = try Planner(weights: .random(smallShape, seed: 4), options: options, threads: 2)
      let hasHelper = planner.helperThread != nil
      #expect(hasHelper)
    }
    // One candidate cannot be split.
    options.candidates = 1
    let alone = try Planner(weights: .random(smallShape, seed: 4), options: options, threads: 2)
    let hasHelper = alone.helperThread != nil
    #expect(!hasHelper)
  }

  @Test func `other numbers of threads are refused`() {
    #expect(throws: PlannerError.invalid(field: "threads", found: "3", expected: "1...2")) {
      _ = try Planner(weights: .random(smallShape, seed: 4), options: PlannerOptions(), threads: 3)
    }
  }
}
