// The built programs as processes: started, given arguments, and judged by what they print and how they end.

import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink
import Synchronization

/// A running program. Both outputs go to files, so that nobody has to read them while it runs.
final class Program {
  private let process = Process()
  private let folder: URL

  /// Starts `name` from the directory of the test program, by way of the command `wrapper` if there is one, with its
  /// outputs elsewhere if that is said.
  init(
    _ name: String, _ arguments: [String], wrapper: [String] = [], output: FileHandle? = nil,
    errors: FileHandle? = nil
  ) throws {
    let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = wrapper + [directory.appendingPathComponent(name).path] + arguments
    for (stream, key) in [("out", \Process.standardOutput), ("error", \Process.standardError)] {
      let url = folder.appendingPathComponent(stream)
      try Data().write(to: url)
      process[keyPath: key] = try FileHandle(forWritingTo: url)
    }
    if let output { process.standardOutput = output }
    if let errors { process.standardError = errors }
    try process.run()
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Waits for the end: exit status and what was printed. What does not end within two minutes is killed, for a test
  /// that hangs tells nobody why.
  func finish() throws -> (status: Int32, output: String, errors: String) {
    let identifier = process.processIdentifier
    let rescue = DispatchWorkItem { _ = Foundation.kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: rescue)
    process.waitUntilExit()
    rescue.cancel()
    func text(_ stream: String) throws -> String {
      try String(contentsOf: folder.appendingPathComponent(stream), encoding: .utf8)
    }
    return (process.terminationStatus, try text("out"), try text("error"))
  }

  /// What it has printed to its error stream so far.
  func errors() throws -> String { try String(contentsOf: folder.appendingPathComponent("error"), encoding: .utf8) }

  /// Ends it at once, if it still runs.
  func kill() {
    if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
  }

  var id: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { Foundation.kill(process.processIdentifier, number) }

  /// Whether it ends before CLOCK_MONOTONIC shows `nanoseconds`.
  func hasEnded(by nanoseconds: UInt64) -> Bool {
    while process.isRunning, monotonicNanoseconds() < nanoseconds { usleep(2000) }
    return !process.isRunning
  }

  /// Stops it where it stands, as a debugger would; `kill` still ends it.
  func stop() { Foundation.kill(process.processIdentifier, SIGSTOP) }

  static func run(_ name: String, _ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try Program(name, arguments).finish()
  }
}

/// The numbers and lists of a JSON object.
func object(_ text: String) throws -> [String: Any] {
  try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
}

/// A UDP port for one test; different for each call and each test process.
func freshPort() -> UInt16 {
  20_000
    + UInt16((ProcessInfo.processInfo.processIdentifier &* 37 + nextPort.add(1, ordering: .relaxed).newValue) % 20_000)
}
private let nextPort = Atomic<Int32>(0)

/// Writes an untrained point-robot model, with a bank of `hypotheses` goals if there are any; the caller removes it.
func makeModel(hypotheses: Int = 0) throws -> String {
  let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 10)
  var options = PlannerOptions()
  options.candidates = 2
  let description = ModelDescription(
    family: "point-robot", shape: shape, periodNanoseconds: 100_000_000, actionLimit: 0.1, options: options)
  let weights = PlannerWeights.random(shape, seed: 5, actionLimit: 0.1)
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("program-\(UUID().uuidString)").path
  var bank: ContextBank? = nil
  if hypotheses > 0 {
    var goals = ContextBank.random(shape, count: hypotheses, seed: 3)
    goals.parameters = (0..<2 * hypotheses).map { Float($0) / 8 }
    bank = goals
  }
  try LoadedModel.write(description, statistics: weights.statistics, bank: bank, to: path) { tensor in
    weights.tensors[tensor.name]!.map { Float($0) }
  }
  return path
}
