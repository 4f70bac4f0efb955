// Where the robots of an evaluation are: simulated here, or one at the end of a link.

import ArgumentParser
import CConsole
import Evaluation
import PlannerModel
import RobotLink
import Tasks
import Workbench

struct RobotArguments: ParsableArguments {
  @Option(help: "Folder of the model's family (default: the family of its name that ships).")
  var family: String?

  @Option(help: "Only these tasks, by number from 0: 0-9,12 (default: all of the split; on a link the first 20).")
  var tasks: String?

  @Option(help: "Expert file, the yardstick and the driver of warm starts (default: the one that ships).")
  var experts: String?

  @Option(
    help: ArgumentHelp(
      "Address of a robot or simulator of your own that takes tasks on request, in place of a simulation here.",
      valueName: "address"))
  var link: String?

  @Option(help: "On a link: key file that the robot has too. Needed for udp:// to other machines.")
  var key: String?

  @Flag(help: "On a link: drive over udp:// to another machine without a key.")
  var allowUnkeyed = false

  @Option(
    help: ArgumentHelp(
      """
      On a link, what returns are held against: robot (it drives itself as expert and random), none, \
      expert=NUMBER,random=NUMBER, or a JSON or CSV file with these of each task (default: robot if it can).
      """))
  var reference: String?

  func validate() throws {
    guard link == nil else {
      if family != nil || experts != nil { throw ValidationError("--family and --experts do not go with --link") }
      return
    }
    if key != nil || allowUnkeyed || reference != nil {
      throw ValidationError("--key, --allow-unkeyed and --reference go with --link")
    }
  }

  /// Something was given that is not about a suite.
  var isGiven: Bool { [family, tasks, experts, link].contains { $0 != nil } }

  /// The bed, connected to where it is at the end of a link.
  func bed(for model: LoadedModel, file: String, split: TaskSplit) throws -> any TestBed {
    guard let link else {
      let family = try model.description.simulatedFamily(file: file, folder: family)
      _ = try family.someTasks(split)
      return SimulatedBed(
        family, split, behaviours: try family.behaviours(expertPath: experts),
        yardstick: try family.yardstick(expertPath: experts))
    }
    guard model.description.shape.contextKind != .oracle else {
      throw ValidationError("\(file) is told the task's parameters, which a link does not say; give another model")
    }
    let address = try LinkAddress(link)
    let key = try key.map { try LinkKey(file: $0) }
    try address.requireKey(key, unlessAllowed: allowUnkeyed)
    let reference = try reference.map { try ReferenceChoice($0) } ?? .automatic
    Interruption.watch()
    let bed = try LinkedBed(
      at: address, key: key, for: model, reference: reference, isCancelled: { Interruption.isRequested })
    if let reason = bed.missingReference {
      console_say_line("no score: the robot does not drive itself (\(reason)); --reference says how an expert does\n")
    }
    return bed
  }

  func chosenTasks(of bed: any TestBed) throws -> [Int] {
    try tasks.map { try TaskNumbers.read($0, below: bed.taskCount) }
      ?? Array(0..<(link == nil ? bed.taskCount : min(20, bed.taskCount)))
  }

  /// Who drives warm starts where nobody has said.
  var usualWarmStart: WarmStartSource { link == nil ? .mixed : .own }

  /// As it was given, for provenance.
  var words: [String] {
    let options = [
      ("family", family), ("tasks", tasks), ("experts", experts), ("link", link), ("key", key),
      ("reference", reference),
    ]
    return options.flatMap { option in option.1.map { ["--\(option.0)", $0] } ?? [] }
      + (allowUnkeyed ? ["--allow-unkeyed"] : [])
  }
}
