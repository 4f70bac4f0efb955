// `metadiffuser train bank`: the hypotheses of a trained model, from which a controller works out what it faces.

import ArgumentParser
import Experts
import Foundation
import Learning
import OfflineData
import PlannerModel
import Workbench
import WorkbenchOptions

struct TrainBankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bank",
    abstract: "Give a trained model its bank of contexts anew: what a controller holds its robot against.",
    discussion: """
      Training makes the bank too. This is for models from before there was one, and for a bank of another size. The \
      weights stay as they are.
      """
  )

  @Option(help: "Model file.")
  var model: String

  @Option(help: "Data set that the model was trained on (HDF5).")
  var data: String

  @Option(help: "Recipe that the model was trained by (JSON); its seed says which episodes were kept out.")
  var recipe: String?

  @Option(parsing: .unconditional, help: .training("bankSize"))
  var count: Int?

  @Option(name: [.short, .long], help: "Model file to write (safetensors).")
  var output: String

  func run() throws {
    try OutputFile.prepare(output)
    var configuration = try recipe.map { try Recipe(path: $0).model } ?? TrainingConfiguration()
    configuration.bankSize = count ?? configuration.bankSize
    let result = try ModelTraining.addBank(
      to: LoadedModel(path: model), Dataset.load(path: data), configuration, note: { print("  \($0)") })
    var description = result.description
    description.provenance["bank"] = shellLine(
      ["metadiffuser", "train", "bank", "--model", model, "--data", data] + (recipe.map { ["--recipe", $0] } ?? [])
        + ["--count", "\(configuration.bankSize)", "-o", output])
    try result.write(to: output, as: description)
    print("wrote \(output): \(result.weights.bank?.count ?? 0) hypotheses")
  }
}
