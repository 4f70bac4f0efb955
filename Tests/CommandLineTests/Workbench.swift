// Running the built programs as a user does, and the files that the tests hand to them.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import Testing

/// What a program left behind.
struct Outcome {
  var status: Int32
  var output: String
  var error: String

  /// The JSON object that it printed.
  func json() throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }
}

/// Executables lie beside the program that runs the tests.
let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

/// Runs `program`, one of ours or a path, in `folder` until it ends. What it writes must fit a pipe (64 KB), as errors
/// and reports do.
func run(_ arguments: [String], program: String = "metadiffuser", in folder: String = "/tmp") throws -> Outcome {
  let process = Process()
  let output = Pipe()
  let error = Pipe()
  process.executableURL =
    program.hasPrefix("/") ? URL(fileURLWithPath: program) : products.appendingPathComponent(program)
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = output
  process.standardError = error
  try process.run()
  let printed = output.fileHandleForReading.readDataToEndOfFile()
  let complained = error.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  // A crash is a signal, not a status; no test expects one.
  #expect(
    process.terminationReason == .exit,
    "\(program) \(arguments) crashed: \(String(decoding: complained, as: UTF8.self))")
  return Outcome(
    status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
    error: String(decoding: complained, as: UTF8.self))
}

/// Runs a command line as somebody pastes it into a shell.
func paste(_ command: String, in folder: String, programs: String = products.path) throws -> Outcome {
  try run(["-c", "PATH='\(programs)':$PATH; \(command)"], program: "/bin/sh", in: folder)
}

/// Expects that the program ends with `status` and complains in words that hold every one of `words`.
func expectRefusal(
  _ arguments: [String], program: String = "metadiffuser", status: Int32, _ words: String...,
  in folder: String = "/tmp",
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let outcome = try run(arguments, program: program, in: folder)
  #expect(outcome.status == status, "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
  for word in words {
    #expect(outcome.error.contains(word), "'\(word)' is not in: \(outcome.error)", sourceLocation: sourceLocation)
  }
}

/// A folder of its own for each test; the files in it are made on demand.
final class Workplace {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("metadiffuser-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// Names of all files in the folder: what a refused command must not have added to.
  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(fileURLWithPath: path(name))) }

  /// The program as it is installed, in `usr`, with these files of the checkout in its share.
  func install(_ files: String...) throws -> String {
    for folder in ["usr/bin", "usr/share/metadiffuser/Models/experts"] {
      try FileManager.default.createDirectory(atPath: path(folder), withIntermediateDirectories: true)
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for file in files {
      try FileManager.default.copyItem(
        atPath: root.appendingPathComponent(file).path, toPath: path("usr/share/metadiffuser/\(file)"))
    }
    let program = path("usr/bin/metadiffuser")
    try FileManager.default.copyItem(atPath: products.appendingPathComponent("metadiffuser").path, toPath: program)
    return program
  }

  /// An untrained model, with a bank of so many contexts; of point-robot's sizes and period unless said otherwise.
  func writeModel(
    _ name: String, family: String = "point-robot", observationSize: Int = 2, periodNanoseconds: UInt64 = 100_000_000,
    context: ContextKind = .pool, bank count: Int? = nil
  ) throws {
    let shape = PlannerShape(
      observationSize: observationSize, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32],
      denoisingSteps: 10, contextKind: context, parameterCount: context == .oracle ? 2 : 0)
    let weights = PlannerWeights.random(shape, seed: 1, actionLimit: 0.1)
    let description = ModelDescription(
      family: family, shape: shape, periodNanoseconds: periodNanoseconds, actionLimit: 0.1,
      provenance: ["command": "a test"])
    let bank = count.map { ContextBank.random(shape, count: $0, seed: 2) }
    try LoadedModel.write(description, statistics: weights.statistics, bank: bank, to: path(name)) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
  }

  /// Two tasks with one episode of 20 steps each, of a robot with 3 observation and 2 action channels.
  func writeDataset(_ name: String, change: (inout Dataset) -> Void = { _ in }) throws {
    var random = RandomSource(seed: 1)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in 2 * random.uniform() - 1 } }
    var dataset = Dataset(
      family: "arm", observationSize: 3, actionSize: 2, actionLimit: 1, periodNanoseconds: 20_000_000,
      episodes: (0..<2).map { task in
        Episode(
          task: task, parameters: [Double(task)], behaviour: task == 0 ? "expert" : "by hand",
          observations: numbers(63), actions: numbers(40), rewards: numbers(20), terminated: task == 1)
      },
      provenance: ["seed": "1"])
    change(&dataset)
    try dataset.save(path: path(name))
  }
}
