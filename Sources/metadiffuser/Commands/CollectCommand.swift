// `metadiffuser collect`: drives simulated robots with behaviours of known skill and records a data set.

import ArgumentParser
import DataCollection
import Experts
import Foundation
import Learning
import OfflineData
import PlannerModel
import Tasks
import Workbench
import WorkbenchOptions

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Record a data set of simulated robots, on all cores.",
    discussion: "The same options give the same data on every machine with the same simulator."
  )

  @OptionGroup var recipe: RecipeArguments

  @Option(help: "Which of the family's fixed task lists.")
  var split = TaskSplit.train

  @Option(help: "Who drives; mixed is random : medium : expert : recovery : astray = 1 : 2 : 4 : 5 : 3.")
  var quality = Quality.mixed

  @Option(help: "Expert file with the levels medium and expert (default: the one that ships).")
  var experts: String?

  @Option(
    parsing: .unconditional, help: "Training tasks; more than the fixed list has continue it (default: the recipe's).")
  var tasks: Int?

  @Option(parsing: .unconditional, help: "Episodes of each task (default: the recipe's).")
  var episodesPerTask: Int?

  @Option(
    parsing: .unconditional,
    help: "Share of the recoveries that come from driving for another task (default: the recipe's).")
  var detours: Double?

  @Option(parsing: .unconditional, help: "Seed of everything random (default: the recipe's).")
  var seed: UInt64?

  @Option(name: [.short, .long], help: "Data set to write (HDF5).")
  var output: String

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    for (name, value) in [("--episodes-per-task", episodesPerTask), ("--tasks", tasks)] {
      if let value, value < 1 { throw ValidationError("\(name) is \(value), give 1 or more") }
      if let value, value > 1_000_000 { throw ValidationError("\(name) is \(value), give at most 1000000") }
    }
    if let detours, !(0...1).contains(detours) {
      throw ValidationError("--detours is \(detours), give a share in 0...1")
    }
    if tasks != nil, split != .train {
      throw ValidationError("--tasks is for training tasks; the other lists are fixed")
    }
  }

  func run() throws {
    let recipe = try recipe.load()
    let family = try TaskFamily.named(recipe.family)
    var options = recipe.collection
    options.tasks = tasks ?? (options.tasks > 0 ? options.tasks : family.trainTasks.count)
    options.episodesPerTask = episodesPerTask ?? options.episodesPerTask
    options.seed = seed ?? options.seed
    options.detours = detours ?? options.detours
    let jobs = try recordingJobs(family, options)
    try OutputFile.prepare(
      output,
      bytes: Dataset.fileBytes(
        episodes: jobs.count, steps: jobs.count * family.episodeLength, observationSize: family.observationSize,
        actionSize: family.actionSize))
    let bar = ProgressBar("collect", unit: "episodes", total: jobs.count)
    Interruption.watch()
    var dataset = try Dataset.collect(
      family: family, jobs: jobs, seed: options.seed, isCancelled: { Interruption.isRequested },
      progress: { bar.update($0) })
    dataset.provenance = [
      "command": shellLine(
        ["metadiffuser", "collect"] + self.recipe.words + ["--split", "\(split)", "--quality", "\(quality)"]
          + (experts.map { ["--experts", $0] } ?? [])
          + [
            "--tasks", "\(options.tasks)", "--episodes-per-task", "\(options.episodesPerTask)", "--detours",
            "\(options.detours)", "--seed", "\(options.seed)", "-o", output,
          ]),
      "seed": "\(options.seed)", "simulator": TaskFamily.simulator,
    ]
    try dataset.save(path: output)
    try report(dataset)
  }

  /// Task after task, in each task one level after the other.
  private func recordingJobs(_ family: TaskFamily, _ options: CollectionOptions) throws -> [RecordingJob] {
    let behaviours = try quality.counts(episodes: options.episodesPerTask).filter { $0.episodes > 0 }.map {
      (level: $0.level, try family.behaviour($0.level, expertPath: experts), $0.episodes)
    }
    let tasks = split == .train ? family.trainTasks(count: options.tasks) : try family.someTasks(split)
    return tasks.enumerated().flatMap { task, parameters in
      behaviours.flatMap { level, behaviour, episodes in
        (0..<episodes).map { episode in
          // One other task after the next.
          let other = tasks[(task + 1 + episode % max(1, tasks.count - 1)) % tasks.count]
          let isDetour = level == .recovery && episode < Int((Double(episodes) * options.detours).rounded())
          return RecordingJob(
            task: task, parameters: parameters, behaviour: behaviour, told: level == .astray ? other : nil,
            detour: isDetour ? other : nil)
        }
      }
    }
  }

  private struct Summary: Encodable {
    var family: String
    var split: String
    var quality: String
    var path: String
    var episodes: Int
    var transitions: Int
    /// Mean return of each behaviour's episodes.
    var meanReturn: [String: Double]
  }

  private func report(_ dataset: Dataset) throws {
    let byBehaviour = Dictionary(grouping: dataset.episodes, by: \.behaviour)
    let summary = Summary(
      family: dataset.family, split: split.rawValue, quality: quality.rawValue, path: output,
      episodes: dataset.episodes.count, transitions: dataset.transitionCount,
      meanReturn: byBehaviour.mapValues { episodes in
        episodes.reduce(0) { $0 + $1.totalReward } / Double(episodes.count)
      })
    if json {
      try printJSON(summary)
    } else {
      print("wrote \(output): \(summary.episodes) episodes, \(summary.transitions) transitions")
      for level in BehaviourLevel.allCases {
        guard let mean = summary.meanReturn[level.rawValue], let episodes = byBehaviour[level.rawValue] else {
          continue
        }
        print("  \(level): \(episodes.count) episodes, mean return \(String(format: "%.1f", mean))")
      }
    }
  }
}
