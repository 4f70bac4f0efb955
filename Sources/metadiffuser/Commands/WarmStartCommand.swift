// `metadiffuser warm-start`: records the few transitions from which a controller infers its task.

import ArgumentParser
import DataCollection
import Foundation
import OfflineData
import PlannerModel
import Tasks
import Workbench
import WorkbenchOptions

struct WarmStartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warm-start",
    abstract: "Record a warm start of a simulated robot, for metadiffuserd --warm-start."
  )

  @Option(help: "Task family: \(TaskFamily.help).")
  var family = "cheetah-vel"

  @Option(parsing: .unconditional, help: "The task's parameters, separated by commas: 2.3")
  var task: TaskArgument

  @Option(help: "Who drives; mixed takes every third step of a random, a medium and an expert episode.")
  var quality = Quality.expert

  @Option(help: "Expert file with the levels medium and expert (default: the one that ships).")
  var experts: String?

  @Option(parsing: .unconditional, help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(name: [.short, .long], help: "Warm start to write (safetensors).")
  var output: String

  @Flag(help: "Print the summary as JSON.")
  var json = false

  private struct Summary: Encodable {
    var family: String
    var parameters: [Double]
    var quality: String
    var path: String
    var transitions: Int
    var meanReward: Double
  }

  func run() throws {
    let family = try TaskFamily.named(family)
    let task = try family.task(parameters: task.parameters)
    try OutputFile.prepare(output)
    let behaviours = try quality.levels.map { try family.behaviour($0, expertPath: experts) }
    let warmStart = try WarmStart.record(task, behaviours: behaviours, label: quality.rawValue, seed: seed)
    try warmStart.write(to: output)
    let summary = Summary(
      family: family.name, parameters: task.parameters, quality: quality.rawValue, path: output,
      transitions: warmStart.count,
      meanReward: warmStart.rewards.reduce(0) { $0 + Double($1) } / Double(warmStart.count))
    if json {
      try printJSON(summary)
    } else {
      let mean = String(format: "%.2f", summary.meanReward)
      print("wrote \(output): \(summary.transitions) transitions, mean reward \(mean)")
    }
  }
}
