// `metadiffuser train [model]`: a controller model from a data set and nothing else.

import ArgumentParser
import CConsole
import Evaluation
import Experts
import Foundation
import Learning
import OfflineData
import Tasks
import Workbench
import WorkbenchOptions

struct TrainModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Train a controller model from a data set (the default); resumes if interrupted.",
    discussion: """
      The same data, settings and seed give the same model, whatever the number of threads. Losses go into a CSV table \
      beside the checkpoint.
      """
  )

  @Option(help: "Data set (HDF5), recorded by `metadiffuser collect` or from a robot's own logs.")
  var data: String

  @Option(name: [.short, .long], help: "Model file to write (safetensors).")
  var output: String

  @Option(help: "Recipe whose settings of the model replace the defaults (JSON); see Recipes.")
  var recipe: String?

  @OptionGroup(title: "Settings")
  var settings: TrainingArguments

  @Option(parsing: .unconditional, help: "Threads; the result does not depend on it, and more than 2 bring nothing.")
  var threads = min(2, ProcessInfo.processInfo.activeProcessorCount)

  @Option(help: "Checkpoint to resume from and to write; default: OUTPUT.checkpoint")
  var checkpoint: String?

  @Option(
    parsing: .unconditional,
    help: "Measure the return on five held-out tasks every so many denoiser steps, for the table; takes the expert.")
  var evaluateEvery: Int?

  @Option(help: "Expert file, the driver of warm starts for --evaluate-every (default: the one that ships).")
  var experts: String?

  @Flag(help: "Print the report as JSON, and no progress.")
  var json = false

  @Flag(help: "Train nothing; print the milliseconds of a denoiser step with these settings.")
  var benchmarkStep = false

  func validate() throws {
    guard (1...64).contains(threads) else { throw ValidationError("--threads is \(threads), give 1...64") }
    if let evaluateEvery, evaluateEvery < 1 {
      throw ValidationError("--evaluate-every is \(evaluateEvery), give 1 or more steps")
    }
  }

  private var trainingConfiguration: TrainingConfiguration {
    get throws {
      var configuration = try recipe.map { try Recipe(path: $0).model } ?? TrainingConfiguration()
      try settings.apply(to: &configuration)
      return configuration
    }
  }

  func run() throws {
    let configuration = try trainingConfiguration
    try configuration.check()
    let dataset = try Dataset.load(path: data)
    let training = try ModelTraining(dataset, configuration, threads: threads)
    if benchmarkStep {
      print(String(format: "%.2f ms a step", training.measureDenoiserStep(steps: 50)))
      return
    }
    let checkpoint = checkpoint ?? checkpointPath(of: output)
    let command = shellLine(
      ["metadiffuser", "train", "--data", data] + (recipe.map { ["--recipe", $0] } ?? [])
        + settings.words(of: configuration) + ["-o", output])
    let probe = try evaluateEvery.map { try makeProbe(dataset.family, interval: $0) }
    Interruption.watch()
    let outcome = try training.run(
      .init(output: output, checkpoint: checkpoint, log: checkpoint + ".csv"),
      provenance: ["command": command, "dataset.path": data], isQuiet: json, probe: probe,
      shouldStop: { Interruption.isRequested })
    switch outcome {
    case .finished(let report):
      try show(report)
    case .interrupted(let checkpoint):
      console_say("\ninterrupted; the same command resumes from \(checkpoint)\n")
      throw ExitCode.failure
    }
  }

  /// One episode on each of five tasks that neither training nor a meta-test uses.
  private func makeProbe(_ name: String, interval: Int) throws -> ModelTraining.Probe {
    let family = try TaskFamily.named(name)
    let behaviours = try family.behaviours(expertPath: experts)
    return ModelTraining.Probe(interval: interval) { model in
      // Only the planner drives: the yardstick has no say in the return.
      var test = MetaTest(
        family: family, split: .heldOut, model: model, warmStart: .mixed, episodes: 1, seed: 1, behaviours: behaviours,
        yardstick: .random(family))
      test.tasks = Array(test.tasks.prefix(5))
      return try test.run().meanReturn
    }
  }

  private func show(_ report: TrainingReport) throws {
    if json { return try printJSON(report) }
    print(
      """
      wrote \(output): \(report.parameters) parameters from \(report.transitions) transitions of \(report.tasks) tasks\
      \(report.heldOutTasks > 0 ? ", \(report.heldOutTasks) kept out for 'evaluate --data'," : "") \
      in \(Int(report.seconds)) s
        world model's error as a share of the variance: \(text(report.training))\
      \(report.heldOut.map { "; on episodes kept out: \(text($0))" } ?? "")
        denoiser's loss: \(String(format: "%.4f", report.denoiserLoss)), \
      \(String(format: "%.1f", report.denoiserMsPerStep)) ms a step
      """)
  }

  private func text(_ errors: TrainingReport.WorldModelErrors) -> String {
    String(format: "dynamics %.4f, reward %.4f", errors.dynamics, errors.reward)
  }
}
