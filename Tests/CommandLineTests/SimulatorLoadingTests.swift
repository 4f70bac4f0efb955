// MuJoCo is loaded by what simulates, and by nothing else.

import Foundation
import Testing

@Suite struct SimulatorLoadingTests {
  let workplace = try! Workplace()

  /// What the program says when `environment` is set too.
  private func run(_ environment: String, _ arguments: [String]) throws -> Outcome {
    try CommandLineTests.run(
      [environment, products.appendingPathComponent("metadiffuser").path] + arguments, program: "/usr/bin/env",
      in: workplace.folder)
  }

  @Test func `training on a log loads no MuJoCo, a simulation does`() throws {
    try workplace.writeDataset("log.hdf5")
    let train = [
      "train", "--data", "log.hdf5", "-o", "m.safetensors", "--steps", "2", "--world-model-steps", "2", "--horizon",
      "8", "--channels", "16,32", "--context-size", "4",
    ]
    let collect = [
      "collect", "--family", "cheetah-vel", "--tasks", "1", "--episodes-per-task", "1", "--quality", "random", "-o",
      "d.hdf5",
    ]
    for (arguments, expected) in [(train, false), (collect, true)] {
      // The loader tells each library that it looks for.
      let outcome = try run("LD_DEBUG=libs", arguments)
      #expect(outcome.status == 0)
      #expect(outcome.error.contains("find library=libhdf5"))
      #expect(outcome.error.contains("libmujoco") == expected, "\(arguments[0])")
    }
  }

  @Test func `a simulation without MuJoCo ends with a cure`() throws {
    try workplace.write("libmujoco.so.2.2.2", Data("no library".utf8))
    let outcome = try run(
      "LD_LIBRARY_PATH=\(workplace.folder)", ["simulate", "--family", "cheetah-vel", "--task", "1"])
    #expect(outcome.status == 69)
    #expect(outcome.error.contains("MuJoCo cannot be loaded"))
    #expect(outcome.error.contains("libmujoco2.2.2"))
  }
}
