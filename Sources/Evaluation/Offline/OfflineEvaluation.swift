// What a model is worth, judged by recordings of tasks that it never saw, before it has moved a robot.

import DataCollection
import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime

/// What an offline evaluation is told. Real-time: no.
public struct OfflineEvaluation: Sendable {
  public var model: LoadedModel
  public var options: PlannerOptions
  public var kernels: String?
  /// Recordings of the tasks to judge on, and of no others.
  public var dataset: Dataset
  /// Seed of everything random: which recordings are looked at.
  public var seed: UInt64

  /// Tasks that are looked at, at most.
  static let mostTasks = 24
  /// Windows, contexts and transitions of each task that are looked at, at most.
  static let windowsPerTask = 12
  static let contextsPerTask = 2
  static let queriesPerTask = 256
  /// Transitions that a context is made from, in the table of what they are worth.
  static let contextSizes = [1, 5, 25, 100]

  /// `dataset` holds the tasks to judge on. The model's sizes must be its own.
  public init(model: LoadedModel, dataset: Dataset, seed: UInt64) {
    self.model = model
    self.dataset = dataset
    self.seed = seed
    options = model.description.options
  }

  /// The tasks of `dataset` that none of `models` has seen: those that its training kept out, if it was trained on
  /// these recordings, otherwise all. Throws where that leaves none.
  public static func unseen(
    _ dataset: Dataset, byAllOf models: [LoadedModel]
  ) throws(OfflineEvaluationError) -> Dataset {
    var part = dataset
    for model in models {
      guard let heldOut = model.description.heldOutTasks(of: dataset) else { continue }
      part = part.restricted { heldOut.contains($0) }
      guard !part.episodes.isEmpty else { throw .nothingHeldOut(model: model.path) }
    }
    return part
  }

  /// Tasks that have two episodes or more, of two steps or more; a drawn part of them where they are many.
  public var taskCount: Int { recordedTasks.count }

  /// Number and episodes of each of these tasks, ascending.
  var recordedTasks: [(number: Int, episodes: [Episode])] {
    let groups = Dictionary(grouping: dataset.episodes.filter { $0.length >= 2 }, by: \.task)
      .filter { $0.value.count >= 2 }
    var random = RandomSource(seed: seed)
    return groups.keys.sorted().shuffled(using: &random).prefix(Self.mostTasks).sorted().map { ($0, groups[$0]!) }
  }

  /// Judges the model; a task whose episodes are one, or shorter than two steps, is left out. Throws what making a
  /// planner throws, and where no task is left. `progress` is told how many tasks are finished.
  public func run(
    isCancelled: () -> Bool = { false }, progress: (_ finished: Int) -> Void = { _ in }
  ) throws -> OfflineReport {
    let shape = model.description.shape
    guard dataset.observationSize == shape.observationSize, dataset.actionSize == shape.actionSize else {
      throw OfflineEvaluationError.otherSizes(
        model: model.path, found: (dataset.observationSize, dataset.actionSize),
        expected: (shape.observationSize, shape.actionSize))
    }
    let tasks = recordedTasks
    guard !tasks.isEmpty else { throw OfflineEvaluationError.tooLittle }
    let driver = try PlannerDriver(weights: model.weights, options: options, kernels: kernels)
    let judge = RecordedTaskJudge(
      try StepModel(model, rows: Self.queriesPerTask, kernels: kernels), driver, horizon: shape.horizon)
    // What a context of the wrong task does is asked of the next one.
    var findings: [TaskFindings] = []
    for (index, task) in tasks.enumerated() {
      if isCancelled() { throw DataError.cancelled }
      var random = RandomSource(seed: seed, stream: UInt64(task.number))
      let other = tasks.count > 1 ? tasks[(index + 1) % tasks.count].episodes : nil
      findings.append(judge.judge(task: task.number, task.episodes, other: other, &random))
      progress(findings.count)
    }
    return OfflineReport(self, findings)
  }
}

/// Why recordings cannot judge a model.
public enum OfflineEvaluationError: Error, Equatable, CustomStringConvertible {
  case nothingHeldOut(model: String)
  case tooLittle
  case otherSizes(model: String, found: (Int, Int), expected: (Int, Int))

  public static func == (a: Self, b: Self) -> Bool { a.description == b.description }

  public var description: String {
    switch self {
    case .nothingHeldOut(let model):
      "\(model): was trained on all tasks of these data, which says nothing about new ones: train with "
        + "--held-out-tasks above 0 and at least 30 tasks, or give recordings of other tasks"
    case .tooLittle:
      "no task has two episodes of two steps or more: one tells the task, the other is predicted; record more"
    case .otherSizes(let model, let found, let expected):
      "\(model): is for \(expected.0) observations and \(expected.1) actions, these data have \(found.0) and "
        + "\(found.1): give the data of its robot"
    }
  }
}
