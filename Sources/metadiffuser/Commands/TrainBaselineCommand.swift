// `metadiffuser train baseline`: a policy that learns from the same data as a model, for the suite to hold it against.

import ArgumentParser
import CConsole
import Foundation
import Learning
import OfflineData
import PlannerModel
import Tasks
import Workbench
import WorkbenchOptions

extension BaselineMethod: ExpressibleByArgument {}

struct TrainBaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Train a learned baseline on the data of a model; resumes if interrupted.",
    discussion: """
      bc clones the best episodes of each task, told the context of the model's own encoder. focal trains an encoder \
      by distances between tasks and an offline actor-critic (TD3+BC) on all of the data. Both act without planning. \
      The same data, model, settings and seed give the same file.
      """
  )

  @Option(help: "Baseline: \(BaselineMethod.allCases.map(\.rawValue).joined(separator: " or ")).")
  var method: BaselineMethod

  @OptionGroup var recipe: RecipeArguments

  @Option(help: "Data set that the model was trained on (default: data/FAMILY.hdf5).")
  var data: String?

  @Option(
    help: "Model whose data, settings of contexts and (bc) encoder are used (default: the one that ships).")
  var model: String?

  @Option(name: [.short, .long], help: "Baseline file to write (default: Models/baselines/FAMILY-METHOD.safetensors).")
  var output: String?

  @Option(parsing: .unconditional, help: "Seed of everything random (default: the recipe's).")
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: "Steps of the last stage: the cloned policy, or the actor-critic (default: the recipe's).")
  var steps: Int?

  @Option(parsing: .unconditional, help: "Threads; the result does not depend on it, and more than 2 bring nothing.")
  var threads = min(2, ProcessInfo.processInfo.activeProcessorCount)

  @Option(help: "Checkpoint to resume from and to write; default: OUTPUT.checkpoint")
  var checkpoint: String?

  @Flag(help: "Print the report as JSON, and no progress.")
  var json = false

  func validate() throws {
    guard (1...64).contains(threads) else { throw ValidationError("--threads is \(threads), give 1...64") }
  }

  func run() throws {
    let recipe = try recipe.load()
    let family = try TaskFamily.name(of: recipe.family)
    var options = recipe.baseline
    options.seed = seed ?? options.seed
    switch method {
    case .cloning: options.cloningSteps = steps ?? options.cloningSteps
    case .focal: options.actorCriticSteps = steps ?? options.actorCriticSteps
    }
    let output = output ?? ShippedFiles.baseline(family, method: method.rawValue)
    let data = data ?? "data/\(family).hdf5"
    let model =
      try model
      ?? ShippedFiles.own.path(
        ShippedFiles.model(family), cure: "'metadiffuser train --data \(data)' makes one, --model names it")
    let training = try BaselineTraining(
      method, Dataset.load(path: data), model: LoadedModel(path: model), options, threads: threads)
    let checkpoint = checkpoint ?? checkpointPath(of: output)
    let command = shellLine(
      ["metadiffuser", "train", "baseline", "--method", method.rawValue] + self.recipe.words
        + ["--data", data, "--model", model, "--seed", "\(options.seed)"] + (steps.map { ["--steps", "\($0)"] } ?? [])
        + ["-o", output])
    Interruption.watch()
    let outcome = try training.run(
      .init(output: output, checkpoint: checkpoint, log: checkpoint + ".csv"), provenance: ["command": command],
      isQuiet: json, shouldStop: { Interruption.isRequested })
    switch outcome {
    case .finished(let report):
      if json { return try printJSON(report) }
      let losses = report.losses.sorted { $0.key > $1.key }.map { name, values in
        "\(name) \(values.map { String(format: "%.4f", $0) }.joined(separator: " and "))"
      }
      print(
        """
        wrote \(output): \(report.parameters) parameters from \(report.transitions) transitions of \(report.tasks) \
        tasks in \(Int(report.seconds)) s
          last losses: \(losses.joined(separator: "; "))
        """)
    case .interrupted(let checkpoint):
      console_say("\ninterrupted; the same command resumes from \(checkpoint)\n")
      throw ExitCode.failure
    }
  }
}
