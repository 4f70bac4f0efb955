// `metadiffuser simulate` as a process, driven over its link by this test.

import Foundation
import RobotLink
import Testing

@Suite("metadiffuser simulate") struct SimulateTests {
  /// Drives a point robot that waits in lockstep at `port` with a fixed command until it says goodbye.
  func drive(port: UInt16, command: Float) throws -> (answers: Int, applied: [Float]) {
    var controller = try ControllerEndpoint(
      connectingTo: LinkAddress(host: "127.0.0.1", port: port),
      profile: RobotProfile(family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000),
      model: "test", silenceNanoseconds: 20_000_000_000)
    var action = ActionMessage()
    action.mode = .plan
    action.command[0] = command
    var answers = 0
    var applied: [Float] = []
    let limit = monotonicNanoseconds() + 20_000_000_000
    while true {
      switch controller.next(until: limit) {
      case .link(.observation):
        if !controller.observation.isFirst { applied.append(controller.observation.appliedAction[0]) }
        action.answer(controller.observation)
        controller.send(action)
        answers += 1
      case .link(.goodbye), .timeout: return (answers, applied)
      default: break
      }
    }
  }

  @Test func `in lockstep a robot does what it is told, reports it, and traces every step`() throws {
    let port = freshPort()
    let trace = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString).csv")
    defer { try? FileManager.default.removeItem(at: trace) }
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--lockstep",
        "--episodes", "2", "--json", "--quiet", "--trace", trace.path, "--wait", "20",
      ])
    let (answers, applied) = try drive(port: port, command: 0.05)
    let (status, output, errors) = try robot.finish()
    #expect(status == 0)
    #expect(errors == "")
    #expect(answers == 42)
    #expect(applied == [Float](repeating: 0.05, count: 40))
    let report = try object(output)
    // From the origin 20 moves of 0.05 m along x; the goal lies 1 m away: −Σ (1 − 0.05 k), k = 1 … 20.
    let returns = report["returns"] as? [Double] ?? []
    #expect(returns.count == 2)
    for value in returns { #expect(abs(value + 9.5) < 1e-5) }
    #expect(report["deadline_misses"] as? Int == 0)
    #expect(report["frames_lost"] as? Int == 0)
    // This controller says nothing of the kind.
    #expect((report["beliefs"] as? [Any])?.allSatisfy { $0 is NSNull } == true)
    let lines = try String(contentsOf: trace, encoding: .utf8).split(separator: "\n")
    #expect(lines.first == "episode,step,time,distance,target,reward,plan_ms,mode")
    #expect(lines.count == 41)
    #expect(lines.last == "2,19,2.000,0.0000,0.0000,-0.00000,0.000,plan")
  }

  @Test func `between answers to every third observation a robot drives the entries that came along`() throws {
    let port = freshPort()
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--episodes", "1",
        "--json", "--quiet", "--wait", "20",
      ])
    var controller = try ControllerEndpoint(
      connectingTo: LinkAddress(host: "127.0.0.1", port: port),
      profile: RobotProfile(family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000),
      model: "test", silenceNanoseconds: 20_000_000_000)
    /// What is driven in an interval, whoever decides it.
    func command(_ step: UInt32) -> Float { Float(step % 5) / 100 }
    var action = ActionMessage()
    (action.mode, action.laterEntries) = (.plan, 3)
    var applied: [UInt32: Float] = [:]
    let limit = monotonicNanoseconds() + 20_000_000_000
    loop: while true {
      switch controller.next(until: limit) {
      case .link(.observation):
        let step = controller.observation.step
        if step > 0 { applied[step - 1] = controller.observation.appliedAction[0] }
        guard step % 3 == 0 || controller.observation.isLast else { continue }
        action.command[0] = command(step)
        for later in 0..<3 { action.laterCommands[2 * later] = command(step + 1 + UInt32(later)) }
        action.answer(controller.observation)
        controller.send(action)
      case .link(.goodbye), .timeout: break loop
      default: break
      }
    }
    let (status, output, _) = try robot.finish()
    #expect(status == 0)
    // An answer that came late on a busy machine still brought what follows.
    #expect(applied.count == 20)
    for (step, value) in applied where step > 0 { #expect(value == command(step)) }
    let choices = try #require(try object(output)["choices"] as? [String: Int])
    #expect(choices.values.reduce(0, +) == 20)
    #expect(choices["robot_earlier_plan", default: 0] >= 13)
  }

  @Test(
    arguments: [("zero", [0, 0]), ("hold", [0.05, 0]), ("pose=0.02,-0.03", [0.02, -0.03])] as [(String, [Float])])
  func `a robot left without answers goes from its last command to the safe command it was given`(
    safe: String, expected: [Float]
  ) throws {
    let port = freshPort()
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--episodes", "1",
        "--json", "--quiet", "--wait", "20", "--safe", safe,
      ])
    var controller = try ControllerEndpoint(
      connectingTo: LinkAddress(host: "127.0.0.1", port: port),
      profile: RobotProfile(family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000),
      model: "test", silenceNanoseconds: 20_000_000_000)
    var action = ActionMessage()
    (action.mode, action.command[0]) = (.plan, 0.05)
    var applied: [[Float]] = []
    let limit = monotonicNanoseconds() + 20_000_000_000
    loop: while true {
      switch controller.next(until: limit) {
      case .link(.observation):
        let step = controller.observation.step
        if step > 0 { applied.append((0..<2).map { controller.observation.appliedAction[$0] }) }
        // Then it stays silent but for the end, and short of what would end the episode.
        guard step < 3 || step == 11 || controller.observation.isLast else { continue }
        action.answer(controller.observation)
        controller.send(action)
        if step == 11 { break loop }
      case .link(.goodbye), .timeout: break loop
      default: break
      }
    }
    robot.kill()
    try #require(applied.count >= 11)
    for (value, wanted) in zip(applied[10], expected) { #expect(abs(value - wanted) < 1e-5) }
  }

  @Test func `a controller that takes over in the middle of an interval gets whole intervals from then on`() throws {
    let port = freshPort()
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--link", "udp://127.0.0.1:\(port)", "--quiet",
        "--wait", "20",
      ])
    let period: UInt64 = 100_000_000
    let profile = RobotProfile(
      family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: period)
    func controller() throws -> ControllerEndpoint {
      try ControllerEndpoint(
        connectingTo: LinkAddress(host: "127.0.0.1", port: port), profile: profile, model: "test",
        silenceNanoseconds: 20_000_000_000)
    }
    /// Sample times of the first two observations.
    func firstTwo(_ controller: inout ControllerEndpoint) -> [UInt64] {
      var times: [UInt64] = []
      let limit = monotonicNanoseconds() + 20_000_000_000
      while times.count < 2, monotonicNanoseconds() < limit {
        if controller.next(until: limit) == .link(.observation) {
          times.append(controller.observation.sampleTimeNanoseconds)
        }
      }
      return times
    }
    var first = try controller()
    let before = firstTwo(&first)
    // The robot drives on at its pace; the successor's Hello, every 100 ms, comes at 80 % of an interval.
    sleepUntil(before[1] + period * 8 / 10)
    var second = try controller()
    let after = firstTwo(&second)
    robot.kill()
    try #require(after.count == 2)
    // Kept from before, the next tick would follow after a fifth of the period.
    #expect(after[1] - after[0] > period * 7 / 10)
    #expect((after[0] - before[1]) % period > period / 2, "it was not taken over in the middle of an interval")
  }

  @Test(
    arguments: [
      (["--task", "2.3", "--family", "no-such"], "no-such"), (["--task", "99"], "target speed"),
      (["--task", "1,2"], "takes 1 task parameter"), (["--task", "x"], "--task"),
      (["--task", "1", "--link", "tcp://a:1"], "udp://"), (["--task", "1", "--episodes", "0"], "--episodes"),
      (["--task", "1", "--wait", "1e11"], "--wait"), (["--task", "1", "--wait", "inf"], "--wait"),
    ])
  func `wrong usage ends with 64 and says what is wrong`(arguments: [String], word: String) throws {
    let (status, output, errors) = try Program("metadiffuser", ["simulate"] + arguments).finish()
    #expect(status == 64)
    #expect(output == "")
    #expect(errors.contains(word))
  }

  @Test func `a port in use ends with 69, names the port and the cure`() throws {
    let port = freshPort()
    let profile = RobotProfile(family: "x", observationSize: 1, actionSize: 1, periodNanoseconds: 1)
    let robot = try RobotEndpoint(
      listeningAt: LinkAddress(host: "127.0.0.1", port: port),
      description: RobotDescription(profile: profile, name: "", actionLimit: 1, episodeLength: 0, lockstep: true),
      silenceNanoseconds: 1)
    let (status, _, errors) = try Program.run(
      "metadiffuser", "simulate", "--task", "1", "--link", "udp://127.0.0.1:\(port)")
    #expect(robot.port == port)
    #expect(status == 69)
    #expect(errors.contains("port \(port) is in use"))
  }

  @Test func `without a controller it gives up after the time it was told, with 69`() throws {
    let (status, _, errors) = try Program.run(
      "metadiffuser", "simulate", "--task", "1", "--link", "udp://127.0.0.1:\(freshPort())", "--wait", "0.05")
    #expect(status == 69)
    #expect(errors.contains("no controller"))
  }
}
