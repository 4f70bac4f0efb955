// What `metadiffuser settings` says, as text, as a page of the documentation and, encoded, as JSON.

import Learning
import PlannerRuntime

package struct SettingsReport: Encodable {
  /// One setting of any options.
  package struct Entry: Encodable {
    var name: String
    /// nil: only a recipe says it.
    var option: String?
    var `default`: String
    var range: String
    var unit: String
    var sentence: String

    init<Options>(_ setting: Setting<Options>, of defaults: Options) {
      name = setting.name
      option = setting.option
      `default` = setting.text(of: defaults)
      range = setting.range
      unit = setting.unit
      sentence = setting.sentence
    }
  }

  package let planning = PlannerOptions.all.map { Entry($0, of: PlannerOptions()) }
  package let training = TrainingConfiguration.settings.map { Entry($0, of: TrainingConfiguration()) }

  package init() {}

  package var text: String { (lines("planning", planning) + lines("training", training)).joined(separator: "\n") }

  private func lines(_ title: String, _ entries: [Entry]) -> [String] {
    ["\(title):"]
      + entries.flatMap { entry in
        let unit = entry.unit.isEmpty ? "" : " \(entry.unit)"
        return [
          "  \(entry.name)\(entry.option.map { " (\($0))" } ?? ""): \(entry.default); \(entry.range)\(unit)",
          "      \(entry.sentence)",
        ]
      }
  }

  package var markdown: String {
    """
    # Settings

    Made by `make settings` from the schema that the programs check and explain settings by: do not edit this page.

    ## Planning

    They travel in the model file as `planner.NAME`; only `exploration` does not: that is up to whoever drives. The
    defaults are those of a freshly trained model. `metadiffuser tune` finds the ones that suit a computer. Given as
    options to `metadiffuserd` or to a command that plans, they override the file; `metadiffuser inspect` shows the
    file's.

    \(table(planning))

    ## Training

    A recipe gives them by name under `model` ([Recipes](../Recipes)). Those with an option can also be given to
    `metadiffuser train`, where they override the recipe. A model keeps all of them, as JSON, in `provenance.training`.

    \(table(training))
    """
  }

  private func table(_ entries: [Entry]) -> String {
    let rows = entries.map { entry in
      let option = entry.option.map { "`\($0)`" } ?? ""
      return "| `\(entry.name)` | \(option) | \(entry.default) | \(entry.range) | \(entry.unit) | \(entry.sentence) |"
    }
    return (["| setting | option | default | range | unit | meaning |", "|---|---|---|---|---|---|"] + rows)
      .joined(separator: "\n")
  }
}
