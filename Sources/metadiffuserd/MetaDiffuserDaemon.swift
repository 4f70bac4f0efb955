// The onboard controller: reads its options, loads the model, and hands the process to the control loop.

import ArgumentParser

@main
struct MetaDiffuserDaemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metadiffuserd",
    abstract: "Drive a robot with a trained MetaDiffuser model, a plan inside every control period."
  )
}
