// `metadiffuserd` as a process: with a simulated robot, over many cycles, and with files that are no models.

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
    arguments: [
      ["--budget=-3"], ["--later-entries", "4"], ["--link", "x"], ["--warm-start", "a", "--warm-start-episodes", "1"],
    ])
  func usage(arguments: [String]) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (status, _, _) = try Program("metadiffuserd", ["--model", model] + arguments).finish()
    #expect(status == 64)
  }

  @Test("over ten thousand cycles its loop allocates nothing and, with its memory locked, meets no page fault")
  func steadyState() throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let link = "udp://127.0.0.1:\(freshPort())"
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", link, "--lockstep", "--episodes", "477",
        "--quiet", "--wait", "20",
      ])
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", link, "--exit-with-robot", "--json", "--quiet"])
    _ = try robot.finish()
    let (status, output, _) = try controller.finish()
    #expect(status == 0)
    let report = try object(output)
    // 21 cycles an episode; hand-shake, warm start and context are among what is counted.
    #expect(report["cycles"] as? Int == 10_017)
    #expect(report["context_transitions"] as? Int == 20)
    #expect(report["allocations"] as? Int == 0)
    let refusals = report["real_time_warnings"] as? [String] ?? []
    if !refusals.contains(where: { $0.hasPrefix("locking memory") }) {
      #expect(report["minor_faults"] as? Int == 0)
      #expect(report["major_faults"] as? Int == 0)
    }
  }
}
