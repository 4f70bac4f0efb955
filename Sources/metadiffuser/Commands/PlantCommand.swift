// `metadiffuser plant`: the physical robot behind a microcontroller, simulated in real time on its actuator bus.

import ArgumentParser
import Foundation
import RobotLink
import Tasks
import TestStand
import Workbench
import WorkbenchOptions

struct PlantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plant",
    abstract: "Be the robot's body: MuJoCo in real time behind a microcontroller's actuator bus.",
    discussion: """
      Moves on its own absolute schedule under whatever the drives were last told; without a drive frame for 100 ms \
      they go to their safe command. SIGUSR1 presses the robot's re-arm button, which lifts a latched SAFE. Answers \
      requests for samples. An episode starts when a controller drives the microcontroller.
      """
  )

  @Option(help: "Task family, or a folder with a family.json; one whose physics runs on between control ticks.")
  var family = "cheetah-vel"

  @Option(parsing: .unconditional, help: "Task parameters, separated by commas: 2.3 is a target speed in m/s.")
  var task: TaskArgument

  @Option(
    help: "The tty of the actuator bus, the local socket of an emulator, or pty:///PATH to make a terminal there.")
  var bus: String

  @Option(parsing: .unconditional, help: "Bits a second on the bus.")
  var baud: UInt32 = 921_600

  @Option(parsing: .unconditional, help: "Complete episodes until the end (default: until Control-C).")
  var episodes: Int?

  @Option(parsing: .unconditional, help: "Seed of the episodes' starts.")
  var seed: UInt64 = 1

  @Option(help: SafeCommandArgument.help)
  var safe: SafeCommandArgument?

  @Option(parsing: .unconditional, help: "Seconds until the end, whatever happens (default: none).")
  var seconds: Double?

  @Option(help: "Append a line of CSV for each drive frame to this file.")
  var trace: String?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes is \(episodes), give 1 or more") }
    if let seconds, !(seconds > 0 && seconds <= 1e9) {
      throw ValidationError("--seconds is \(seconds), give a positive number, at most 1e9")
    }
  }

  func run() throws {
    let family = try TaskFamily.named(family)
    guard let task = try family.task(parameters: task.parameters) as? any ContinuousTask else {
      throw ValidationError("\(family.name) has no physics that runs on between control ticks; give cheetah-vel")
    }
    Interruption.watch()
    RearmButton.watch()
    let trace = try self.trace.map { try DriveTrace(path: $0) }
    let plant = StandPlant(
      task: task, bus: BusPort(path: bus, baud: baud), seed: seed,
      safe: try (safe ?? .usual(for: family)).settings(of: family))
    let limit = seconds.map { monotonicNanoseconds() + UInt64($0 * 1e9) } ?? .max
    plant.run(
      episodes: episodes ?? .max, until: limit, isCancelled: { Interruption.isRequested },
      onDrive: { trace?.append(time: $0, drive: $1, command: $2) })
    let report = PlantReport(task: task, plant: plant)
    printReport(json ? try jsonText(report) : report.text)
    try trace?.check()
  }
}
