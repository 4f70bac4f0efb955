// What the failsafe's constants are set by: falls after contact is lost, and what a slew limit costs.

import ArgumentParser

@main
struct SafetyBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "safety-bench", abstract: "Measure what the failsafe's constants do to robots.",
    subcommands: [FallsCommand.self, SlewCommand.self])
}
