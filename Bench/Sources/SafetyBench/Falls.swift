// Falls after contact is lost, by the entries of the last plan that are driven before the safe command.

import ArgumentParser
import Failsafe
import PlannerRuntime
import Tasks

struct FallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "falls",
    abstract: "Falls of hopper and walker after contact is lost in mid-drive.",
    discussion: """
      The shipped planner drives robots of the test list. At random instants, of those from which it drives on without \
      a fall, contact is lost: the gate drives some entries of the last plan, holds, ramps, and gives the safe \
      command, until contact is back and the planner drives on for half a second, or for good. The same instants are \
      tried with everything else.
      """)

  @Option(help: "Folder of the models.")
  var models = "Models"

  @Option(help: "Family: hopper-param or walker-param; may be given more than once.")
  var family = ["hopper-param", "walker-param"]

  @Option(help: "Robots of the test list.")
  var robots = 8

  @Option(help: "Instants at which each robot loses contact.")
  var instants = 4

  @Option(help: "Gain of damping; may be given more than once.")
  var gain: [Float] = [0.1]

  @Option(help: "Seed of starts and instants.")
  var seed: UInt64 = 1

  static let outages = [2, 4, 6, 8, 12, 16, 24]

  func run() throws {
    for name in family {
      let family = try TaskFamily.named(name)
      let pilot = try Pilot(folder: models, family: family)
      let reactions =
        [("zero", SafeReaction.rest), ("hold", .hold)] + gain.map { ("damping \($0)", SafeReaction.damping(gain: $0)) }
      var rows: [Row] = []
      for (text, reaction) in reactions {
        for entries in [0, 1, 2, 4, 6, 8, 11, 14] where entries <= pilot.laterEntries {
          rows.append(Row(entries: entries, text: text, reaction: reaction))
        }
      }
      var moments = 0
      for (index, parameters) in family.testTasks.prefix(robots).enumerated() {
        let falls = try Falls(
          family, task: parameters, pilot: pilot, instants: instants, seed: seed &+ UInt64(1000 * index))
        moments += falls.moments.count
        for row in rows.indices { try falls.add(to: &rows[row], outages: Self.outages) }
      }
      print(
        "\(name), \(moments) instants on \(robots) robots: falls [%] when contact is lost for so many periods of "
          + "\(family.periodNanoseconds / 1_000_000) ms")
      print(
        "  entries, safe command " + Self.outages.map { padded("\($0)") }.joined() + "  for good, torso's speed, after")
      for row in rows { print(row.line(moments: moments, period: family.periodNanoseconds)) }
    }
  }
}

/// A way to act without contact, and the falls that came of it.
struct Row {
  var entries: Int
  var text: String
  var reaction: SafeReaction
  /// By outage.
  var falls = [Int](repeating: 0, count: FallsCommand.outages.count)
  /// Where contact never came back: falls, sums of the torso's speed downwards [m/s] and of the periods until then.
  var collapses = (count: 0, speed: 0.0, periods: 0)

  init(entries: Int, text: String, reaction: SafeReaction) {
    (self.entries, self.text, self.reaction) = (entries, text, reaction)
  }

  func line(moments: Int, period: UInt64) -> String {
    func percent(_ count: Int) -> String { padded("\((200 * count + moments) / (2 * moments))") }
    let count = Double(max(1, collapses.count))
    return "  \(padded("\(entries)")) \(text.padding(15)) \(falls.map(percent).joined())  \(percent(collapses.count)) %"
      + "  \(rounded(collapses.speed / count, 2)) m/s"
      + "  \(rounded(Double(collapses.periods) / count * Double(period) * 1e-6, 0)) ms"
  }
}

/// Instants of one driving robot, and what becomes of it when contact is lost there.
final class Falls {
  /// A robot in mid-drive, with the plan that is the last to reach it.
  struct Moment {
    var state: [Double]
    var plan: [[Float]]
  }

  /// What tells one outcome from another: entries that are due only after contact is back make no difference.
  private struct Case: Hashable {
    var moment: Int, outage: Int, entries: Int, text: String
  }

  private let family: TaskFamily
  private let task: any ControlTask
  private let pilot: Pilot
  private(set) var moments: [Moment] = []
  private var known: [Case: Bool] = [:]

  /// Drives the robot until it has been at `instants` instants, each in the middle of a drive.
  init(_ family: TaskFamily, task parameters: [Double], pilot: Pilot, instants: Int, seed: UInt64) throws {
    (self.family, self.pilot) = (family, pilot)
    task = try family.task(parameters: parameters)
    var random = RandomSource(seed: seed)
    pilot.forget()
    // The first episode is the warm start.
    for episode in 0..<9 as Range<UInt64> {
      task.reset(seed: seed &+ episode)
      pilot.begin(seed: seed &+ episode)
      var next = 20 + Int(random.uniform(0, 40))
      for step in 0..<family.episodeLength {
        let state = task.observation
        let plan = pilot.plan(state)
        if episode > 0, step == next {
          moments.append(Moment(state: task.simulationState, plan: plan))
          next += 20 + Int(random.uniform(0, 40))
        }
        let result = task.step(action: plan[0])
        pilot.experience(state, plan[0], result.reward, task.observation)
        pilot.prepare()
        if result.terminated || hasFallen { break }
      }
    }
    // A robot that falls all the same shows nothing.
    moments = Array(
      moments.lazy.filter { moment in
        self.task.simulationState = moment.state
        return !self.fallsDriven()
      }.prefix(instants))
  }

  /// The torso is down: the walker's episodes end at half a metre, and a hopper below 0.7 m stands no more.
  private var hasFallen: Bool { task.observation[0] < (family.name == "hopper-param" ? 0.7 : 0.5) }

  /// Loses contact at each instant, for each outage and for good.
  func add(to row: inout Row, outages: [Int]) throws {
    for (number, moment) in moments.enumerated() {
      for (index, outage) in outages.enumerated() where fell(number, moment, row, outage: outage) {
        row.falls[index] += 1
      }
      let seconds: UInt64 = 3_000_000_000
      if let fall = lose(moment, row, periods: Int(seconds / family.periodNanoseconds)) {
        row.collapses.count += 1
        row.collapses.speed += fall.speed
        row.collapses.periods += fall.period
      }
    }
  }

  private func fell(_ number: Int, _ moment: Moment, _ row: Row, outage: Int) -> Bool {
    let isOver = outage <= row.entries
    let key = Case(
      moment: number, outage: outage, entries: isOver ? outage : row.entries, text: isOver ? "" : row.text)
    if let before = known[key] { return before }
    let fell = lose(moment, row, periods: outage) != nil || fallsDriven()
    known[key] = fell
    return fell
  }

  /// Leaves the robot on its own for so many periods, up to its fall if it falls: in which period, and how fast.
  private func lose(_ moment: Moment, _ row: Row, periods: Int) -> (period: Int, speed: Double)? {
    task.simulationState = moment.state
    let period = family.periodNanoseconds
    let gate = RobotGate(
      family, times: FailsafeTimes(periodNanoseconds: period, usableEntries: pilot.laterEntries),
      laterEntries: row.entries, reaction: row.reaction)
    gate.offer(moment.plan, later: row.entries, now: 0)
    // The plan's own period, and those without contact.
    for passed in 0...periods {
      let now = UInt64(passed) * period
      gate.measure(task.observation, now: now)
      let height = Double(task.observation[0])
      let result = task.step(action: gate.command(now: now))
      if result.terminated || hasFallen {
        return (passed, (height - Double(task.observation[0])) / (Double(period) * 1e-9))
      }
    }
    return nil
  }

  /// Whether it falls within half a second of being driven on.
  private func fallsDriven() -> Bool {
    pilot.begin(seed: 1)
    for _ in 0..<Int(500_000_000 / family.periodNanoseconds) {
      let result = task.step(action: pilot.plan(task.observation)[0])
      pilot.prepare()
      if result.terminated || hasFallen { return true }
    }
    return false
  }
}

func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 5 - text.count)) + text }

func rounded(_ value: Double, _ digits: Int) -> String {
  let scale = [1.0, 10, 100, 1000][digits]
  let number = (value * scale).rounded() / scale
  return digits == 0 ? "\(Int(number))" : "\(number)"
}

extension String {
  func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
