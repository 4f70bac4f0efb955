// `metadiffuser simulate`: a MuJoCo robot on a link, at its real period, waiting for a controller to drive it.

import ArgumentParser
import Foundation
import RobotLink
import Tasks
import TestStand
import Workbench
import WorkbenchOptions

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Be a robot: simulate one task and let a controller drive it over a link.",
    discussion: """
      The robot samples at its period whether or not a command has come. A command that comes within the period acts \
      in the interval of its observation; without one the robot drives the entries of the last plan that came along \
      with it, then holds the last command for a period, then ramps it to its safe command.
      """
  )

  @Option(help: "Task family: \(TaskFamily.help).")
  var family = "cheetah-vel"

  @Option(parsing: .unconditional, help: "Task parameters, separated by commas: 2.3 is a target speed in m/s.")
  var task: TaskArgument?

  @Option(help: "In place of --task: take the tasks of this list as the controller asks for them.")
  var split: TaskSplit?

  @Option(help: "With --split: expert file, for when the robot is to drive itself (default: the one that ships).")
  var experts: String?

  @Option(help: "Address to listen at: udp://HOST:PORT, serial://DEVICE?baud=RATE, or pty://PATH to make one.")
  var link = "udp://127.0.0.1:5600"

  @Option(
    help: """
      Key file that the controllers have too; 'metadiffuserd make-key' makes one. Needed for udp:// that other \
      machines can reach, taken for no line.
      """)
  var key: String?

  @Flag(help: "Listen to other machines without a key: whoever can send here may drive.")
  var allowUnkeyed = false

  @Option(help: SafeCommandArgument.help)
  var safe: SafeCommandArgument?

  @Flag(help: "Wait for the answer to each observation in place of keeping time.")
  var lockstep = false

  @Option(parsing: .unconditional, help: "Complete episodes until the end (default: until Control-C).")
  var episodes: Int?

  @Option(parsing: .unconditional, help: "Seed of the episodes' starts.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Seconds to wait for a controller before giving up (default: for ever).")
  var wait: Double?

  @Option(help: "Write a line of CSV for each step to this file.")
  var trace: String?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  @Flag(help: "No live line, no news.")
  var quiet = false

  func validate() throws {
    if (task == nil) == (split == nil) { throw ValidationError("give either --task or --split") }
    if split == nil, experts != nil { throw ValidationError("--experts goes with --split") }
    if let episodes, episodes < 1 { throw ValidationError("--episodes is \(episodes), give 1 or more") }
    if let wait, !(wait > 0 && wait <= 1e9) {
      throw ValidationError("--wait is \(wait), give a positive number of seconds, at most 1e9")
    }
  }

  func run() throws {
    let family = try TaskFamily.named(family)
    let requested = try split.map { try RequestedTasks(family, $0, expertPath: experts) }
    let task = try family.task(parameters: task?.parameters ?? requested?.tasks.first ?? [])
    let address = try LinkAddress(link)
    let key = try key.map { try LinkKey(file: $0) }
    try address.requireKey(key, unlessAllowed: allowUnkeyed)
    Interruption.watch()
    let robot = try SimulatedRobot(
      task: task, requested: requested, address: address, key: key, lockstep: lockstep, seed: seed,
      safe: try (safe ?? .usual(for: family)).settings(of: family), isCancelled: { Interruption.isRequested })
    let view = try SimulationView(task: task, tracePath: trace, isQuiet: quiet)
    let tasks = requested.map { "\($0.tasks.count) tasks" } ?? "task \(task.parameters)"
    view.news("\(family.name) robot, \(tasks), waits for a controller at \(address)")
    if !robot.isLinkOpen { view.news("the device is not there yet; it is opened as soon as it appears") }

    var records: [EpisodeRecord] = []
    while records.count < episodes ?? .max, !Interruption.isRequested {
      guard robot.waitForController(seconds: wait) else {
        if Interruption.isRequested { break }
        view.finish()
        throw LinkPeerError(description: "no controller came to \(address) within \(wait ?? 0) s")
      }
      if robot.isNewController { view.news("controller connected, model \(robot.modelName)") }
      let record = robot.runEpisode(number: records.count) { view.show($0, of: robot.task) }
      if record.end.isComplete {
        records.append(record)
        view.episodeEnded(record, number: records.count)
      } else if record.end != .newTask {
        view.news("episode ended after \(record.steps) steps: \(robot.explain(record.end)); command is the safe one")
      }
    }
    robot.sayGoodbye()
    view.finish()
    let report = SimulationReport(task: task, robot: robot, records: records)
    printReport(json ? try jsonText(report) : report.text(family))
    try view.checkTrace()
  }
}
