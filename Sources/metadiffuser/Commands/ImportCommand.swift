// `metadiffuser import`: recordings in other people's formats become a data set.

import ArgumentParser
import Foundation
import OfflineData
import PlannerModel
import Workbench
import WorkbenchOptions

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a data set of recordings in another format: Minari, or tables.",
    discussion: "What is missing is listed at once, each with its cure. 'inspect' then says how sound the data are.",
    subcommands: [Minari.self, CSV.self])

  struct Minari: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A folder that Minari keeps a data set in.")

    @Argument(help: "Folder with data/main_data.hdf5 and metadata.json.")
    var folder: String

    @OptionGroup
    var options: ImportArguments

    func run() throws {
      try options.save(words: ["minari", folder]) { try Dataset.importing(minari: folder, $0) }
    }
  }

  struct CSV: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tables of numbers, a row for each control step.",
      discussion: """
        The first line of a file names its columns. --columns is a JSON file that says which are what: \
        {"observations": ["q1", "q2"], "actions": ["u"], "reward": "r", "episode": "run"}; "terminated" and \
        "behaviour" may be named too. Without "episode" every file is one.
        """)

    @Argument(help: "Tables.")
    var files: [String]

    @Option(help: "Map of the columns (JSON).")
    var columns: String

    @OptionGroup
    var options: ImportArguments

    func run() throws {
      let map = try CSVColumns(path: columns)
      try options.save(words: ["csv"] + files + ["--columns", columns]) {
        try Dataset.importing(csv: files, map, $0)
      }
    }
  }
}

struct ImportArguments: ParsableArguments {
  @Option(help: "Control period, with its unit: 20ms.")
  var period: TimeSpan?

  @Option(
    help: "What tells tasks apart: entries of the file, separated by commas; or 'episode', a task for each.")
  var taskFrom: String?

  @Option(help: "Name of the robot (default: the data set's).")
  var family: String?

  @Option(help: "Largest magnitude of an action (default: what the data say).")
  var actionLimit: Double?

  @Option(help: "Who drove, for reports.")
  var behaviour: String?

  @Option(name: [.short, .long], help: "Data set to write (HDF5).")
  var output: String

  /// Writes what `make` makes of the request.
  func save(words: [String], _ make: (ImportRequest) throws -> Dataset) throws {
    try OutputFile.prepare(output)
    var request = ImportRequest()
    request.periodNanoseconds = period.map { UInt64($0.milliseconds * 1e6) }
    request.taskFrom = taskFrom?.split(separator: ",").map(String.init) ?? []
    (request.family, request.actionLimit, request.behaviour) = (family, actionLimit, behaviour)
    var dataset = try make(request)
    let options = [
      ("--period", period.map { "\($0.milliseconds)ms" }), ("--task-from", taskFrom), ("--family", family),
      ("--action-limit", actionLimit.map { "\($0)" }), ("--behaviour", behaviour),
    ]
    dataset.provenance["command"] = shellLine(
      ["metadiffuser", "import"] + words + options.flatMap { name, value in value.map { [name, $0] } ?? [] }
        + ["-o", output])
    try dataset.save(path: output)
    let tasks = Set(dataset.episodes.map(\.task)).count
    print(
      "wrote \(output): \(dataset.episodes.count) episodes of \(tasks) tasks, \(dataset.transitionCount) steps; "
        + "'metadiffuser inspect \(output)' says how sound it is")
  }
}
