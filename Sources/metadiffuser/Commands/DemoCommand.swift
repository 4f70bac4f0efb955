// `metadiffuser demo`: the whole system in a minute: a simulated robot and the controller, two processes on a real
// link.

import ArgumentParser
import CommandOptions
import Evaluation
import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime
import RobotLink
import Tasks
import TestStand
import Workbench

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Drive a simulated HalfCheetah to a speed it never saw, in real time, over a link.",
    discussion: """
      Starts 'metadiffuser simulate' and 'metadiffuserd' as processes that talk protobuf over UDP on loopback. The \
      controller is not told the speed: it finds it out in a first episode, the warm start, and drives two more.
      """
  )

  @OptionGroup
  var task: DemoTask

  @Option(help: "Address of the simulated robot (default: a free port on loopback).")
  var link: String?

  @Option(help: "Key file for the link; 'metadiffuserd make-key' makes one.")
  var key: String?

  @Option(help: "How the controller finds out its task; 'metadiffuserd --help' explains (default: the model's way).")
  var contextInference: ContextInference?

  @Option(help: "Write a picture of speed against target to this file (SVG).")
  var plot: String?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func run() throws {
    let family = try task.family()
    let link = try link ?? "udp://127.0.0.1:\(freeLoopbackPort())"
    _ = try LinkAddress(link)

    let keyed = key.map { ["--key", $0] } ?? []
    try plot.map { _ = try OutputFile.prepare($0) }
    Interruption.watch()
    let processes = try DemoProcesses()
    let robot = try processes.run(
      robot: [
        "simulate", "--family", family.name, "--task", "\(task.speed)", "--link", link, "--seed", "\(task.seed)",
        "--episodes", "\(task.episodes + 1)", "--wait", "20", "--trace", processes.tracePath, "--json",
      ] + keyed,
      controller: [
        "--model", try task.modelPath, "--link", link, "--seed", "\(task.seed)", "--warm-start-episodes", "1",
        "--exit-with-robot", "--quiet", "--json",
      ] + (contextInference.map { ["--context-inference", $0.rawValue] } ?? []) + keyed,
      isCancelled: { Interruption.isRequested })
    let yardsticks = try task.yardsticks(family)
    let report = DemoReport(robot: robot, yardsticks: yardsticks)
    if let plot {
      try speedPlot(trace: processes.tracePath, family: family).write(to: plot)
    }
    let isKnown = family.trainTasks.contains([task.speed])
    printReport(
      json
        ? try jsonText(report) : report.text(family, target: task.speed, isTrainingTask: isKnown, plot: plot))
    try yardsticks.demand(task.atLeast, of: report.score)
  }
}
