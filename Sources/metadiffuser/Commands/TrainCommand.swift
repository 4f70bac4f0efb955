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
