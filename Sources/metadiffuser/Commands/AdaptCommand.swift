// `metadiffuser adapt`: the task changes in mid-episode, untold; how fast the planner is back, by what its context is.

import ArgumentParser
import CommandOptions
import Evaluation
import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Workbench
import WorkbenchOptions

struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt",
    abstract: "Change the task or the body in mid-episode, untold, and see how fast the planner is back.",
    discussion: """
      Each task of the split gets a warm start; the episode begins in it and goes on in another task of the split, \
      drawn by seed, from where the robot is. Back is who earns, over a twentieth of an episode, 90 % of the way from \
      random's reward to that of the expert in the new task. The expert is told of the change at once.

      A row for each origin of the context. encoder: inferred from the warm start and kept, so that the change goes \
      unnoticed. belief: held against every step of the robot, which takes a model with a bank of contexts. A model \
      that is told the task (an oracle's) is told of the change too.
      """
  )

  @Option(help: "Model file.")
  var model: String

  @OptionGroup(title: "The robots")
  var robots: RobotArguments

  @Option(parsing: .unconditional, help: "Step at which the task changes.")
  var changeAt = 100

  @Option(help: "What the context comes from: encoder, belief or encoder,belief (default: what the model has).")
  var contextInference: String?

  @Option(help: "Which of the family's fixed task lists.")
  var split = TaskSplit.test

  @Option(parsing: .unconditional, help: "Episodes of each task.")
  var episodes = 1

  @Option(
    help: "Who drives the warm start: random, medium, expert, mixed or own, the planner (default: mixed; link: own).")
  var warmStart: WarmStartSource?

  @Option(parsing: .unconditional, help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Tasks at a time.")
  var threads = 1

  @OptionGroup
  var planner: PlannerArguments

  @Option(help: "Write a picture of the mean reward over the steps to this file (SVG).")
  var plot: String?

  @Flag(help: "Print the results as a JSON array.")
  var json = false

  /// What was asked for; nil: whatever the model has.
  private var inferences: [ContextInference]? {
    get throws {
      try contextInference?.split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let inference = ContextInference(rawValue: String(name)) else {
          throw ValidationError("--context-inference has '\(name)', give encoder, belief, or encoder,belief")
        }
        return inference
      }
    }
  }

  func validate() throws {
    guard episodes >= 1 else { throw ValidationError("--episodes is \(episodes), give 1 or more") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is \(threads), give 1...64") }
    _ = try inferences
  }

  func run() throws {
    let loaded = try LoadedModel(path: model)
    let bed = try robots.bed(for: loaded, file: model, split: split)
    var test = MetaTest(
      bed, model: loaded, warmStart: warmStart ?? robots.usualWarmStart, episodes: episodes, seed: seed)
    test.tasks = try robots.chosenTasks(of: bed)
    let all = try (inferences ?? (loaded.weights.bank == nil ? [.encoder] : [.encoder, .belief]))
      .map { try planner.given.applied(to: loaded, contextInference: $0) }
    test.kernels = planner.kernel
    test.threads = threads
    try plot.map { _ = try OutputFile.prepare($0) }

    Interruption.watch()
    var reports: [ChangeReport] = []
    if !json { print(ChangeReport.header) }
    for options in all {
      test.options = options
      let bar = ProgressBar("adapt \(options.contextInference)", unit: "tasks", total: test.tasks.count)
      let report = try ChangeTest(test, changeStep: changeAt).run(
        isCancelled: { Interruption.isRequested }, progress: { bar.update($0) })
      reports.append(report)
      if !json { print(report.row) }
    }
    if json { try printJSON(reports) } else if let row = reports[0].expertRow { print(row) }
    if let plot { try ChangeReport.plot(reports).write(to: plot) }
  }
}
