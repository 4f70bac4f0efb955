// From the first plan on, the planner allocates nothing: counted by a hooked malloc.

import CAllocationCounter
import PlannerRuntime
import Testing

/// Of the calling thread and the planner's helper.
private func allocations(_ planner: borrowing Planner) -> UInt64 {
  var helper: UInt64 = 0
  planner.onHelper({ $0!.storeBytes(of: ac_allocations(), as: UInt64.self) }, &helper)
  return ac_allocations() + helper
}

@Suite(.serialized) struct AllocationTests {
  @Test(arguments: [(Float(0), 1), (0, 2), (0.5, 1), (0.5, 2)], ContextInference.allCases)
  func `a thousand plans with context and guide allocate nothing`(
    plans: (warmLevel: Float, threads: Int), inference: ContextInference
  ) throws {
    let (warmLevel, threads) = plans
    var options = PlannerOptions()
    options.warmLevel = warmLevel
    options.candidates = 4
    options.conditionWeight = 1.5
    options.contextInference = inference
    options.exploration = 0.3
    var weights = PlannerWeights.random(smallShape, seed: 4)
    weights.bank = .random(smallShape, count: 20, seed: 5)
    var planner = try Planner(weights: weights, options: options, threads: threads)
    let observation: [Float] = [0.1, 0.2, -0.3, 0.4, -0.5]
    let action: [Float] = [0.5, -0.5]
    let next: [Float] = [0.2, 0.1, -0.2, 0.5, -0.4]
    var converged = 0
    let before = allocations(planner)
    observation.withUnsafeBufferPointer { observation in
      action.withUnsafeBufferPointer { action in
        next.withUnsafeBufferPointer { next in
          // The first plan counts too: nothing is put off until then.
          for cycle in 0..<1000 {
            if cycle % 200 == 0 {
              planner.reset(seed: UInt64(cycle))
              planner.clearContext()
            }
            if cycle % 200 < 100 {
              _ = planner.addTransition(
                observation: observation.baseAddress!, action: action.baseAddress!, reward: 0.5,
                next: next.baseAddress!)
            }
            if cycle % 200 == 100 { planner.updateContext() }
            planner.updateContextIfDue()
            let budget: UInt64 = cycle % 3 == 0 ? 1 : .max
            let result = planner.plan(observation: observation.baseAddress!, budgetNanoseconds: budget)
            if case .converged = result.status { converged += 1 }
            if cycle % 2 == 0 { planner.prepare() }
          }
        }
      }
    }
    let made = allocations(planner) - before
    #expect(made == 0)
    #expect(converged > 600)
  }
}
