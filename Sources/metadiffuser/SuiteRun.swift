// `metadiffuser evaluate --suite`: which families can be evaluated here, what of it is run, and where the result goes.

import ArgumentParser
import Evaluation
import Foundation
import Learning
import OfflineData
import PlannerModel
import Tasks
import Workbench
import WorkbenchOptions

enum SuiteName: String, CaseIterable, ExpressibleByArgument { case paper }

struct SuiteArguments: ParsableArguments {
  @Option(
    help: "In place of --model: every family whose model and expert ship, with the baselines. There is: paper.")
  var suite: SuiteName?

  @Flag(help: "Suite: a fixed subset: four tasks, one seed, warm starts expert, random and own.")
  var quick = false

  @Option(help: "Suite: only these families, separated by commas.")
  var families: String?

  @Option(help: "Suite: only these methods, separated by commas, of \(SuiteArguments.methodNames).")
  var methods: String?

  @Option(parsing: .unconditional, help: "Suite: seeds, from --seed on (default: 3, quick: 1).")
  var seeds: Int?

  @Option(help: "Suite: folder of the cells already done (default: runs/paper, quick: runs/paper-quick).")
  var results: String?

  @Option(help: ArgumentHelp("Suite: write the rows as CSV.", valueName: "file"))
  var csv: String?

  @Option(help: ArgumentHelp("Suite: write the tables between the markers of a document.", valueName: "file"))
  var markdown: String?

  /// The literature's families, in its order.
  private static let paper = ["point-robot", "cheetah-dir", "cheetah-vel", "ant-dir", "hopper-param", "walker-param"]

  private static let methodNames = SuiteMethod.allCases.map(\.rawValue).joined(separator: ", ")

  func validate() throws {
    let given = [families, methods, results, csv, markdown].contains { $0 != nil } || quick || seeds != nil
    if suite == nil, given {
      throw ValidationError(
        "--quick, --families, --methods, --seeds, --results, --csv and --markdown go with --suite paper")
    }
    if let seeds, !(1...1000).contains(seeds) { throw ValidationError("--seeds is \(seeds), give 1...1000") }
  }

  /// The suite of these arguments; families without model or expert are named as missing.
  func make() throws -> Suite {
    let families = try (families?.split(separator: ",").map(String.init) ?? Self.paper).map {
      try TaskFamily.named($0)
    }
    let methods = try methods.map { text in
      try text.split(separator: ",").map { part in
        guard let method = SuiteMethod(rawValue: String(part)) else {
          throw ValidationError("--methods has '\(part)', give some of \(Self.methodNames)")
        }
        return method
      }
    }
    var members: [Suite.Member] = []
    var missing: [String] = []
    for family in families {
      let names = [ShippedFiles.model(family.name), ShippedFiles.expert(family.name)]
      let files = ShippedFiles.own
      guard let model = files.path(names[0]), let expert = files.path(names[1]) else {
        let absent = names.filter { files.path($0) == nil }.joined(separator: " and ")
        missing.append("\(family.name): \(absent) not found in \(files.places.joined(separator: " or "))")
        continue
      }
      members.append(try member(family, model: model, expert: expert, methods ?? SuiteMethod.allCases, &missing))
    }
    var suite = Suite(
      members: members, missing: missing, results: results ?? (quick ? "runs/paper-quick" : "runs/paper"))
    if let methods { suite.methods = methods }
    if quick {
      suite.tasks = 4
      suite.warmStarts = [.expert, .random, .own]
      suite.timedPlans = 500
    }
    return suite
  }

  private func member(
    _ family: TaskFamily, model path: String, expert: String, _ methods: [SuiteMethod], _ missing: inout [String]
  ) throws -> Suite.Member {
    let model = try LoadedModel(path: path)
    try model.description.check(fits: family, file: path)
    var files = ["model": path, "expert": expert]
    var baselines: [BaselineMethod: BaselineModel] = [:]
    for method in methods.compactMap(\.baseline) {
      let name = ShippedFiles.baseline(family.name, method: method.rawValue)
      guard let path = ShippedFiles.own.path(name) else {
        let places = ShippedFiles.own.places.joined(separator: " or ")
        missing.append("\(family.name), \(method.rawValue): \(name) not found in \(places)")
        continue
      }
      let baseline = try BaselineModel(path: path)
      try baseline.check(fits: model)
      baselines[method] = baseline
      files[method.rawValue] = path
    }
    return Suite.Member(
      family: family, model: model, behaviours: try family.behaviours(expertPath: expert),
      yardstick: try family.yardstick(expertPath: expert), baselines: baselines,
      fingerprints: try files.mapValues { try Fingerprint(path: $0).text })
  }

  /// Runs the suite and prints and writes what was asked for.
  func run(seed: UInt64, split: TaskSplit, episodes: Int?, threads: Int, kernels: String?, json: Bool) throws {
    var suite = try make()
    for path in [csv, markdown, suite.results + "/cell"].compactMap({ $0 }) { try OutputFile.prepare(path) }
    if let markdown { try MarkedSection.check(file: markdown) }
    suite.seeds = (0..<UInt64(seeds ?? (quick ? 1 : 3))).map { seed &+ $0 }
    suite.split = split
    suite.episodes = episodes ?? 1
    suite.threads = threads
    suite.kernels = kernels
    Interruption.watch()
    let bar = SuiteProgress()
    let report = try suite.run(isCancelled: { Interruption.isRequested }, progress: { bar.update($0, of: $1) })
    if let csv {
      try OutputFile(csv).write(report.csv)
    }
    if let markdown {
      let command = command(seed: seed, split: split, episodes: episodes, kernels: kernels)
      try MarkedSection.replace(inFile: markdown, by: report.markdown(command: command))
    }
    if json { try printJSON(report) } else { print(report.table) }
  }

  /// What repeats this run: every option that settles its figures. The folder of results is one: MPPI's samples,
  /// measured once, are kept there.
  private func command(seed: UInt64, split: TaskSplit, episodes: Int?, kernels: String?) -> String {
    let options: [(name: String, value: String?)] = [
      ("families", families), ("methods", methods), ("split", split == .test ? nil : split.rawValue),
      ("seed", seed == 1 ? nil : "\(seed)"), ("seeds", seeds.map { "\($0)" }),
      ("episodes", episodes.flatMap { $0 == 1 ? nil : "\($0)" }), ("kernel", kernels), ("results", results),
      ("markdown", markdown),
    ]
    return shellLine(
      ["metadiffuser", "evaluate", "--suite", "paper"] + (quick ? ["--quick"] : [])
        + options.flatMap { option in option.value.map { ["--\(option.name)", $0] } ?? [] })
  }
}

/// The bar is made when it is known how much there is to do.
private final class SuiteProgress: @unchecked Sendable {
  private let lock = NSLock()
  private var bar: ProgressBar?

  func update(_ done: Int, of total: Int) {
    let bar = lock.withLock {
      if self.bar == nil { self.bar = ProgressBar("evaluate", unit: "control steps", total: total) }
      return self.bar
    }
    bar?.update(done)
  }
}
