// Recipes: what ships can be read, and what is wrong in one is named.

import Experts
import Foundation
import Learning
import Tasks
import Testing

@Suite struct RecipeTests {
  private func recipe(_ text: String) throws -> Recipe {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try Recipe(path: path)
  }

  @Test func `every recipe is for a family that ships, and training can work with it`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Recipes")
      .standardized.path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).map { $0.replacing(".json", with: "") }
    #expect(names.count >= 6 && Set(names).isSubset(of: TaskFamily.names))
    for name in names {
      let family = try TaskFamily.named(name)
      let recipe = try Recipe(path: "\(folder)/\(name).json")
      #expect(recipe.family == name)
      try recipe.model.check()
      _ = try ExpertTrainer(family: family, options: recipe.expert, threads: 1)
    }
  }

  @Test func `what a recipe does not say keeps its default`() throws {
    let recipe = try recipe(
      #"{"family": "hopper-param", "expert": {"batchSize": 64}, "model": {"channels": [16, 32]}}"#)
    var expert = ExpertOptions()
    expert.batchSize = 64
    #expect(recipe.expert == expert)
    #expect(recipe.model.channels == [16, 32])
    #expect(recipe.model.horizon == TrainingConfiguration().horizon)
    #expect(recipe.collection == CollectionOptions())
  }

  @Test(
    arguments: [
      ("{", "is not a JSON object"), (#"{"family": 3}"#, "family: is no text"),
      (#"{"family": "ant-war"}"#, "no task family 'ant-war'"),
      (#"{"family": "ant-dir", "expert": {"batchsize": 1}}"#, "expert.batchsize: there is no such setting"),
      (#"{"family": "ant-dir", "model": 3}"#, "model: is not an object"),
      (#"{"family": "ant-dir", "expert": {"updates": "many"}}"#, "expert.updates: "),
    ])
  func `what is wrong in a recipe is named`(text: String, words: String) {
    let error = #expect(throws: (any Error).self) { try recipe(text) }
    #expect("\(error!)".contains(words), "\(error!)")
  }
}
