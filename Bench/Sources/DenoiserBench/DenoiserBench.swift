// `denoiser-bench`: our denoiser against the same net over OpenBLAS, in turn in one run.

import ArgumentParser
import Glibc
import PlannerModel
import PlannerRuntime

@main
struct DenoiserBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "denoiser-bench",
    abstract: "Measure the denoiser against the same net over OpenBLAS, one thread each.",
    subcommands: [CompareCommand.self, ModelCommand.self], defaultSubcommand: CompareCommand.self)
}

/// Sizes of a net with random weights; the defaults are Diffuser's for HalfCheetah.
struct ShapeOptions: ParsableArguments {
  @Option(help: "Channels of the levels, separated by commas.")
  var channels = "32,64,128,256"

  @Option(help: "Rows of a plan.")
  var horizon = 32

  var weights: PlannerWeights {
    get throws {
      let shape = PlannerShape(
        observationSize: 17, actionSize: 6, contextSize: 16, horizon: horizon,
        channels: channels.split(separator: ",").compactMap { Int($0) }, denoisingSteps: 20)
      if let defect = shape.defect {
        throw ValidationError("\(defect.field) is \(defect.found), give \(defect.expected)")
      }
      return .random(shape, seed: 1)
    }
  }
}

/// Writes a model file of random weights, for whatever is measured on one.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Write a model of random weights for cheetah-vel's robot.")

  @Argument(help: "File to write.")
  var file: String

  @OptionGroup var shape: ShapeOptions

  func run() throws {
    let weights = try shape.weights
    let description = ModelDescription(
      family: "cheetah-vel", shape: weights.shape, periodNanoseconds: 50_000_000, actionLimit: weights.actionLimit)
    try LoadedModel.write(description, statistics: weights.statistics, to: file) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
  }
}

/// The comparison itself.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare outputs, then time both in turn and print medians and ratios.")

  @OptionGroup var shape: ShapeOptions

  @Option(help: "Batches, separated by commas.")
  var batches = "1,16"

  @Option(help: "Seconds of measuring for each batch.")
  var seconds = 2.0

  @Option(help: "Our instruction set (default: the best one here).")
  var kernel: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let weights = try shape.weights
    let rows = try batches.split(separator: ",").map { text in
      guard let batch = Int(text), batch >= 1 else { throw ValidationError("--batches has '\(text)', give numbers") }
      return try Comparison(weights, batch: batch, kernel: kernel).measured(seconds: seconds)
    }
    print(json ? "[\n" + rows.map(\.json).joined(separator: ",\n") + "\n]" : Row.header)
    if !json { for row in rows { print(row.text) } }
    if let bad = rows.first(where: { !($0.deviation <= Row.tolerance) }) {
      print("outputs differ by \(bad.deviation) at batch \(bad.batch), more than \(Row.tolerance)")
      throw ExitCode.failure
    }
  }
}
