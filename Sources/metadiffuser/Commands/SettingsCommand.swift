// `metadiffuser settings`: every setting of planning and of training, from the schema that the programs go by.

import ArgumentParser
import Workbench

struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings",
    abstract: "List every setting of planning and training: option, default, range, meaning.",
    discussion: "Docs/settings.md is what --markdown prints; `make settings` writes it."
  )

  @Flag(help: "Print them as JSON.")
  var json = false

  @Flag(help: "Print Docs/settings.md.")
  var markdown = false

  func validate() throws {
    if json, markdown { throw ValidationError("give either --json or --markdown") }
  }

  func run() throws {
    let report = SettingsReport()
    if json { try printJSON(report) } else { print(markdown ? report.markdown : report.text) }
  }
}
