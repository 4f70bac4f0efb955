// What `demo` and `hil` drive: one speed with one model and seed, and what expert and random get on it.

import ArgumentParser
import DataCollection
import Evaluation
import OfflineData
import PlannerModel
import Tasks
import TestStand
import Workbench

struct DemoTask: ParsableArguments {
  @Option(parsing: .unconditional, help: "Target speed [m/s] (default: 2.3, which is in no training task).")
  var speed = 2.3

  @Option(parsing: .unconditional, help: "Seed of the robot's starts and the planner's noise.")
  var seed: UInt64 = 1

  @Option(help: "Model file (default: the cheetah-vel that ships).")
  var model: String?

  @Option(help: "Expert file, the yardstick (default: the one that ships).")
  var experts: String?

  @Option(parsing: .unconditional, help: "Episodes after the warm start.")
  var episodes = 2

  @Option(
    parsing: .unconditional,
    help: "End with status 1 if their mean score is less; 1 is the expert's, 0 that of random actions.")
  var atLeast: Double?

  func validate() throws {
    guard (1...100).contains(episodes) else { throw ValidationError("--episodes is \(episodes), give 1...100") }
  }

  /// Model file.
  var modelPath: String {
    get throws {
      try model
        ?? ShippedFiles.own.path(
          ShippedFiles.model("cheetah-vel"), cure: "'metadiffuser train' makes one, --model names it")
    }
  }

  /// The model's family; throws if model, task or experts cannot be used, before anything is started.
  func family() throws -> TaskFamily {
    let model = try modelPath
    let family = try LoadedModel(path: model).description.simulatedFamily(file: model)
    _ = try family.task(parameters: [speed])
    _ = try family.yardstick(expertPath: experts).makePolicy()
    return family
  }

  /// What expert and random get on the task, from the starts of the episodes.
  func yardsticks(_ family: TaskFamily) throws -> Yardsticks {
    let task = try family.task(parameters: [speed])
    func returns(_ behaviour: Behaviour, episodes: ClosedRange<Int>) throws -> [Double] {
      let policy = try behaviour.makePolicy()
      // The robot's episode n starts from seed + n; number 0 is the warm start.
      return episodes.map { behaviourReturn(task, policy: policy, seed: seed &+ UInt64($0)) }
    }
    let random = try returns(.random(family), episodes: 1...episodes)
    return Yardsticks(
      expertReturns: try returns(family.yardstick(expertPath: experts), episodes: 0...episodes),
      randomReturn: random.reduce(0, +) / Double(random.count))
  }
}
