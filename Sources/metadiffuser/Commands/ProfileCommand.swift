// `metadiffuser profile`: what a model's plans cost on this machine, and what they would at worst.

import ArgumentParser
import CAllocationCounter
import CommandOptions
import ControlRuntime
import Foundation
import PlannerModel
import PlannerRuntime
import Workbench
import WorkbenchOptions

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Measure plans on this machine: time by stage, share of the processor's peak, memory, faults.",
    discussion: """
      Gives a model file, or a shape to profile the same net with random weights. Asks for a real-time priority and \
      says so if the machine refuses. A percentile is given if at least ten samples lie beyond it. With --stress all \
      is measured again while a thread on every core computes without rest.
      """
  )

  @Option(help: "Model file.")
  var model: String?

  @Option(help: "Denoiser to profile in place of a model: width and factors of its levels, 32:1,2,4,8.")
  var shape: String?

  @Option(parsing: .unconditional, help: "Rows of a plan, with --shape.")
  var horizon = 32

  @Option(parsing: .unconditional, help: "Channels of the observation, with --shape.")
  var state = 17

  @Option(parsing: .unconditional, help: "Channels of the action, with --shape.")
  var action = 6

  @Option(parsing: .unconditional, help: "Plans to make.")
  var plans = 10_000

  @Option(parsing: .unconditional, help: "Plans in a forward pass of the denoiser alone.")
  var batch = 1

  @Option(
    help: ArgumentHelp(
      "What a plan must not exceed, such as 8ms or 500us (default: the model's period).", valueName: "time"))
  var period: TimeSpan?

  @Option(parsing: .unconditional, help: "2: a second thread computes half of a plan's candidates.")
  var threads = 1

  @Option(parsing: .unconditional, help: "CPU to measure on (default: the system's choice).")
  var cpu: Int?

  @Flag(help: "Measure again with every core hogged.")
  var stress = false

  @Option(help: "Write a plot of the latency distribution to this file (SVG).")
  var plot: String?

  @OptionGroup
  var planner: PlannerArguments

  @Flag(help: "Print the report as JSON.")
  var json = false

  func validate() throws {
    guard (model == nil) != (shape == nil) else { throw ValidationError("give --model or --shape") }
    guard (1...10_000_000).contains(plans) else { throw ValidationError("--plans is \(plans), give 1...10000000") }
    guard (1...2).contains(threads) else { throw ValidationError("--threads is \(threads), give 1 or 2") }
    guard (1...1024).contains(batch) else { throw ValidationError("--batch is \(batch), give 1...1024") }
  }

  func run() throws {
    let loaded = try loadedModel()
    try plot.map { _ = try OutputFile.prepare($0) }
    let options = try planner.given.applied(to: loaded)
    let weights = loaded.weights
    // Threads inherit priorities: the hogs come first.
    let hogs = stress ? ProcessorHogs(count: ProcessInfo.processInfo.activeProcessorCount) : nil
    var runtime = try Planner(weights: weights, options: options, kernels: planner.kernel, threads: threads)
    let helperWarnings = RealTimeSetup.prepareHelper(runtime.helperThread, besides: cpu)
    let ownWarnings = RealTimeSetup.prepareThread(cpu: cpu)
    let warnings = helperWarnings + ownWarnings.filter { !helperWarnings.contains($0) }
    let isRealTime = !warnings.contains { $0.step.hasPrefix("real-time priority") }

    let forward = try ForwardProfile(weights, batch: batch, kernel: planner.kernel, passes: min(plans, 2000))
    inferContext(&runtime, weights.statistics)
    let ownPeriod = model == nil ? nil : loaded.description.periodNanoseconds
    let periodNanoseconds = period.map { UInt64($0.milliseconds * 1e6) } ?? ownPeriod
    var profiles: [PlanProfile] = []
    for isStressed in stress ? [false, true] : [false] {
      if isStressed { hogs?.begin() }
      var profile = PlanProfile()
      profile.measure(
        &runtime, weights.statistics, plans: plans, periodNanoseconds: periodNanoseconds ?? .max,
        allocationCount: { ac_allocations() })
      profiles.append(profile)
    }
    hogs?.stop()

    let hasPeriod = periodNanoseconds != nil
    let parameters = weights.shape.tensors.reduce(0) { $0 + $1.count }
    let scheduling = isRealTime ? "SCHED_FIFO \(RealTimeSetup.priority)" : "SCHED_OTHER"
    var paragraphs: [any ProfileParagraph] = [
      ProfileSubject(
        model: model ?? "random weights \(shape ?? "")", parameters: parameters, kernel: runtime.kernelName,
        candidates: options.candidates, steps: options.coldSteps, guide: options.guide.rawValue),
      ProfilePlace(machine: Machine(scheduling: scheduling, warnings: warnings.map(\.description))),
      ForwardReport(forward, batch: batch), IdleReport(profiles[0], hasPeriod: hasPeriod),
    ]
    if stress { paragraphs.append(StressReport(profiles[1], idle: profiles[0], hasPeriod: hasPeriod)) }
    paragraphs.append(
      MemoryReport(
        rssMib: Double(ProcessUsage.residentBytes) / Double(1 << 20), arenaBytes: runtime.arenaBytes,
        weightBytes: 2 * parameters))
    let report = ProfileReport(paragraphs: paragraphs)
    if json { try printJSON(report) } else { print(report.text) }
    if let plot { try latencyPlot(profiles).write(to: plot) }
  }

  private func loadedModel() throws -> LoadedModel {
    if let model { return try LoadedModel(path: model) }
    let parts = (shape ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let factors = parts.last?.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) } ?? []
    guard parts.count == 2, let width = Int(parts[0]), !factors.contains(nil) else {
      throw ValidationError("--shape is '\(shape ?? "")', give width and factors like 32:1,2,4,8")
    }
    let shape = PlannerShape(
      observationSize: state, actionSize: action, contextSize: 16, horizon: horizon,
      channels: factors.compactMap { $0 }.map { $0.multipliedReportingOverflow(by: width).partialValue },
      denoisingSteps: 20)
    if let defect = shape.defect {
      throw ValidationError("\(defect.field) is \(defect.found), expected \(defect.expected)")
    }
    let weights = PlannerWeights.random(shape, seed: 1)
    let description = ModelDescription(
      family: "none", shape: shape, periodNanoseconds: 50_000_000, actionLimit: weights.actionLimit)
    return LoadedModel(path: "--shape", description: description, weights: weights)
  }

  /// Some transitions of unit spread: what they say does not matter, that there is a context does.
  private func inferContext(_ planner: inout Planner, _ statistics: PlannerStatistics) {
    guard planner.infersContext else { return planner.setContext(parameters: statistics.parameterMean) }
    var random = RandomSource(seed: 5)
    func draw(_ mean: [Float], _ std: [Float]) -> [Float] { zip(mean, std).map { $0 + $1 * random.normal() } }
    for _ in 0..<20 {
      let observation = draw(statistics.observationMean, statistics.observationStd)
      let change = draw(statistics.differenceMean, statistics.differenceStd)
      _ = planner.addTransition(
        observation: observation, action: draw(statistics.actionMean, statistics.actionStd),
        reward: statistics.rewardMean, next: zip(observation, change).map { $0 + $1 })
    }
    planner.updateContext()
  }
}
