// `metadiffuser inspect`: what a file is, whether it is sound, and what it would do here.

import ArgumentParser
import Workbench

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a model, an expert, a baseline, a warm start or a data set is, and whether it is sound.",
    discussion: "Files are recognised by their content. A damaged or foreign file is an error (exit status 65)."
  )

  @Argument(help: "File to inspect.")
  var file: String

  @Flag(help: "Print the report as JSON.")
  var json = false

  func run() throws {
    switch try FileKind(path: file) {
    case .model(let tensors): try show(ModelReport(file: tensors))
    case .expert(let tensors): try show(ExpertReport(file: tensors))
    case .baseline(let tensors): try show(BaselineFileReport(file: tensors))
    case .warmStart: try show(WarmStartReport(path: file))
    case .dataset: try show(DatasetReport(path: file))
    }
  }

  private func show(_ report: some FileReport) throws {
    if json { try printJSON(report) } else { print(report.text) }
  }
}
