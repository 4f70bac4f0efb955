// One plan of a model as it ships, to be counted under callgrind: `count_plan` is what the count is taken of.
//
// usage: plan-count KERNEL MODEL. Settings and context inference are the model's own; the seed is fixed.

import PlannerModel
import PlannerRuntime

/// Not inlined, and called so: callgrind knows it by this name.
@c(count_plan) @inline(never)
public func countPlan(_ memory: UnsafeMutableRawPointer, _ observation: UnsafePointer<Float>) -> Bool {
  let planner = memory.assumingMemoryBound(to: Planner.self)
  planner.pointee.prepare()
  return planner.pointee.plan(observation: observation, budgetNanoseconds: .max).status == .converged
}

let model = try LoadedModel(path: CommandLine.arguments[2])
let statistics = model.weights.statistics
var planner = try Planner(
  weights: model.weights, options: model.description.options, kernels: CommandLine.arguments[1])
var random = RandomSource(seed: 2)
@MainActor func near(_ mean: [Float], _ spread: [Float]) -> [Float] {
  zip(mean, spread).map { $0 + $1 * random.normal() }
}
let observation = near(statistics.observationMean, statistics.observationStd)
let action = near(statistics.actionMean, statistics.actionStd)
let next = zip(observation, near(statistics.differenceMean, statistics.differenceStd)).map { $0 + $1 }
_ = planner.addTransition(observation: observation, action: action, reward: statistics.rewardMean, next: next)
planner.updateContext()
let planned = withUnsafeMutablePointer(to: &planner) { countPlan($0, observation) }
print("\(planner.kernelName): \(planned ? "planned" : "no plan")")
