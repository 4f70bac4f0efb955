// The two processes of the demo: the robot, whose live line people see, and the controller beside it.

import Foundation

/// Starts robot and controller, waits for both, and cleans up after them.
package final class DemoProcesses {
  private let folder: URL
  private let robotProgram: URL
  private let controllerProgram: URL

  /// Where the robot writes its trace.
  package var tracePath: String { folder.appendingPathComponent("trace.csv").path }

  package init() throws {
    robotProgram = try Programs.find("metadiffuser")
    controllerProgram = try Programs.find("metadiffuserd")
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("metadiffuser-demo-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Runs both to their ends and returns what the robot reported; `isCancelled` ends both.
  package func run(
    robot robotArguments: [String], controller controllerArguments: [String], isCancelled: () -> Bool
  ) throws -> RobotSummary {
    let controllerLog = folder.appendingPathComponent("controller.txt")
    _ = FileManager.default.createFile(atPath: controllerLog.path, contents: nil)
    let robotOutput = Pipe()
    let robot = Process()
    robot.executableURL = robotProgram
    robot.arguments = robotArguments
    robot.standardOutput = robotOutput
    let controller = Process()
    controller.executableURL = controllerProgram
    controller.arguments = controllerArguments
    controller.standardOutput = FileHandle.nullDevice
    controller.standardError = try FileHandle(forWritingTo: controllerLog)
    try robot.run()
    defer { if robot.isRunning { robot.terminate() } }
    try controller.run()
    defer { if controller.isRunning { controller.terminate() } }

    // Ends when the robot does; a controller that fails ends the robot.
    var isAsked = false
    while robot.isRunning {
      let hasFailed = !controller.isRunning && controller.terminationStatus != 0
      // Once: the second signal would end the robot before it has said goodbye.
      if !isAsked, hasFailed || isCancelled() {
        isAsked = true
        robot.interrupt()
      }
      usleep(20_000)
    }
    let output = robotOutput.fileHandleForReading.readDataToEndOfFile()
    controller.waitUntilExit(atMost: 3)
    if isCancelled() { throw StandError(description: "interrupted") }
    if !controller.isRunning, controller.terminationStatus != 0 {
      let log = (try? String(contentsOf: controllerLog, encoding: .utf8)) ?? ""
      throw StandError(description: "metadiffuserd ended with status \(controller.terminationStatus)\n\(log)")
    }
    guard robot.terminationStatus == 0 else {
      throw StandError(description: "the simulated robot ended with status \(robot.terminationStatus)")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(RobotSummary.self, from: output)
  }
}

extension Process {
  fileprivate func waitUntilExit(atMost seconds: Double) {
    let limit = Date(timeIntervalSinceNow: seconds)
    while isRunning, Date() < limit { usleep(10_000) }
  }
}
