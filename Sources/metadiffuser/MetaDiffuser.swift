// The workbench command line: one subcommand a file, in Commands/.

import ArgumentParser
import ControlRuntime

@main
struct MetaDiffuser: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metadiffuser",
    abstract: "Collect data, train, evaluate and simulate robots for the MetaDiffuser real-time controller.",
    version: versionText("metadiffuser"),
    subcommands: [
      CollectCommand.self, ImportCommand.self, WarmStartCommand.self, TrainCommand.self, EvaluateCommand.self,
      AdaptCommand.self,
      TuneCommand.self,
      ProfileCommand.self, SimulateCommand.self, DemoCommand.self, PlantCommand.self, HilCommand.self,
      FaultCommand.self, LinkProfileCommand.self, LinkDamageCommand.self, PlotCommand.self, InspectCommand.self,
      SettingsCommand.self, CheckFamilyCommand.self,
    ]
  )
}
