// A recipe on the command line: a file, or a family with every default.

import ArgumentParser
import Experts
import Learning
import Tasks

struct RecipeArguments: ParsableArguments {
  @Option(help: "Recipe: family and settings that differ from the defaults (JSON); see Recipes.")
  var recipe: String?

  @Option(help: "Task family, in place of a recipe: \(TaskFamily.help).")
  var family: String?

  func validate() throws {
    if (recipe == nil) == (family == nil) { throw ValidationError("give either --recipe or --family") }
  }

  func load() throws -> Recipe {
    try recipe.map { try Recipe(path: $0) } ?? Recipe(family: family ?? "")
  }

  /// As it was given, for provenance.
  var words: [String] { recipe.map { ["--recipe", $0] } ?? ["--family", family ?? ""] }
}
