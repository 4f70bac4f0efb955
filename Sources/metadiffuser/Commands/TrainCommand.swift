// `metadiffuser train`: everything that learns.

import ArgumentParser

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a controller model from a data set, an expert that makes data, or a baseline.",
    subcommands: [TrainModelCommand.self, TrainExpertCommand.self, TrainBaselineCommand.self, TrainBankCommand.self],
    defaultSubcommand: TrainModelCommand.self
  )
}

/// Where a training that writes `output` keeps what it resumes from, unless the user says otherwise: beside it, so that
/// two runs with two outputs never share one.
func checkpointPath(of output: String) -> String { output + ".checkpoint" }
