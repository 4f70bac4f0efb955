// Options that override the planning settings that ship in a model file, the same in every command that plans.

import ArgumentParser
import PlannerModel
import PlannerRuntime

extension Guide: ExpressibleByArgument {}
extension ContextInference: ExpressibleByArgument {}

/// What was given on a command line of one setting: its text, if any.
public typealias GivenSetting = (setting: Setting<PlannerOptions>, text: String?)

/// The settings that `tune` searches over.
public struct SearchedArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: .setting("candidates"))
  public var candidates: Int?

  @Option(parsing: .unconditional, help: .setting("cold_steps"))
  public var coldSteps: Int?

  @Option(parsing: .unconditional, help: .setting("guide_rounds"))
  public var guideRounds: Int?

  public init() {}

  public var given: [GivenSetting] {
    [
      entry("candidates", candidates), entry("cold_steps", coldSteps), entry("guide_rounds", guideRounds),
    ]
  }
}

/// The settings that are the same for all that `tune` compares.
public struct SharedArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: .setting("warm_steps"))
  public var warmSteps: Int?

  @Option(parsing: .unconditional, help: .setting("warm_level"))
  public var warmLevel: Float?

  @Option(parsing: .unconditional, help: .setting("temperature"))
  public var temperature: Float?

  @Option(parsing: .unconditional, help: .setting("guide_strength"))
  public var guideStrength: Float?

  @Option(parsing: .unconditional, help: .setting("warm_guide_strength"))
  public var warmGuideStrength: Float?

  @Option(parsing: .unconditional, help: .setting("discrepancy_weight"))
  public var discrepancyWeight: Float?

  @Option(parsing: .unconditional, help: .setting("value_weight"))
  public var valueWeight: Float?

  @Option(parsing: .unconditional, help: .setting("condition_weight"))
  public var conditionWeight: Float?

  @Option(parsing: .unconditional, help: .setting("exploration"))
  public var exploration: Float?

  public init() {}

  public var given: [GivenSetting] {
    [
      entry("warm_steps", warmSteps), entry("warm_level", warmLevel), entry("temperature", temperature),
      entry("guide_strength", guideStrength), entry("warm_guide_strength", warmGuideStrength),
      entry("discrepancy_weight", discrepancyWeight), entry("value_weight", valueWeight),
      entry("condition_weight", conditionWeight), entry("exploration", exploration),
    ]
  }
}

/// All of them, and the kernels to run.
public struct PlannerArguments: ParsableArguments {
  @OptionGroup(title: "Planning settings (default: the model's)")
  public var searched: SearchedArguments

  @OptionGroup(title: "Planning settings (default: the model's)")
  public var shared: SharedArguments

  @Option(help: "Instruction set: avx512, avx2, neon or portable (default: the best one here).")
  public var kernel: String?

  public init() {}

  public var given: [GivenSetting] { searched.given + shared.given }
}

extension [GivenSetting] {
  /// Whether one of the settings was given.
  public var isAny: Bool { contains { $0.text != nil } }

  /// Words that give every setting its value in `options`.
  public func words(of options: PlannerOptions) -> [String] {
    flatMap { given in given.setting.option.map { [$0, given.setting.text(of: options)] } ?? [] }
  }

  /// The settings of `model` with what was given put over them; `contextInference` nil leaves that to the model.
  public func applied(
    to model: LoadedModel, contextInference: ContextInference? = nil
  ) throws(PlannerError) -> PlannerOptions {
    var options = model.description.options
    options.contextInference = contextInference ?? options.contextInference
    guard options.contextInference == .encoder || model.weights.bank != nil else {
      throw .invalid(
        field: "context_inference", found: "belief",
        expected: "encoder, as \(model.path) has no bank of contexts; metadiffuser train bank adds one")
    }
    for (setting, text) in self {
      guard let text else { continue }
      guard setting.read(text, into: &options) else {
        throw .invalid(field: setting.name, found: text, expected: setting.range)
      }
    }
    if let defect = options.defect(for: model.description.shape) {
      throw .invalid(field: defect.field, found: defect.found, expected: defect.expected)
    }
    return options
  }
}

extension ArgumentHelp {
  /// What the schema says of a setting.
  static func setting(_ name: String) -> ArgumentHelp {
    ArgumentHelp("\(PlannerOptions.setting(name).explanation).")
  }
}

private func entry(_ name: String, _ value: (some CustomStringConvertible)?) -> GivenSetting {
  (PlannerOptions.setting(name), value.map { "\($0)" })
}
