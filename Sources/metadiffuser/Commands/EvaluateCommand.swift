// `metadiffuser evaluate`: how well a model plans for tasks it never saw, next to expert and random.

import ArgumentParser
import CommandOptions
import Evaluation
import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks
import Workbench
import WorkbenchOptions

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Meta-test a model: unseen tasks, one warm start each, then episodes, next to expert and random.",
    discussion: """
      Each task gets one warm start: one episode's worth of transitions, from which the context is inferred. Then the \
      planner drives the episodes; with a belief its context follows the robot on. Expert and random drive from the \
      same starts. The normalised score is (return − random) / (expert − random), the regret is expert − return. Worst \
      is the task of the largest regret. Several guides or warm starts, separated by commas, or 'all', give a row each \
      (with --json an array).

      With --warm-start own the planner drives the warm start itself, and nothing is known to it before. That first \
      episode has a row of its own; the other row is of the episodes after it.

      With --data nothing moves: recordings of tasks that the model never saw judge it, those that its training kept \
      out if they are its own. Several --model are compared, and the better one is named.

      With --suite paper: every family and baseline, seed by seed, one small file a result; an interrupted suite \
      resumes, and what depends on a changed file is done again. Plan times are measured apart, on one thread.
      """
  )

  @Option(parsing: .singleValue, help: "Model file; with --data as many as are to be compared.")
  var model: [String] = []

  @Option(help: "Recordings to judge the model by (HDF5), in place of a simulation.")
  var data: String?

  @OptionGroup(title: "The robots")
  var robots: RobotArguments

  @OptionGroup(title: "The suite")
  var suite: SuiteArguments

  @Option(help: "Which of the family's fixed task lists.")
  var split = TaskSplit.test

  @Option(parsing: .unconditional, help: "Episodes of each task (default: 2, of the suite 1).")
  var episodes: Int?

  @Option(
    help: "Who drives the warm start: random, medium, expert, mixed or own, the planner (default: mixed; link: own).")
  var warmStart: String?

  @Option(help: "Guide: none, reward, dual (default: the model's).")
  var guide: String?

  @Option(help: "What the context comes from: encoder or belief (default: belief where the model has a bank).")
  var contextInference: ContextInference?

  @Option(parsing: .unconditional, help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: "Tasks at a time (default: 1, of the suite 2). More than one makes plan times worse than they are.")
  var threads: Int?

  @OptionGroup
  var planner: PlannerArguments

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes is \(episodes), give 1 or more") }
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads is \(threads), give 1...64") }
    if model.isEmpty == (suite.suite == nil) { throw ValidationError("give either --model or --suite paper") }
    if data != nil, episodes != nil || robots.isGiven || warmStart != nil || threads != nil {
      throw ValidationError(
        "--episodes, --tasks, --family, --experts, --link, --warm-start and --threads do not go with --data")
    }
    if data == nil, model.count > 1 { throw ValidationError("several --model go with --data") }
    guard suite.suite != nil else { return }
    if data != nil { throw ValidationError("--data goes with --model") }
    if robots.isGiven || guide != nil || warmStart != nil || contextInference != nil {
      throw ValidationError(
        "--family, --guide, --tasks, --experts, --link, --warm-start and --context-inference go with --model")
    }
    if planner.given.isAny {
      throw ValidationError("the suite plans with the settings that ship in the models: give --model to try others")
    }
  }

  func run() throws {
    guard let model = model.first else {
      return try suite.run(
        seed: seed, split: split, episodes: episodes, threads: threads ?? 2, kernels: planner.kernel, json: json)
    }
    if let data { return try evaluate(recordings: data) }
    let loaded = try LoadedModel(path: model)
    let options = try planner.given.applied(to: loaded, contextInference: contextInference)
    let guides = try list(guide ?? options.guide.rawValue, "--guide", Guide.allCases)
    let qualities = try list(
      warmStart ?? robots.usualWarmStart.rawValue, "--warm-start", WarmStartSource.allCases)
    let bed = try robots.bed(for: loaded, file: model, split: split)
    let tasks = try robots.chosenTasks(of: bed)

    Interruption.watch()
    var reports: [MetaTestReport] = []
    if !json { print(MetaTestReport.header) }
    for quality in qualities {
      for guide in guides {
        var test = MetaTest(bed, model: loaded, warmStart: quality, episodes: episodes ?? 2, seed: seed)
        test.options = options
        test.options.guide = guide
        test.kernels = planner.kernel
        test.threads = threads ?? 1
        test.tasks = tasks
        let bar = ProgressBar("evaluate \(guide), \(quality)", unit: "tasks", total: test.tasks.count)
        let report = try test.run(isCancelled: { Interruption.isRequested }, progress: { bar.update($0) })
        reports.append(report)
        if !json {
          print(report.row)
          if let first = report.firstEpisodeRow { print(first) }
        }
      }
    }
    if json {
      if reports.count == 1 { try printJSON(reports[0]) } else { try printJSON(reports) }
    } else if reports.count == 1 {
      print("\n" + reports[0].taskLines(parameterNames: bed.parameterNames))
    } else {
      for line in MetaTestReport.spread(reports) { print(line) }
    }
  }

  /// Judges every model by what `path` holds of tasks that it never saw.
  private func evaluate(recordings path: String) throws {
    let dataset = try Dataset.load(path: path)
    let models = try model.map { try LoadedModel(path: $0) }
    Interruption.watch()
    let evaluations = try models.map { model in
      var evaluation = OfflineEvaluation(
        model: model, dataset: try OfflineEvaluation.unseen(dataset, byAllOf: models), seed: seed)
      evaluation.options = try planner.given.applied(to: model, contextInference: contextInference)
      if let guide { evaluation.options.guide = try list(guide, "--guide", Guide.allCases)[0] }
      evaluation.kernels = planner.kernel
      return evaluation
    }
    let reports = try evaluations.map { evaluation in
      let bar = ProgressBar("evaluate", unit: "tasks", total: evaluation.taskCount)
      return try evaluation.run(isCancelled: { Interruption.isRequested }, progress: { bar.update($0) })
    }
    let comparison = OfflineComparison(reports)
    if json { try printJSON(comparison) } else { print(comparison.text) }
  }

  /// `text` as values, separated by commas, or all of them.
  private func list<Value: RawRepresentable<String>>(
    _ text: String, _ option: String, _ all: [Value]
  ) throws -> [Value] {
    if text == "all" { return all }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = Value(rawValue: String(part)) else {
        let known = all.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(option) is '\(part)', give \(known), several separated by commas, or all")
      }
      return value
    }
  }
}
