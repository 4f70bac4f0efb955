// `metadiffuser collect`: drives simulated robots with behaviours of known skill and records a data set.

import ArgumentParser
import Foundation
import OfflineData
import Tasks

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Record a data set of simulated robots, on all cores.",
    discussion: "The same options give the same data on every machine with the same simulator."
  )

  @Option(help: "Task family: \(TaskFamily.all.map(\.name).joined(separator: ", ")).")
  var family = TaskFamily.cheetahVelocity.name

  @Option(help: "Which of the family's fixed task lists.")
  var split = TaskSplit.train

  @Option(help: "Who drives; mixed is random : medium : expert : recovery : astray = 1 : 2 : 4 : 5 : 3.")
  var quality = Quality.mixed

  @Option(help: "Expert file with the levels medium and expert (default: experts/FAMILY.safetensors).")
  var experts: String?

  @Option(help: "Episodes of each task.")
  var episodesPerTask = 75

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(name: [.short, .long], help: "Data set to write (HDF5).")
  var output: String

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard episodesPerTask >= 1 else {
      throw ValidationError("--episodes-per-task is \(episodesPerTask), give 1 or more")
    }
  }

  func run() throws {
    let family = try TaskFamily.named(family)
    let folder = URL(fileURLWithPath: output).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

    let jobs = try recordingJobs(family)
    let bar = ProgressBar("collect", unit: "episodes", total: jobs.count)
    Interruption.watch()
    var dataset = try Dataset.collect(
      family: family, jobs: jobs, seed: seed, isCancelled: { Interruption.isRequested }, progress: { bar.update($0) })
    dataset.provenance = [
      "command": "metadiffuser collect --family \(family.name) --split \(split) --quality \(quality)"
        + " --episodes-per-task \(episodesPerTask) --seed \(seed)",
      "seed": "\(seed)", "simulator": TaskFamily.simulator,
    ]
    try dataset.save(path: output)
    try report(dataset)
  }

  /// Task after task, in each task one level after the other.
  private func recordingJobs(_ family: TaskFamily) throws -> [RecordingJob] {
    let behaviours = try quality.counts(episodes: episodesPerTask).filter { $0.episodes > 0 }.map {
      (level: $0.level, try family.behaviour($0.level, expertPath: experts ?? family.expertPath), $0.episodes)
    }
    let tasks = family.tasks(split)
    return tasks.enumerated().flatMap { task, parameters in
      behaviours.flatMap { level, behaviour, episodes in
        (0..<episodes).map { episode in
          // One other task after the next.
          let other = tasks[(task + 1 + episode % max(1, tasks.count - 1)) % tasks.count]
          return RecordingJob(
            task: task, parameters: parameters, behaviour: behaviour, told: level == .astray ? other : nil)
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
