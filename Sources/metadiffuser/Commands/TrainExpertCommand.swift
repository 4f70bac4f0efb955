// `metadiffuser train expert`: a soft actor-critic that is told the task; its levels of skill make the data.

import ArgumentParser
import CConsole
import Experts
import Foundation
import Learning
import PlannerModel
import Tasks
import Workbench
import WorkbenchOptions

struct TrainExpertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expert",
    abstract: "Train a task-conditioned expert by soft actor-critic; resumes if interrupted."
  )

  @OptionGroup var recipe: RecipeArguments

  @Option(
    parsing: .unconditional,
    help: "Seed of everything random; the same seed gives the same expert (default: the recipe's).")
  var seed: UInt64?

  @Option(name: [.short, .long], help: "Expert file to write (safetensors).")
  var output: String

  @Option(parsing: .unconditional, help: "Updates of the networks in all (default: the recipe's).")
  var updates: Int?

  @Option(parsing: .unconditional, help: "Threads; the result does not depend on it.")
  var threads = min(2, ProcessInfo.processInfo.activeProcessorCount)

  @Option(help: "Checkpoint to resume from and to write; default: OUTPUT.checkpoint")
  var checkpoint: String?

  func validate() throws {
    guard (1...64).contains(threads) else { throw ValidationError("--threads is \(threads), give 1...64") }
  }

  func run() throws {
    let recipe = try recipe.load()
    let family = try TaskFamily.named(recipe.family)
    var options = recipe.expert
    options.seed = seed ?? options.seed
    options.updates = updates ?? options.updates
    let trainer = try ExpertTrainer(family: family, options: options, threads: threads)
    let path = checkpoint ?? checkpointPath(of: output)
    try trainer.prepare(output: output, checkpoint: path, log: path + ".csv")
    if FileManager.default.fileExists(atPath: path) {
      try trainer.restore(path: path)
      say("resumed from \(path) after \(trainer.updates) updates")
    }
    let command = shellLine(
      ["metadiffuser", "train", "expert"] + self.recipe.words
        + ["--seed", "\(options.seed)", "--updates", "\(options.updates)", "-o", output])
    let log = try ExpertLog(path: path + ".csv", trainer: trainer)
    var saved = ContinuousClock.now
    Interruption.watch()
    while !trainer.isFinished {
      if Interruption.isRequested {
        try trainer.saveCheckpoint(path: path)
        console_say("interrupted; the same command resumes from \(path)\n")
        throw ExitCode.failure
      }
      if let progress = try trainer.round() {
        try log.add(progress, of: trainer)
        if trainer.levels.last?.snapshot.updates == progress.updates {
          try trainer.export(path: output, command: command)
        }
      }
      if ContinuousClock.now - saved > .seconds(240) || trainer.isFinished {
        try trainer.saveCheckpoint(path: path)
        saved = .now
      }
    }
    try trainer.export(path: output, command: command)
    for (name, snapshot) in trainer.levels {
      say("\(name): mean return \(fixed(snapshot.meanReturn, 1)) after \(snapshot.updates) updates")
    }
    say("random: mean return \(fixed(trainer.randomReturn, 1))\nwrote \(output)")
  }
}

/// The progress of an expert's training: a line for people, a line of CSV for plots.
private final class ExpertLog {
  private let file: FileHandle
  private let start = ContinuousClock.now
  private let firstUpdates: Int

  init(path: String, trainer: ExpertTrainer) throws {
    // Lines that an interrupted run wrote after its last checkpoint come again.
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let kept = old.split(separator: "\n").dropFirst().filter {
      Int($0.prefix { $0 != "," }).map { $0 <= trainer.updates } ?? false
    }
    let header: Substring = "updates,mean_return,critic_loss,policy_loss,entropy,temperature"
    try OutputFile(path).write(([header] + kept).map { $0 + "\n" }.joined())
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    firstUpdates = trainer.updates
  }

  func add(_ progress: ExpertTrainer.Progress, of trainer: ExpertTrainer) throws {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = Double(progress.updates - firstUpdates) / seconds
    let left = Int(Double(trainer.options.updates - progress.updates) / rate)
    let line =
      "\(progress.updates),\(fixed(progress.meanReturn, 2)),\(progress.criticLoss),\(progress.policyLoss),"
      + "\(progress.entropy),\(progress.temperature)\n"
    try file.write(contentsOf: Data(line.utf8))
    say(
      "\(progress.updates) / \(trainer.options.updates) updates  return \(fixed(progress.meanReturn, 1))"
        + "  (random \(fixed(trainer.randomReturn, 1)))  critic \(fixed(Double(progress.criticLoss), 3))"
        + "  policy \(fixed(Double(progress.policyLoss), 2))  entropy \(fixed(Double(progress.entropy), 1))"
        + "  α \(fixed(Double(progress.temperature), 4))  \(fixed(rate, 0)) updates/s"
        + "  \(left / 60) min \(left % 60) s left")
  }
}

/// Prints a line at once, into a pipe too.
private func say(_ line: String) {
  print(line)
  fflush(nil)
}

private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
