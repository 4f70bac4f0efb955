// The whole training of a model, from a data set and nothing else: world model, contexts, denoiser, file.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime

/// Trains the model of `dataset`'s robot. The same data, configuration and seed give the same file, whatever the number
/// of threads and however often the run was interrupted and resumed. Real-time: no.
public final class ModelTraining {
  /// How a run ended.
  public enum Outcome: Equatable, Sendable {
    case finished(TrainingReport)
    /// Stopped on request; the same run resumes from this checkpoint.
    case interrupted(checkpoint: String)
  }

  /// Where a run writes.
  public struct Files: Sendable {
    /// The model.
    public var output: String
    /// Resumed from when it exists, written every two minutes, deleted when the model is written.
    public var checkpoint: String
    /// The table of losses in CSV; nil: none.
    public var log: String?

    public init(output: String, checkpoint: String, log: String? = nil) {
      self.output = output
      self.checkpoint = checkpoint
      self.log = log
    }
  }

  static let stages = ["world model", "value", "denoiser"]

  /// What the model is worth on tasks kept out, measured while it is trained.
  public struct Probe {
    /// Every so many steps of the denoiser.
    public var interval: Int
    /// Mean return of the model as it is.
    public var heldOutReturn: (LoadedModel) throws -> Double

    public init(interval: Int, heldOutReturn: @escaping (LoadedModel) throws -> Double) {
      self.interval = interval
      self.heldOutReturn = heldOutReturn
    }
  }

  let dataset: Dataset
  let configuration: TrainingConfiguration
  let data: TrainingData
  let worldModel: WorldModelTraining
  /// From its stage on, of models that have one.
  var value: ValueTraining?
  var denoiser: DenoiserTraining?
  private let workers: Workers
  private var saved = ContinuousClock.now

  /// Checks the settings and prepares the data. `threads` ≥ 1; more than two bring nothing.
  public init(_ dataset: Dataset, _ configuration: TrainingConfiguration, threads: Int) throws(LearningError) {
    try configuration.check()
    guard threads >= 1 else { throw .setting(name: "threads", problem: "is \(threads), expected at least 1") }
    let shape = try configuration.shape(
      observationSize: dataset.observationSize, actionSize: dataset.actionSize,
      parameterCount: TrainingData.parameterCount(dataset))
    self.dataset = dataset
    self.configuration = configuration
    workers = Workers(threads: threads)
    data = try TrainingData(dataset, shape, configuration)
    worldModel = WorldModelTraining(data, configuration, workers: workers)
  }

  /// Trains, resuming where a checkpoint exists, and writes the model. `shouldStop` is asked after every step;
  /// `provenance` goes into the model file beside the configuration and the data set's own. A `probe` has a column of
  /// the table, and no influence on the model.
  public func run(
    _ files: Files, provenance: [String: String] = [:], isQuiet: Bool = false, probe: Probe? = nil,
    shouldStop: () -> Bool = { false }
  ) throws(LearningError) -> Outcome {
    let began = ContinuousClock.now
    try files.prepare(parameters: data.shape.tensors.reduce(0) { $0 + $1.count })
    let log = TrainingLog(path: files.log, isQuiet: isQuiet)
    if FileManager.default.fileExists(atPath: files.checkpoint) {
      try restore(path: files.checkpoint)
      log.note("resuming from \(files.checkpoint)")
    }
    saved = .now

    if value == nil, denoiser == nil {
      let finished = try train(
        Self.stages[0], worldModel.optimiser, of: configuration.worldModelSteps, files, log, shouldStop
      ) {
        _ in
        let errors = worldModel.step()
        return ([errors.dynamics, errors.reward], nil)
      }
      guard finished else { return .interrupted(checkpoint: files.checkpoint) }
    }
    let errors = worldModel.evaluate()
    log.note(Self.describe(errors))

    if denoiser == nil, configuration.valueSteps > 0 {
      let value = value ?? makeValue()
      self.value = value
      let finished = try train(Self.stages[1], value.optimiser, of: configuration.valueSteps, files, log, shouldStop) {
        _ in
        ([value.step()], nil)
      }
      guard finished else { return .interrupted(checkpoint: files.checkpoint) }
    }

    let denoiser = denoiser ?? makeDenoiser()
    self.denoiser = denoiser
    if let weights = denoiser.weights {
      log.note(
        "windows weighted by advantage: they vary as \(Int(weights.effectiveCount)) of \(data.windowCount) would")
    }
    let adam = denoiser.optimiser.adam
    let (firstStep, start) = (adam.step, ContinuousClock.now)
    let finished = try train(
      Self.stages[2], denoiser.optimiser, of: configuration.denoiserSteps, files, log, shouldStop
    ) {
      step throws(LearningError) in
      ([denoiser.step()], try measure(probe, files.output, denoiser, step: step))
    }
    guard finished else { return .interrupted(checkpoint: files.checkpoint) }
    let milliseconds = (ContinuousClock.now - start) / .milliseconds(1) / Double(max(adam.step - firstStep, 1))

    try write(to: files.output, denoiser, provenance)
    try? FileManager.default.removeItem(atPath: files.checkpoint)
    return .finished(
      TrainingReport(
        family: dataset.family, episodes: data.tasks.reduce(0) { $0 + $1.training.count + $1.heldOut.count },
        transitions: data.transitionCount, tasks: data.tasks.count,
        heldOutTasks: dataset.heldOutTasks(configuration).count, windowedEpisodes: data.windowed.count,
        parameters: data.shape.tensors.reduce(0) { $0 + $1.count },
        training: .init(errors.training), heldOut: errors.heldOut.map { .init($0) },
        denoiserLoss: denoiser.evaluate(), denoiserMsPerStep: milliseconds,
        seconds: (ContinuousClock.now - began) / .seconds(1)))
  }

  /// Mean milliseconds of a denoiser step of this shape and batch, over `steps` after as many to warm up.
  public func measureDenoiserStep(steps: Int) -> Double {
    let denoiser = makeDenoiser()
    for _ in 0..<steps { _ = denoiser.step() }
    let start = ContinuousClock.now
    for _ in 0..<steps { _ = denoiser.step() }
    return (ContinuousClock.now - start) / .milliseconds(1) / Double(steps)
  }

  /// Labels all tasks with contexts, with the world model as it is, and starts a value on them.
  func makeValue() -> ValueTraining {
    ValueTraining(data, contexts: worldModel.labelContexts(workers: workers), configuration, workers: workers)
  }

  /// The same for a denoiser, with the windows weighted by the value as it is where the settings want that.
  func makeDenoiser() -> DenoiserTraining {
    let weights = value.flatMap { value in
      configuration.advantageWeight > 0 ? AdvantageWeights(data, values: value.values(), configuration) : nil
    }
    return DenoiserTraining(
      data, contexts: worldModel.labelContexts(workers: workers), weights: weights, configuration, workers: workers)
  }

  /// Takes the steps of a stage that are left; false: stopped on request. `step` is told its number and returns its
  /// losses, and the held-out return where it was measured.
  private func train(
    _ name: String, _ optimiser: ShardedOptimiser, of total: Int, _ files: Files, _ log: TrainingLog,
    _ shouldStop: () -> Bool, step: (Int) throws(LearningError) -> (losses: [Double], heldOutReturn: Double?)
  ) throws(LearningError) -> Bool {
    try log.begin(name, step: optimiser.adam.step, of: total)
    while optimiser.adam.step < total {
      let (losses, heldOut) = try step(optimiser.adam.step + 1)
      try log.add(step: optimiser.adam.step, losses: losses, heldOutReturn: heldOut)
      guard losses.allSatisfy(\.isFinite) else {
        throw .diverged(what: "the \(name)'s loss", step: optimiser.adam.step)
      }
      if try checkpoint(files, shouldStop) { return false }
    }
    return true
  }

  /// The held-out return where it is due.
  private func measure(
    _ probe: Probe?, _ path: String, _ denoiser: DenoiserTraining, step: Int
  ) throws(LearningError) -> Double? {
    guard let probe, step % probe.interval == 0 || step == configuration.denoiserSteps else { return nil }
    let model = try model(path, denoiser, [:])
    do {
      return try probe.heldOutReturn(model)
    } catch {
      throw .evaluation(step: step, reason: "\(error)")
    }
  }

  /// Saves a checkpoint every two minutes and before stopping; true: stop.
  private func checkpoint(_ files: Files, _ shouldStop: () -> Bool) throws(LearningError) -> Bool {
    let stops = shouldStop()
    if stops || ContinuousClock.now - saved > .seconds(120) {
      try save(path: files.checkpoint)
      saved = .now
    }
    return stops
  }

  private static func describe(_ errors: (training: WorldModel.Errors, heldOut: WorldModel.Errors?)) -> String {
    func text(_ errors: WorldModel.Errors) -> String {
      String(format: "dynamics %.4f, reward %.4f", errors.dynamics, errors.reward)
    }
    return "world model's error as a share of the variance: \(text(errors.training))"
      + (errors.heldOut.map { "; on episodes kept out: \(text($0))" } ?? "")
  }
}
