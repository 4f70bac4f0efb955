// `metadiffuser check-family`: what a family is, and whether it is sound.

import ArgumentParser
import Tasks
import Workbench

struct CheckFamilyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-family",
    abstract: "Compile a family's robot, show what it is made of, and try whether every parameter matters.",
    discussion: "Docs/families.md says how to write one. Ends with status 65 when something is wrong with it."
  )

  @Argument(help: "Folder with a family.json, or the name of a family that ships.")
  var family: String

  @Option(parsing: .unconditional, help: "Seed of starts and actions.")
  var seed: UInt64 = 1

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let check = try FamilyCheck(TaskFamily.named(family), seed: seed)
    if json { try printJSON(check) } else { print(check.lines.joined(separator: "\n")) }
    if !check.faults.isEmpty {
      throw TaskError.folder(
        path: family, problem: check.faults.joined(separator: "; "), cure: "mend family.json (Docs/families.md)")
    }
  }
}
