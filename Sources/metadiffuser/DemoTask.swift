// What `demo` and `hil` drive: one speed with one model and seed, and what expert and random get on it.

import ArgumentParser
import Evaluation
import OfflineData
import PlannerModel
import Tasks

struct DemoTask: ParsableArguments {
  @Option(help: "Target speed [m/s] (default: 2.3, which is in no training task).")
  var speed = 2.3

  @Option(help: "Seed of the robot's starts and the planner's noise.")
  var seed: UInt64 = 1

  @Option(help: "Model file.")
  var model = "Models/cheetah-vel.safetensors"

  @Option(help: "Expert file, the yardstick (default: experts/FAMILY.safetensors).")
  var experts: String?

  @Option(help: "Episodes after the warm start.")
  var episodes = 2

  func validate() throws {
    guard (1...100).contains(episodes) else { throw ValidationError("--episodes is \(episodes), give 1...100") }
  }

  /// The model's family; throws if model, task or experts cannot be used, before anything is started.
  func family() throws -> TaskFamily {
    let family = try LoadedModel(path: model).description.simulatedFamily(file: model)
    _ = try family.task(parameters: [speed])
    _ = try family.yardstick(expertPath: experts ?? family.expertPath).makePolicy()
    return family
  }

  /// Mean returns of expert and random from the starts of the episodes after the warm start.
  func yardsticks(_ family: TaskFamily) throws -> (expert: Double, random: Double) {
    let task = try family.task(parameters: [speed])
    // The robot's episode n starts from seed + n; number 0 is the warm start.
    let starts = (1...episodes).map { seed &+ UInt64($0) }
    func meanReturn(_ behaviour: Behaviour) throws -> Double {
      let policy = try behaviour.makePolicy()
      return starts.reduce(0) { $0 + behaviourReturn(task, policy: policy, seed: $1) } / Double(starts.count)
    }
    return (
      try meanReturn(family.yardstick(expertPath: experts ?? family.expertPath)), try meanReturn(.random(family))
    )
  }
}
