// `metadiffuser hil`: hardware in the loop. The firmware's real image between the controller and the physical robot.

import ArgumentParser
import Evaluation
import Foundation
import OfflineData
import PlannerModel
import RobotLink
import Tasks

struct HilCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hil",
    abstract: "Drive the robot through its microcontroller: QEMU runs the firmware's image, or real hardware does.",
    discussion: """
      UART 0 of the microcontroller is metadiffuserd's serial port; UART 1 is the actuator bus, on which 'metadiffuser \
      plant' is the robot's body. Controller and model are those of 'metadiffuser demo', and so are task and seed.
      """
  )

  @Option(help: "Target speed [m/s] (default: 2.3, which is in no training task).")
  var speed = 2.3

  @Option(help: "Seed of the robot's starts and the planner's noise.")
  var seed: UInt64 = 1

  @Option(help: "Model file.")
  var model = "Models/cheetah-vel.safetensors"

  @Option(help: "Expert file, the yardstick (default: experts/FAMILY.safetensors).")
  var experts: String?

  @Option(help: "Episodes after the warm start.")
  var episodes = 2

  @Option(help: "The firmware's image for QEMU ('make firmware').")
  var image = ".build-firmware/firmware.elf"

  @Option(help: "The microcontroller's link port, /dev/ttyACM0; real hardware in place of QEMU, with --real-bus.")
  var realPort: String?

  @Option(help: "The tty that the real microcontroller's actuator bus is wired to.")
  var realBus: String?

  @Option(help: "Kill and stop each part this many times at random instants, and report how the others coped.")
  var faults: Int?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard (1...100).contains(episodes) else { throw ValidationError("--episodes is \(episodes), give 1...100") }
    guard (realPort == nil) == (realBus == nil) else {
      throw ValidationError("give --real-port and --real-bus together, or neither")
    }
    if let faults {
      guard (1...1000).contains(faults) else { throw ValidationError("--faults is \(faults), give 1...1000") }
      if realPort != nil { throw ValidationError("--faults cuts the power of QEMU, not of real hardware") }
    }
  }

  func run() throws {
    let family = try LoadedModel(path: model).description.simulatedFamily(file: model)
    let task = try family.task(parameters: [speed])
    let expert = try family.yardstick(expertPath: experts ?? family.expertPath).makePolicy()
    let random = try Behaviour.random(family).makePolicy()
    Interruption.watch()
    let realPorts = realPort.flatMap { link in realBus.map { (link: link, bus: $0) } }
    let plant = ["--family", family.name, "--task", "\(speed)", "--seed", "\(seed)"]
    let controller = ["--model", model, "--seed", "\(seed)", "--warm-start-episodes", "1"]
    if let faults {
      let bench = try Bench(image: image, realPorts: nil, plant: plant, controller: controller)
      let report = try BenchFaults(bench: bench, count: faults, seed: seed).run()
      if json { try printJSON(report) } else { print(report.text) }
      if !report.isGood { throw ExitCode.failure }
      return
    }
    let bench = try Bench(
      image: realPorts == nil ? image : nil, realPorts: realPorts,
      plant: plant + ["--episodes", "\(episodes + 1)", "--seconds", "\(30 + 15 * (episodes + 1))"],
      controller: controller)
    for part in [.microcontroller, .plant, .controller] as [Bench.Part] { try bench.start(part) }
    let outputs = try bench.finish()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let plantReport = try decoder.decode(PlantReport.self, from: outputs.plant)
    guard plantReport.returns.count == episodes + 1 else {
      throw BenchError(
        description: "only \(plantReport.returns.count) of \(episodes + 1) episodes were driven to their end")
    }
    // The robot's episode n starts from seed + n; number 0 is the warm start.
    let starts = (1...episodes).map { seed &+ UInt64($0) }
    func meanReturn(_ policy: BehaviourPolicy) -> Double {
      starts.reduce(0) { $0 + behaviourReturn(task, policy: policy, seed: $1) } / Double(starts.count)
    }
    let report = BenchReport(
      bench: plantReport, controller: try decoder.decode(ControllerSummary.self, from: outputs.controller),
      expertReturn: meanReturn(expert), randomReturn: meanReturn(random))
    if json {
      try printJSON(report)
    } else {
      print(report.text(target: speed, hardware: realPort ?? "QEMU's mps2-an386"))
    }
  }
}
