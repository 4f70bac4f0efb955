// A test stand: microcontroller, plant and controller as processes that may be killed, stopped and started again.

import Foundation

/// What a test stand is made of and where its parts meet.
package final class StandProcesses {
  /// The parts, as people name them.
  package enum Part: String, CaseIterable { case controller, plant, microcontroller }

  package let folder: URL
  private let microcontroller: Microcontroller?
  private let plantArguments: [String]
  private let controllerArguments: [String]
  private var processes: [Part: Process] = [:]
  private let workbench: URL
  private let daemon: URL

  package var tracePath: String { folder.appendingPathComponent("drives.csv").path }

  /// - Parameters:
  ///   - image: the firmware's image for QEMU, or nil for real hardware at `realPorts` (link, bus).
  ///   - plant, controller: arguments beyond their ports.
  package init(image: String?, realPorts: (link: String, bus: String)?, plant: [String], controller: [String]) throws {
    workbench = try Programs.find("metadiffuser")
    daemon = try Programs.find("metadiffuserd")
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("metadiffuser-stand-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    microcontroller = try image.map { [folder] in try Microcontroller(image: $0, folder: folder) }
    let link = microcontroller?.linkPath ?? realPorts?.link ?? ""
    let bus = microcontroller?.busPath ?? realPorts?.bus ?? ""
    plantArguments =
      ["plant", "--bus", bus, "--trace", folder.appendingPathComponent("drives.csv").path, "--json"] + plant
    controllerArguments = ["--link", "serial://\(link)?baud=921600", "--json"] + controller
  }

  deinit {
    for part in Part.allCases { stop(part) }
    try? FileManager.default.removeItem(at: folder)
  }

  package func start(_ part: Part) throws {
    switch part {
    case .microcontroller: try microcontroller?.start()
    case .plant:
      let plant = try run(part, workbench, plantArguments)
      // The physical world waits for no processor: real time where the machine grants it.
      var priority = sched_param()
      priority.sched_priority = 15
      _ = sched_setscheduler(plant.processIdentifier, SCHED_FIFO, &priority)
    case .controller: _ = try run(part, daemon, controllerArguments)
    }
  }

  /// Kills it at once, if it runs.
  package func stop(_ part: Part) {
    if part == .microcontroller {
      microcontroller?.stop()
    } else if let process = processes.removeValue(forKey: part), process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  package func signal(_ part: Part, _ number: Int32) {
    guard let id = part == .microcontroller ? microcontroller?.processID : processes[part]?.processIdentifier else {
      return
    }
    kill(id, number)
  }

  /// Waits until the controller has loaded its model.
  package func waitUntilReady() throws {
    while !log(.controller).contains("waiting for the robot") {
      guard processes[.controller]?.isRunning == true else {
        throw StandError(description: "metadiffuserd does not start\n\(log(.controller))")
      }
      usleep(1000)
    }
  }

  /// Waits until the plant ends, and asks the controller to end too: what both have printed.
  package func finish(isCancelled: () -> Bool) throws -> (plant: Data, controller: Data) {
    var isAsked = false
    while let plant = processes[.plant], plant.isRunning {
      if let controller = processes[.controller], !controller.isRunning {
        throw StandError(
          description: "metadiffuserd ended with status \(controller.terminationStatus)\n\(log(.controller))")
      }
      if isCancelled(), !isAsked {
        isAsked = true
        plant.interrupt()
      }
      usleep(20_000)
    }
    processes[.controller]?.interrupt()
    processes[.controller]?.waitUntilExit()
    if isCancelled() { throw StandError(description: "interrupted") }
    guard processes[.plant]?.terminationStatus == 0 else {
      throw StandError(description: "the plant ended with an error\n\(log(.plant))")
    }
    return (try output(.plant), try output(.controller))
  }

  private func run(_ part: Part, _ program: URL, _ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try emptyFile(part, "json")
    process.standardError = try emptyFile(part, "log")
    try process.run()
    processes[part] = process
    return process
  }

  private func file(_ part: Part, _ kind: String) -> URL { folder.appendingPathComponent("\(part).\(kind)") }

  private func emptyFile(_ part: Part, _ kind: String) throws -> FileHandle {
    try Data().write(to: file(part, kind))
    return try FileHandle(forWritingTo: file(part, kind))
  }

  private func output(_ part: Part) throws -> Data { try Data(contentsOf: file(part, "json")) }

  private func log(_ part: Part) -> String { (try? String(contentsOf: file(part, "log"), encoding: .utf8)) ?? "" }
}
