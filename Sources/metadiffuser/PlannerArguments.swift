// Options that override the planning settings that ship in a model file.

import ArgumentParser
import PlannerModel
import PlannerRuntime

extension Guide: ExpressibleByArgument {}
extension ContextInference: ExpressibleByArgument {}

struct PlannerArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Plans drawn side by side, of which the best is executed.")
  var candidates: Int?

  @Option(parsing: .unconditional, help: "Denoising steps of a plan that starts from noise.")
  var coldSteps: Int?

  @Option(parsing: .unconditional, help: "Denoising steps of a plan that starts from the last one.")
  var warmSteps: Int?

  @Option(
    parsing: .unconditional,
    help: "Share of the noise levels that the last plan is noised to, to be the next one's start; 0: never.")
  var warmLevel: Float?

  @Option(parsing: .unconditional, help: "Standard deviation of the noise, 0...1.")
  var temperature: Float?

  @Option(parsing: .unconditional, help: "Guidance strength of a plan that starts from noise.")
  var guideStrength: Float?

  @Option(parsing: .unconditional, help: "Guidance strength of a plan that starts from the last one.")
  var warmGuideStrength: Float?

  @Option(parsing: .unconditional, help: "Rounds of guidance a denoising step.")
  var guideRounds: Int?

  @Option(
    parsing: .unconditional, help: "Weight of the dynamics discrepancy against the return, in guide and selection.")
  var discrepancyWeight: Float?

  @Option(
    parsing: .unconditional, help: "Weight of the value at a plan's end against its rewards, in guide and selection.")
  var valueWeight: Float?

  @Option(
    parsing: .unconditional, help: "Classifier-free guidance on the context; 1 is the conditional model as trained.")
  var conditionWeight: Float?

  @Option(
    parsing: .unconditional,
    help: "How far actions are moved to learn more while a belief is in doubt, as a share of the limit, 0...1.")
  var exploration: Float?

  @Option(help: "Instruction set: avx512, avx2, neon or portable (default: the best one here).")
  var kernel: String?

  /// Whether one of the settings was given; the kernel is none.
  var changesSettings: Bool {
    let counts = [candidates, coldSteps, warmSteps, guideRounds]
    let weights = [
      exploration, warmLevel, temperature, guideStrength, warmGuideStrength, discrepancyWeight, valueWeight,
      conditionWeight,
    ]
    return counts.contains { $0 != nil } || weights.contains { $0 != nil }
  }

  /// The settings of `model` with what was given here put over them; `contextInference` nil leaves that to the model.
  func applied(
    to model: LoadedModel, contextInference: ContextInference? = nil
  ) throws(PlannerError) -> PlannerOptions {
    var options = model.description.options
    options.contextInference = contextInference ?? options.contextInference
    guard options.contextInference == .encoder || model.weights.bank != nil else {
      throw .invalid(
        field: "context_inference", found: "belief",
        expected: "encoder, as \(model.path) has no bank of contexts; metadiffuser train bank adds one")
    }
    options.candidates = candidates ?? options.candidates
    options.coldSteps = coldSteps ?? options.coldSteps
    options.warmSteps = warmSteps ?? options.warmSteps
    options.warmLevel = warmLevel ?? options.warmLevel
    options.temperature = temperature ?? options.temperature
    options.guideStrength = guideStrength ?? options.guideStrength
    options.warmGuideStrength = warmGuideStrength ?? options.warmGuideStrength
    options.guideRounds = guideRounds ?? options.guideRounds
    options.discrepancyWeight = discrepancyWeight ?? options.discrepancyWeight
    options.valueWeight = valueWeight ?? options.valueWeight
    options.conditionWeight = conditionWeight ?? options.conditionWeight
    options.exploration = exploration ?? options.exploration
    if let defect = options.defect(for: model.description.shape) {
      throw .invalid(field: defect.field, found: defect.found, expected: defect.expected)
    }
    return options
  }
}
