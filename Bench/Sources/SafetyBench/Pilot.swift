// The shipped planner at the controls of a simulated robot, following it with its belief as metadiffuserd does.

import PlannerModel
import PlannerRuntime
import Tasks

/// A planner with what it has planned last.
final class Pilot {
  let family: TaskFamily
  private var planner: Planner

  init(folder: String, family: TaskFamily) throws {
    let model = try LoadedModel(path: "\(folder)/\(family.name).safetensors")
    self.family = family
    planner = try Planner(weights: model.weights, options: model.description.options)
  }

  /// Entries of a plan after its first.
  var laterEntries: Int { planner.horizon - 2 }

  /// What was learned about a robot is forgotten.
  func forget() { planner.clearContext() }

  func begin(seed: UInt64) { planner.reset(seed: seed) }

  /// The plan after `observation`, `[1 + laterEntries][actionSize]`, within the family's limit.
  func plan(_ observation: [Float]) -> [[Float]] {
    _ = planner.plan(observation: observation, budgetNanoseconds: .max)
    let limit = family.actionLimit
    return (0...laterEntries).map { entry in
      (0..<family.actionSize).map { min(max(planner.action(entry)[$0], -limit), limit) }
    }
  }

  /// Uses the time until the next observation.
  func prepare() { planner.prepare() }

  /// Learns from what came of an action.
  func experience(_ observation: [Float], _ action: [Float], _ reward: Double, _ next: [Float]) {
    _ = planner.addTransition(observation: observation, action: action, reward: Float(reward), next: next)
    planner.updateContextIfDue()
  }

  func updateContext() { planner.updateContext() }
}
