// `metadiffuserd` as a process: with a simulated robot, with files that are no models, and what it is linked with.

import Foundation
import Testing

@Suite("metadiffuserd") struct DaemonTests {
  @Test("it drives a simulated robot in lockstep: warm start first, then with context, and both reports agree")
  func drivesSimulation() throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = "udp://127.0.0.1:\(freshPort())"
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", link, "--lockstep", "--episodes", "3",
        "--json", "--wait", "20",
      ])
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", link, "--exit-with-robot", "--json"])
    let (robotStatus, robotOutput, robotErrors) = try robot.finish()
    let (status, output, errors) = try controller.finish()
    #expect(robotStatus == 0)
    #expect(status == 0)
    #expect(robotErrors.contains("controller connected"))
    #expect(errors.contains("context inferred from the warm start"))
    let (robotReport, report) = (try object(robotOutput), try object(output))
    #expect((robotReport["returns"] as? [Double])?.count == 3)
    #expect(robotReport["deadline_misses"] as? Int == 0)
    #expect(report["cycles"] as? Int == 63)
    #expect(report["episodes"] as? Int == 3)
    #expect(report["context_transitions"] as? Int == 20)
    #expect(report["deadline_misses"] as? Int == 0)
    #expect(report["robot"] as? String == "simulated point-robot")
    #expect(report["plan_ms"] is [String: Any])
  }

  @Test("a robot of another family is refused with 65 and both families are named")
  func otherFamily() throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = "udp://127.0.0.1:\(freshPort())"
    let robot = try Program("metadiffuser", ["simulate", "--task", "1", "--link", link, "--wait", "20"])
    let (status, output, errors) = try Program.run("metadiffuserd", "--model", model, "--link", link)
    robot.kill()
    #expect(status == 65)
    #expect(output == "")
    #expect(errors.contains("cheetah-vel"))
    #expect(errors.contains("point-robot"))
  }

  @Test("a model that is foreign or cut short ends with 65, a missing one with 1, and the file is named")
  func badModels() throws {
    let model = try makeModel()
    let damaged = model + ".cut"
    defer {
      for path in [model, damaged] { try? FileManager.default.removeItem(atPath: path) }
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: model))
    for contents in [whole.prefix(whole.count / 2), whole.prefix(4), Data("not a model at all".utf8)] {
      try contents.write(to: URL(fileURLWithPath: damaged))
      let (status, _, errors) = try Program.run("metadiffuserd", "--model", damaged)
      #expect(status == 65)
      #expect(errors.contains(damaged))
    }
    let (status, _, errors) = try Program.run("metadiffuserd", "--model", "/no/such/model")
    #expect(status == 1)
    #expect(errors.contains("/no/such/model"))
  }

  @Test(
    "wrong usage ends with 64",
    arguments: [["--budget=-3"], ["--link", "x"], ["--warm-start", "a", "--warm-start-episodes", "1"]])
  func usage(arguments: [String]) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (status, _, _) = try Program("metadiffuserd", ["--model", model] + arguments).finish()
    #expect(status == 64)
  }

  @Test("it is linked with no simulator, no linear algebra, no data files and no full Foundation")
  func libraries() throws {
    let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ldd")
    process.arguments = [directory.appendingPathComponent("metadiffuserd").path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let list = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(list.contains("libprotobuf-c"))
    for library in ["mujoco", "blas", "hdf5", "libFoundation.so", "libprotobuf.so"] {
      #expect(!list.contains(library), "metadiffuserd is linked with \(library)")
    }
  }
}
