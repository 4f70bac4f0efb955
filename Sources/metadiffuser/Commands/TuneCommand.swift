// `metadiffuser tune`: the planning settings that score best within a period, written into the model.

import ArgumentParser
import CConsole
import CommandOptions
import Evaluation
import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Workbench
import WorkbenchOptions

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Find the planning settings that score best within a period, and write them into the model.",
    discussion: """
      Every combination of steps, candidates and guide rounds is timed on one core; those whose plans fit are scored on
      held-out tasks, which neither training nor the meta-test uses. The fastest within 0.002 of the best score wins.
      Tune on the computer that will drive the robot, while nothing else runs.
      """
  )

  @Option(help: "Model file.")
  var model: String

  @OptionGroup(title: "The robots")
  var robots: RobotArguments

  @Option(help: ArgumentHelp("Time between two plans, such as 8ms or 500us (default: the model's).", valueName: "time"))
  var period: TimeSpan?

  @Option(
    parsing: .unconditional, help: "Share of the period that 99 % of plans must keep within, above 0 and at most 1.")
  var share = 0.5

  @Option(help: "Denoising steps to try.")
  var steps = Numbers([1, 2, 3, 4, 5, 7, 10, 20])

  @Option(help: "Numbers of candidates to try.")
  var candidates = Numbers([1, 2, 4, 8, 16, 32, 64])

  @Option(help: "Guide rounds a denoising step to try.")
  var guideRounds = Numbers([0, 1, 2])

  @OptionGroup(title: "Planning settings that all of them share (default: the model's)")
  var shared: SharedArguments

  @Option(
    help: "Who drives the warm start: random, medium, expert, mixed or own, the planner (default: mixed; link: own).")
  var warmStart: WarmStartSource?

  @Option(parsing: .unconditional, help: "Episodes of each task.")
  var episodes = 1

  @Option(parsing: .unconditional, help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Tasks at a time while scoring.")
  var threads = 2

  @Option(help: "Instruction set (default: the best one here).")
  var kernel: String?

  @Option(help: ArgumentHelp("Draw score against plan time.", valueName: "file.svg"))
  var plot: String?

  @Option(name: .shortAndLong, help: "Model file to write (default: the model itself).")
  var output: String?

  @Flag(help: "Write no model.")
  var dryRun = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard share > 0, share <= 1 else { throw ValidationError("--share is \(share), give more than 0 and at most 1") }
    guard episodes >= 1 else { throw ValidationError("--episodes is \(episodes), give 1 or more") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is \(threads), give 1...64") }
  }

  func run() throws {
    let loaded = try LoadedModel(path: model)
    let periodMs = period?.milliseconds ?? Double(loaded.description.periodNanoseconds) / 1e6
    let bed = try robots.bed(for: loaded, file: model, split: .heldOut)
    var test = MetaTest(
      bed, model: loaded, warmStart: warmStart ?? robots.usualWarmStart, episodes: episodes, seed: seed)
    test.tasks = try robots.chosenTasks(of: bed)
    test.threads = threads
    test.kernels = kernel
    test.options = try shared.given.applied(to: loaded)
    let most = loaded.description.shape.denoisingSteps
    let grid = Tuning.Grid(
      steps: steps.values.filter { $0 <= most }, candidates: candidates.values, guideRounds: guideRounds.values)
    let tuning = Tuning(test: test, grid: grid, limitMs: share * periodMs)
    guard !grid.steps.isEmpty else {
      throw ValidationError("--steps has none within the model's \(most) noise levels")
    }

    if !dryRun { try OutputFile.prepare(output ?? model) }
    try plot.map { _ = try OutputFile.prepare($0) }

    Interruption.watch()
    let count = grid.steps.count * grid.candidates.count * grid.guideRounds.count
    let timingBar = ProgressBar("time settings", unit: "combinations", total: count)
    var scoringBar: ProgressBar?
    let report = try tuning.run(
      isCancelled: { Interruption.isRequested }, timing: { done, _ in timingBar.update(done) },
      scoring: { done, total in
        if scoringBar == nil { scoringBar = ProgressBar("score settings", unit: "combinations", total: total) }
        scoringBar?.update(done)
      })
    try plot.map { try report.plot.write(to: $0) }
    if json { try printJSON(report) } else { print(report.table) }
    guard let chosen = report.chosen else {
      console_say("none of \(count) combinations plans within \(tuning.limitMs) ms; allow a longer --period\n")
      throw ExitCode.failure
    }
    guard !dryRun else { return }
    try write(chosen, tuning, loaded, periodMs: periodMs)
    if !json { print("wrote \(output ?? model)") }
  }

  private func write(
    _ chosen: TuningReport.Point, _ tuning: Tuning, _ loaded: LoadedModel, periodMs: Double
  ) throws {
    var description = loaded.description
    description.options = tuning.options(chosen)
    // Every option that settles the figures; the settings by value, as the model may be written over itself.
    description.provenance["tuning"] = shellLine(
      [
        "metadiffuser", "tune", "--model", model, "--period", "\(periodMs)ms", "--share", "\(share)", "--steps",
        "\(steps)", "--candidates", "\(candidates)", "--guide-rounds", "\(guideRounds)",
      ] + shared.given.words(of: description.options)
        + ["--warm-start", tuning.test.warmStart.rawValue, "--episodes", "\(episodes)", "--seed", "\(seed)"]
        + robots.words + (kernel.map { ["--kernel", $0] } ?? [])
        + (output.map { ["-o", $0] } ?? []))
    try loaded.write(to: output ?? model, as: description)
  }
}
