// One plan, to be counted under callgrind: `count_plan` is what the count is taken of.
//
// usage: plan-count KERNEL. Sizes and settings are those of the model that ships; weights are random, the seed is fixed.

import PlannerRuntime

/// Not inlined, and called so: callgrind knows it by this name.
@c(count_plan) @inline(never)
public func countPlan(_ memory: UnsafeMutableRawPointer, _ observation: UnsafePointer<Float>) -> Bool {
  let planner = memory.assumingMemoryBound(to: Planner.self)
  planner.pointee.prepare()
  return planner.pointee.plan(observation: observation, budgetNanoseconds: .max).status == .converged
}

let shape = PlannerShape(
  observationSize: 17, actionSize: 6, contextSize: 16, horizon: 16, channels: [32, 64, 128], denoisingSteps: 20)
var planner = try Planner(
  weights: .random(shape, seed: 1), options: PlannerOptions(), kernels: CommandLine.arguments.dropFirst().first)
var random = RandomSource(seed: 2)
let numbers = (0..<40).map { _ in random.normal() }
_ = planner.addTransition(
  observation: numbers, action: Array(numbers[..<6]), reward: 0, next: Array(numbers[20..<37]))
planner.updateContext()
let planned = withUnsafeMutablePointer(to: &planner) { countPlan($0, numbers) }
print("\(planner.kernelName): \(planned ? "planned" : "no plan")")
