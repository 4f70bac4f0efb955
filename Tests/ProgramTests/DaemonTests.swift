// `metadiffuserd` as a process: with a simulated robot, over many cycles, and with files that are no models.

import Foundation
import Testing

@Suite("metadiffuserd") struct DaemonTests {
  @Test
  func `it drives a simulated robot in lockstep: warm start first, then with context, and both reports agree`() throws {
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

  @Test
  func `with a bank both reports say what the controller believes; with the encoder asked for neither does`() throws {
    let model = try makeModel(hypotheses: 4)
    defer { try? FileManager.default.removeItem(atPath: model) }
    for choice in [[], ["--context-inference", "encoder"]] {
      let link = "udp://127.0.0.1:\(freshPort())"
      let robot = try Program(
        "metadiffuser",
        [
          "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", link, "--lockstep", "--episodes", "2",
          "--json", "--wait", "20",
        ])
      let controller = try Program(
        "metadiffuserd", ["--model", model, "--link", link, "--exit-with-robot", "--json"] + choice)
      let (_, robotOutput, robotErrors) = try robot.finish()
      let (status, output, _) = try controller.finish()
      #expect(status == 0)
      let (robotReport, report) = (try object(robotOutput), try object(output))
      guard choice.isEmpty else {
        #expect(report["belief"] is NSNull)
        #expect((robotReport["beliefs"] as? [Any])?.allSatisfy { $0 is NSNull } == true)
        #expect(!robotErrors.contains("believes"))
        continue
      }
      #expect(report["context_transitions"] as? Int == 40)
      let belief = try #require(report["belief"] as? [String: Any])
      let parameters = try #require(belief["parameters"] as? [Double])
      // A goal of the bank: 2 n / 8 and (2 n + 1) / 8.
      #expect(parameters.count == 2 && parameters[0] * 4 == (parameters[0] * 4).rounded())
      #expect(parameters[1] == parameters[0] + 0.125)
      let (confidence, left) = (belief["confidence"] as? Double ?? -1, belief["hypotheses_left"] as? Double ?? -1)
      #expect((0...1).contains(confidence) && left >= 1)
      #expect(belief["unexplained"] as? Bool == false)
      let beliefs = try #require(robotReport["beliefs"] as? [[String: Any]])
      #expect(beliefs.count == 2)
      for told in beliefs { #expect((told["parameters"] as? [Double])?.count == 2) }
      #expect(robotErrors.contains("believes goal x "))
    }
  }

  @Test func `a belief is refused with 65 where the model has no bank to hold against the robot`() throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (status, _, errors) = try Program.run("metadiffuserd", "--model", model, "--context-inference", "belief")
    #expect(status == 65)
    #expect(errors.contains("bank"))
  }

  @Test func `a robot of another family is refused with 65 and both families are named`() throws {
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

  @Test func `a model that is foreign or cut short ends with 65, a missing one with 1, and the file is named`() throws {
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
    arguments: [
      ["--budget=-3"], ["--later-entries", "4"], ["--context-inference", "online"], ["--link", "x"],
      ["--warm-start", "a", "--warm-start-episodes", "1"],
    ])
  func `wrong usage ends with 64`(arguments: [String]) throws {
    let model = try makeModel()
    defer { try? FileManager.default.removeItem(atPath: model) }
    let (status, _, _) = try Program("metadiffuserd", ["--model", model] + arguments).finish()
    #expect(status == 64)
  }

  @Test(
    arguments: [1, 2])
  func `over ten thousand cycles the loop allocates nothing and, with memory locked, meets no page fault`(threads: Int)
    throws
  {
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
      "metadiffuserd",
      ["--model", model, "--link", link, "--exit-with-robot", "--json", "--quiet", "--threads", "\(threads)"])
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
