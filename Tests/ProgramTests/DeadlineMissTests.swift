// `metadiffuserd` without a right to real-time priority, driven past its deadlines by a robot whose clock the test
// sets.

import Failsafe
import Glibc
import RobotLink
import Testing

/// A robot that says of its observations how old they are. No time but the one it claims decides what is answered.
private final class AgingRobot {
  private static let period: UInt64 = 100_000_000
  private var endpoint: RobotEndpoint
  private var observation = ObservationMessage()
  let port: UInt16

  init() throws {
    let profile = RobotProfile(
      family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: Self.period)
    endpoint = try RobotEndpoint(
      listeningAt: LinkAddress(host: "127.0.0.1", port: 0),
      description: RobotDescription(
        profile: profile, name: "aging robot", actionLimit: 0.1, episodeLength: 1000, lockstep: false),
      silenceNanoseconds: 60_000_000_000)
    port = endpoint.port
    observation.reward = nil
  }

  /// Waits for a controller; false if none comes.
  func connect() -> Bool {
    let end = monotonicNanoseconds() + 20_000_000_000
    while monotonicNanoseconds() < end {
      if endpoint.next(until: end) == .connected { return true }
    }
    return false
  }

  /// The controller's answer to an observation that is `age` old; nil if none comes.
  func exchange(age: UInt64) -> CommandMode? {
    observation.sampleTimeNanoseconds = monotonicNanoseconds() &- age
    let sequence = endpoint.send(observation)
    observation.step += 1
    let end = monotonicNanoseconds() + 20_000_000_000
    while monotonicNanoseconds() < end {
      if endpoint.next(until: end) == .action, endpoint.action.observationSequence == sequence {
        return endpoint.action.mode
      }
    }
    return nil
  }

  func sayGoodbye() { endpoint.sayGoodbye() }
}

@Suite("metadiffuserd without real-time priority") struct DeadlineMissTests {
  /// Takes away both grants of SCHED_FIFO: the limit, and for root the capability.
  static let withoutPriority =
    ["prlimit", "--rtprio=0:0"] + (getuid() == 0 ? ["setpriv", "--bounding-set", "-sys_nice"] : [])

  /// Drives until a plan was sent, and then for six observations that come too late. What the robot saw, and the
  /// controller's summary.
  func drive(_ arguments: [String]) throws -> (modes: [CommandMode?], status: Int32, output: String) {
    let model = try makeModel()
    defer { unlink(model) }
    let robot = try AgingRobot()
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", "udp://127.0.0.1:\(robot.port)", "--exit-with-robot"] + arguments,
      wrapper: Self.withoutPriority)
    #expect(robot.connect())
    var modes: [CommandMode?] = []
    repeat { modes.append(robot.exchange(age: 0)) } while modes.last != .plan && modes.count < 100
    // Each says that it is five seconds older than the one before, and the period is a tenth of one.
    for index in 1...6 as ClosedRange<UInt64> { modes.append(robot.exchange(age: index * 5_000_000_000)) }
    robot.sayGoodbye()
    let (status, output, _) = try controller.finish()
    return (modes, status, output)
  }

  @Test func `what comes too late is answered by fallbacks; the summary counts both and names the cure`() throws {
    let (modes, status, output) = try drive(["--json"])
    #expect(status == 0)
    #expect(modes.suffix(7) == [.plan] + Array(repeating: .earlierPlan, count: 4) + [.hold, .ramp])
    let report = try object(output)
    let misses = try #require(report["misses"] as? [String: Any]).compactMapValues { $0 as? Int }
    let fallbacks = try #require(report["fallbacks"] as? [String: Any]).compactMapValues { $0 as? Int }
    #expect(misses["skipped"] == modes.count { $0 != .plan })
    #expect(report["deadline_misses"] as? Int == misses.values.reduce(0, +))
    #expect(fallbacks == ["earlier_plan": 4, "hold": 1, "ramp": 1, "safe": 0])
    let warnings = try #require(report["real_time_warnings"] as? [String])
    let warning = try #require(warnings.first { $0.hasPrefix("real-time priority (SCHED_FIFO 80) refused") })
    #expect(warning.contains("CAP_SYS_NICE") && warning.contains("ulimit -r"))
  }

  @Test func `the text says so too: misses, fallbacks, and the cure below them`() throws {
    let (modes, status, output) = try drive([])
    #expect(status == 0)
    #expect(output.contains("deadline misses"))
    #expect(output.contains("skipped \(modes.count { $0 != .plan })"))
    #expect(output.contains("fallbacks 6 (earlier_plan 4, hold 1, ramp 1)"))
    #expect(output.contains("real-time priority (SCHED_FIFO 80) refused"))
    #expect(output.contains("grant CAP_SYS_NICE"))
  }

  @Test func `where the priority is demanded, it is not driven without`() throws {
    let model = try makeModel()
    defer { unlink(model) }
    let (status, _, errors) = try Program(
      "metadiffuserd", ["--model", model, "--require-rt"], wrapper: Self.withoutPriority
    ).finish()
    #expect(status != 0)
    #expect(errors.contains("CAP_SYS_NICE"))
  }
}
