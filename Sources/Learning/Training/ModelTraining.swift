// The whole training of a model, from a data set and nothing else: world model, contexts, denoiser, file.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime

/// Trains the model of `dataset`'s robot. The same data, configuration and seed give the same file, whatever the number of
/// threads and however often the run was interrupted and resumed. Real-time: no.
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

  static let stages = ["world model", "denoiser"]

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
  /// `provenance` goes into the model file beside the configuration and the data set's own. A `probe` has a column of the
  /// table, and no influence on the model.
  public func run(
    _ files: Files, provenance: [String: String] = [:], isQuiet: Bool = false, probe: Probe? = nil,
    shouldStop: () -> Bool = { false }
  ) throws(LearningError) -> Outcome {
    let began = ContinuousClock.now
    let log = TrainingLog(path: files.log, isQuiet: isQuiet)
    if FileManager.default.fileExists(atPath: files.checkpoint) {
      try restore(path: files.checkpoint)
      log.note("resuming from \(files.checkpoint)")
    }
    saved = .now

    let model = worldModel.optimiser.adam
    if denoiser == nil {
      try log.begin(Self.stages[0], step: model.step, of: configuration.worldModelSteps)
      while model.step < configuration.worldModelSteps {
        let errors = worldModel.step()
        try log.add(step: model.step, losses: [errors.dynamics, errors.reward])
        guard (errors.dynamics + errors.reward).isFinite else {
          throw .diverged(what: "the world model's loss", step: model.step)
        }
        if try checkpoint(files, shouldStop) { return .interrupted(checkpoint: files.checkpoint) }
      }
      denoiser = makeDenoiser()
    }
    let errors = worldModel.evaluate()
    log.note(Self.describe(errors))

    guard let denoiser else { preconditionFailure("the world model's stage makes the denoiser") }
    let adam = denoiser.optimiser.adam
    let (firstStep, start) = (adam.step, ContinuousClock.now)
    try log.begin(Self.stages[1], step: adam.step, of: configuration.denoiserSteps)
    while adam.step < configuration.denoiserSteps {
      let loss = denoiser.step()
      let heldOut = try measure(probe, files.output, denoiser, step: adam.step)
      try log.add(step: adam.step, losses: [loss], heldOutReturn: heldOut)
      guard loss.isFinite else { throw .diverged(what: "the denoiser's loss", step: adam.step) }
      if try checkpoint(files, shouldStop) { return .interrupted(checkpoint: files.checkpoint) }
    }
    let milliseconds = (ContinuousClock.now - start) / .milliseconds(1) / Double(max(adam.step - firstStep, 1))

    try write(to: files.output, denoiser, provenance)
    try? FileManager.default.removeItem(atPath: files.checkpoint)
    return .finished(
      TrainingReport(
        family: dataset.family, episodes: dataset.episodes.count, transitions: dataset.transitionCount,
        tasks: data.tasks.count, windowedEpisodes: data.windowed.count,
        parameters: worldModel.optimiser.store.count + denoiser.optimiser.store.count,
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

  /// Labels all tasks with contexts, with the world model as it is, and starts a denoiser on them.
  func makeDenoiser() -> DenoiserTraining {
    DenoiserTraining(data, contexts: worldModel.labelContexts(workers: workers), configuration, workers: workers)
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
