// `metadiffuser plot`: what a training logged, as a picture.

import ArgumentParser
import Evaluation
import PlannerModel
import Workbench

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw the tables that trainings leave beside their checkpoints: losses, returns.",
    discussion: """
      Several files are drawn into one picture, a line for each file, stage and column. Without --y an expert's table \
      gives its mean return, a model's its losses; --y held_out_return draws what `train --evaluate-every` measured.
      """
  )

  @Argument(help: "Tables (CSV): OUTPUT.checkpoint.csv.")
  var files: [String]

  @Option(name: [.short, .long], help: "Picture to write (SVG).")
  var output: String

  @Option(help: "Column along the axis (default: step or updates).")
  var x: String?

  @Option(help: "Columns to draw, separated by commas (default: mean_return, or loss,reward_loss).")
  var y: String?

  @Flag(help: "Logarithmic axis; what is not positive is left out.")
  var log = false

  func run() throws {
    try OutputFile.prepare(output)
    let tables = try files.map { try LogTable(path: $0) }
    let plot = try LogTable.plot(
      tables, x: x, y: y.map { $0.split(separator: ",").map(String.init) }, isLogarithmic: log)
    try plot.write(to: output)
    let points = plot.series.reduce(0) { $0 + $1.points.count }
    print("wrote \(output): \(plot.series.count) lines, \(points) points")
  }
}
