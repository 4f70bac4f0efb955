// A recipe on the command line: a file, or a family with every default.

import ArgumentParser
import Experts
import Learning
import Tasks

package struct RecipeArguments: ParsableArguments {
  @Option(help: "Recipe: family and settings that differ from the defaults (JSON); see Recipes.")
  package var recipe: String?

  @Option(help: "Task family, in place of a recipe: \(TaskFamily.help).")
  package var family: String?

  package init() {}

  package func validate() throws {
    if (recipe == nil) == (family == nil) { throw ValidationError("give either --recipe or --family") }
  }

  /// The recipe, which names a family.
  package func load() throws -> Recipe {
    guard let recipe else { return Recipe(family: family ?? "") }
    let loaded = try Recipe(path: recipe)
    guard !loaded.family.isEmpty else {
      throw LearningError.file(path: recipe, problem: "has no \"family\": name the one that it is for")
    }
    return loaded
  }

  /// As it was given, for provenance.
  package var words: [String] { recipe.map { ["--recipe", $0] } ?? ["--family", family ?? ""] }
}
