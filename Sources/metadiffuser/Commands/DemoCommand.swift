// `metadiffuser demo`: the whole system in a minute: a simulated robot and the controller, two processes on a real link.

import ArgumentParser
import Evaluation
import Foundation
import OfflineData
import PlannerModel
import RobotLink
import Tasks

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Drive a simulated HalfCheetah to a speed it never saw, in real time, over a link.",
    discussion: """
      Starts 'metadiffuser simulate' and 'metadiffuserd' as processes that talk protobuf over UDP on loopback. The \
      controller gathers one episode of warm start, infers the context from it, then drives two episodes.
      """
  )

  @Option(help: "Target speed [m/s] (default: 2.3, which is in no training task).")
  var speed = 2.3

  @Option(help: "Seed of the robot's starts and the planner's noise.")
  var seed: UInt64 = 1

  @Option(help: "Model file.")
  var model = "Models/cheetah-vel.safetensors"

  @Option(help: "Expert file, the yardstick (default: experts/FAMILY.safetensors).")
  var experts: String?

  @Option(help: "Address of the simulated robot.")
  var link = "udp://127.0.0.1:5600"

  @Option(help: "Episodes after the warm start.")
  var episodes = 2

  @Option(help: "Write a picture of speed against target to this file (SVG).")
  var plot: String?

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard (1...100).contains(episodes) else { throw ValidationError("--episodes is \(episodes), give 1...100") }
  }

  func run() throws {
    let family = try LoadedModel(path: model).description.simulatedFamily(file: model)
    let task = try family.task(parameters: [speed])
    let expert = try family.yardstick(expertPath: experts ?? family.expertPath).makePolicy()
    let random = try Behaviour.random(family).makePolicy()
    _ = try LinkAddress(link)

    Interruption.watch()
    let processes = try DemoProcesses()
    let robot = try processes.run(
      robot: [
        "simulate", "--family", family.name, "--task", "\(speed)", "--link", link, "--seed", "\(seed)",
        "--episodes", "\(episodes + 1)", "--wait", "20", "--trace", processes.tracePath, "--json",
      ],
      controller: [
        "--model", model, "--link", link, "--seed", "\(seed)", "--warm-start-episodes", "1", "--exit-with-robot",
        "--quiet", "--json",
      ])
    // The robot's episode n starts from seed + n; number 0 is the warm start.
    let starts = (1...episodes).map { seed &+ UInt64($0) }
    func meanReturn(_ policy: BehaviourPolicy) -> Double {
      starts.reduce(0) { $0 + behaviourReturn(task, policy: policy, seed: $1) } / Double(starts.count)
    }
    let report = DemoReport(
      robot: robot, expertReturn: meanReturn(expert), randomReturn: meanReturn(random))
    if let plot {
      try speedPlot(trace: processes.tracePath, family: family).write(to: plot)
    }
    if json {
      try printJSON(report)
    } else {
      let isKnown = family.trainTasks.contains([speed])
      print(report.text(target: speed, isTrainingTask: isKnown, plot: plot))
    }
  }
}
