// `metadiffuser train`: everything that learns.

import ArgumentParser

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a controller model from a data set, or an expert that makes data.",
    subcommands: [TrainModelCommand.self, TrainExpertCommand.self],
    defaultSubcommand: TrainModelCommand.self
  )
}
