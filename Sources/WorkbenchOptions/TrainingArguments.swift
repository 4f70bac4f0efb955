// Settings of a training on the command line; `TrainingConfiguration.settings` says what they allow and mean.

import ArgumentParser
import Learning

extension ContextTraining: ExpressibleByArgument {}

package struct TrainingArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: .training("seed"))
  package var seed: UInt64?

  @Option(parsing: .unconditional, help: .training("denoiserSteps"))
  package var steps: Int?

  @Option(parsing: .unconditional, help: .training("worldModelSteps"))
  package var worldModelSteps: Int?

  @Option(parsing: .unconditional, help: .training("horizon"))
  package var horizon: Int?

  @Option(help: .training("channels"))
  package var channels: Numbers?

  @Option(help: .training("context"))
  package var context: ContextTraining?

  @Option(parsing: .unconditional, help: .training("contextSize"))
  package var contextSize: Int?

  @Option(parsing: .unconditional, help: .training("bestEpisodes"))
  package var bestEpisodes: Double?

  @Option(parsing: .unconditional, help: .training("heldOutTasks"))
  package var heldOutTasks: Double?

  @Option(parsing: .unconditional, help: .training("valueSteps"))
  package var valueSteps: Int?

  @Option(parsing: .unconditional, help: .training("advantageWeight"))
  package var advantageWeight: Double?

  package init() {}

  /// Name and text of every setting that has an option; nil where it was not given.
  private var given: [(name: String, text: String?)] {
    [
      ("seed", text(seed)), ("denoiserSteps", text(steps)), ("worldModelSteps", text(worldModelSteps)),
      ("horizon", text(horizon)), ("channels", text(channels)), ("context", context?.rawValue),
      ("contextSize", text(contextSize)), ("bestEpisodes", text(bestEpisodes)), ("heldOutTasks", text(heldOutTasks)),
      ("valueSteps", text(valueSteps)),
      ("advantageWeight", text(advantageWeight)),
    ]
  }

  /// Puts what was given over `configuration`.
  package func apply(to configuration: inout TrainingConfiguration) throws(LearningError) {
    for (name, text) in given {
      guard let text else { continue }
      let setting = TrainingConfiguration.settings.setting(name)
      guard setting.read(text, into: &configuration) else { throw setting.refusal(of: text) }
    }
  }

  /// Words that give every option the value of `configuration`, for provenance.
  package func words(of configuration: TrainingConfiguration) -> [String] {
    given.flatMap { name, _ in
      let setting = TrainingConfiguration.settings.setting(name)
      return setting.option.map { [$0, setting.text(of: configuration)] } ?? []
    }
  }
}

extension ArgumentHelp {
  /// What the schema says of a setting of trainings.
  package static func training(_ name: String) -> ArgumentHelp {
    let setting = TrainingConfiguration.settings.setting(name)
    let value = setting.text(of: TrainingConfiguration())
    return ArgumentHelp("\(setting.explanation) (default: \(value), or the recipe's).")
  }
}

private func text(_ value: (some CustomStringConvertible)?) -> String? { value.map { "\($0)" } }
