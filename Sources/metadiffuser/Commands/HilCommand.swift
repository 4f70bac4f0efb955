// `metadiffuser hil`: hardware in the loop. The firmware's real image between the controller and the physical robot.

import ArgumentParser
import CConsole
import Evaluation
import Foundation
import OfflineData
import RobotLink
import Tasks
import TestStand
import Workbench
import WorkbenchOptions

struct HilCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hil",
    abstract: "Drive the robot through its microcontroller: QEMU runs the firmware's image, or real hardware does.",
    discussion: """
      UART 0 of the microcontroller is metadiffuserd's serial port; UART 1 is the actuator bus, on which 'metadiffuser \
      plant' is the robot's body. Controller and model are those of 'metadiffuser demo', and so are task and seed.
      """
  )

  @OptionGroup
  var task: DemoTask

  @Option(help: "The firmware's image for QEMU ('make firmware').")
  var image = ".build-firmware/firmware.elf"

  @Option(help: "The microcontroller's link port, /dev/ttyACM0; real hardware in place of QEMU, with --real-bus.")
  var realPort: String?

  @Option(help: "The tty that the real microcontroller's actuator bus is wired to.")
  var realBus: String?

  @Option(
    parsing: .unconditional,
    help: "Kill and stop each part this many times at random instants, and report how the others coped.")
  var faults: Int?

  @Option(help: "With --faults: only this part, controller, plant or microcontroller; may be given more than once.")
  var faultPart: [StandProcesses.Part] = []

  @Option(help: "What the drives do when the microcontroller is silent; see 'metadiffuser plant --help'.")
  var safe: String?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard (realPort == nil) == (realBus == nil) else {
      throw ValidationError("give --real-port and --real-bus together, or neither")
    }
    if let faults {
      guard (1...1000).contains(faults) else { throw ValidationError("--faults is \(faults), give 1...1000") }
      if realPort != nil { throw ValidationError("--faults cuts the power of QEMU, not of real hardware") }
    }
  }

  func run() throws {
    let family = try task.family()
    Interruption.watch()
    let realPorts = realPort.flatMap { link in realBus.map { (link: link, bus: $0) } }
    if let safe {
      guard let choice = SafeCommandArgument(argument: safe) else {
        throw ValidationError("--safe is \(safe), give zero, hold, damping[=GAIN] or pose=C1,C2,…")
      }
      _ = try choice.settings(of: family)
    }
    let plant =
      ["--family", family.name, "--task", "\(task.speed)", "--seed", "\(task.seed)"]
      + (safe.map { ["--safe", $0] } ?? [])
    let controller = ["--model", try task.modelPath, "--seed", "\(task.seed)", "--warm-start-episodes", "1"]
    if let faults {
      let processes = try StandProcesses(image: image, realPorts: nil, plant: plant, controller: controller)
      let report = try StandFaults(
        processes: processes, parts: faultPart.isEmpty ? StandProcesses.Part.allCases : faultPart, count: faults,
        seed: task.seed,
        periodNanoseconds: family.periodNanoseconds
      ).run(isCancelled: { Interruption.isRequested }, onFigures: { console_say_line($0.text) })
      printReport(json ? try jsonText(report) : report.text)
      if !report.isGood { throw ExitCode.failure }
      return
    }
    let processes = try StandProcesses(
      image: realPorts == nil ? image : nil, realPorts: realPorts,
      plant: plant + ["--episodes", "\(task.episodes + 1)", "--seconds", "\(30 + 15 * (task.episodes + 1))"],
      controller: controller)
    for part in [.microcontroller, .plant, .controller] as [StandProcesses.Part] { try processes.start(part) }
    let outputs = try processes.finish(isCancelled: { Interruption.isRequested })
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let plantReport = try decoder.decode(PlantReport.self, from: outputs.plant)
    guard plantReport.returns.count == task.episodes + 1 else {
      throw StandError(
        description: "only \(plantReport.returns.count) of \(task.episodes + 1) episodes were driven to their end"
          + (plantReport.failsafeLatches > 0 ? ": SAFE latched, and nobody pressed the robot's button" : ""))
    }
    let yardsticks = try task.yardsticks(family)
    let report = StandReport(
      plant: plantReport, controller: try decoder.decode(ControllerSummary.self, from: outputs.controller),
      expertReturn: yardsticks.expertReturn, randomReturn: yardsticks.randomReturn)
    printReport(
      json ? try jsonText(report) : report.text(target: task.speed, hardware: realPort ?? "QEMU's mps2-an386"))
    try yardsticks.demand(task.atLeast, of: report.score)
  }
}
