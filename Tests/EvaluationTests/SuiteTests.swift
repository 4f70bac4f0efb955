// The suite on the point robot with nets made here: what is resumed, what is done again, what its tables say.

import DataCollection
import Evaluation
import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Synchronization
import Tasks
import Testing

/// A folder for results, and a model with both baselines, trained once for a few steps on a little data.
private final class Workshop {
  let folder = NSTemporaryDirectory() + "metadiffuser-suite-\(UUID().uuidString)"
  let member = Workshop.trained
  private static let trained = try! train()

  private static func train() throws -> Suite.Member {
    let folder = NSTemporaryDirectory() + "metadiffuser-suite-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let family = TaskFamily.pointRobot
    let jobs = (0..<12).map { number in
      RecordingJob(
        task: number % 3, parameters: family.trainTasks[number % 3],
        behaviour: number < 6 ? .random(family) : towardsGoal)
    }
    let dataset = try Dataset.collect(family: family, jobs: jobs, seed: 1, threads: 1)
    var configuration = TrainingConfiguration()
    configuration.contextSize = 4
    configuration.horizon = 8
    configuration.channels = [16, 32]
    configuration.denoisingSteps = 6
    configuration.worldModelSteps = 5
    configuration.denoiserSteps = 2
    configuration.contextsPerTask = 4
    let path = folder + "/model.safetensors"
    _ = try ModelTraining(dataset, configuration, threads: 1).run(
      .init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
    let trained = try LoadedModel(path: path)
    let model = trained.with(bank: .random(trained.description.shape, count: 5, seed: 6))
    var options = BaselineOptions()
    options.hiddenSize = 16
    options.batch = 16
    options.contextsPerTask = 4
    options.cloningSteps = 5
    options.encoderSteps = 2
    options.tasksPerStep = 2
    options.actorCriticSteps = 4
    var baselines: [BaselineMethod: BaselineModel] = [:]
    for method in BaselineMethod.allCases {
      let path = "\(folder)/\(method.rawValue).safetensors"
      _ = try BaselineTraining(method, dataset, model: model, options, threads: 1).run(
        .init(output: path, checkpoint: path + ".checkpoint"), isQuiet: true)
      baselines[method] = try BaselineModel(path: path)
    }
    return Suite.Member(
      family: family, model: model,
      behaviours: [.random: .random(family), .medium: .random(family), .expert: towardsGoal], yardstick: towardsGoal,
      baselines: baselines, fingerprints: ["model": "a", "expert": "b", "bc": "c", "focal": "d"])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func suite(_ results: String = "results") -> Suite {
    var suite = Suite(members: [member], missing: ["hopper-param: no model"], results: "\(folder)/\(results)")
    suite.warmStarts = [.expert, .random]
    suite.seeds = [1, 2]
    suite.tasks = 2
    suite.timedPlans = 10
    suite.mppiSamples = 6
    return suite
  }

  /// Names of the cells and when each was written.
  func cells(_ results: String = "results") throws -> [String: Date] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(results)")
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(results)/\(name)")
        return (name, attributes[.modificationDate] as! Date)
      })
  }
}

@Suite struct SuiteTests {
  private let workshop = Workshop()

  @Test func `all methods drive from the same tasks and starts, and every cell is a file`() throws {
    let report = try workshop.suite().run()
    #expect(report.rows.count == SuiteMethod.allCases.count * 2)
    #expect(Set(report.rows.map(\.expertReturn)).count == 1 && Set(report.rows.map(\.randomReturn)).count == 1)
    #expect(report.rows.allSatisfy { $0.tasks == 2 && $0.seeds == 2 && $0.score.isFinite })
    for row in report.rows {
      #expect((row.dynamicsDiscrepancy == nil) == (row.method.baseline != nil))
    }
    // Cells: methods × warm starts × seeds, and a time for each method.
    #expect(try workshop.cells().count == 7 * 2 * 2 + 7)
    #expect(report.times.count == 7 && report.times.allSatisfy { $0.planMs.p50 > 0 && $0.planMs.p50 <= $0.planMs.p999 })
    #expect(report.missing == ["hopper-param: no model"])
  }

  @Test func `a row's numbers follow from the meta-tests of its seeds`() throws {
    var suite = workshop.suite()
    suite.methods = [.reward]
    let row = try #require(try suite.run().rows.first)
    let reports = try suite.seeds.map { seed in
      var test = MetaTest(
        family: .pointRobot, split: .test, model: workshop.member.model, warmStart: .expert, episodes: 1, seed: seed,
        behaviours: workshop.member.behaviours, yardstick: workshop.member.yardstick)
      test.tasks = [0, 1]
      test.options.guide = .reward
      return try test.run()
    }
    #expect(abs(row.return - (reports[0].meanReturn + reports[1].meanReturn) / 2) < 1e-9)
    let scores = try reports.map { try #require($0.normalisedScore) }
    #expect(abs(row.score - (scores[0] + scores[1]) / 2) < 1e-9)
    #expect(abs(row.scoreError - abs(scores[0] - scores[1]) / 2) < 1e-9)
  }

  @Test func `the own warm start has rows of its first episode beside those after it`() throws {
    var suite = workshop.suite()
    suite.warmStarts = [.own]
    let report = try suite.run()
    let warmStarts = ["own", "first"].flatMap { [String](repeating: $0, count: SuiteMethod.allCases.count) }
    #expect(report.rows.map(\.warmStart) == warmStarts)
    let first = try #require(report.rows.first { $0.warmStart == "first" })
    let tests = try suite.seeds.map { seed in
      var test = MetaTest(
        family: .pointRobot, split: .test, model: workshop.member.model, warmStart: .own, episodes: 1, seed: seed,
        behaviours: workshop.member.behaviours, yardstick: workshop.member.yardstick)
      test.tasks = [0, 1]
      test.options.guide = .dual
      return try #require(try test.run().firstEpisode)
    }
    #expect(first.method == .dual && first.dynamicsDiscrepancy == nil)
    #expect(abs(first.return - (tests[0].meanReturn + tests[1].meanReturn) / 2) < 1e-9)
    #expect(try abs(first.score - tests.map { try #require($0.normalisedScore) }.reduce(0, +) / 2) < 1e-9)
    #expect(try abs(first.regret - tests.map { try #require($0.meanRegret) }.reduce(0, +) / 2) < 1e-9)
    let markdown = report.markdown(command: "the command")
    #expect(markdown.contains("Score, the first episode"))
    #expect(markdown.contains("Regret, mean / worst task, after a first"))
  }

  @Test func `Diffuser has no context, whatever it is shown, and drives alike from every warm start`() throws {
    let model = workshop.member.model
    var options = model.description.options
    #expect(options.contextInference == .belief)
    options.conditionWeight = 0
    let driver = try DiffuserDriver(weights: model.weights, options: options)
    let bed = SimulatedBed(
      .pointRobot, .test, behaviours: workshop.member.behaviours, yardstick: workshop.member.yardstick)
    for source in WarmStartSource.allCases {
      try source.show(bed.robot(task: 0), of: bed, to: driver, seed: 1)
      #expect(driver.context.allSatisfy { $0 == 0 })
    }
    var suite = workshop.suite()
    suite.methods = [.diffuser, .dual]
    let report = try suite.run()
    func returns(_ method: SuiteMethod) -> Set<Double> {
      Set(report.rows.filter { $0.method == method }.map(\.return))
    }
    #expect(returns(.diffuser).count == 1 && returns(.dual).count == 2)
  }

  @Test func `baselines beside a belief are told the encoder's context`() throws {
    let model = workshop.member.model
    var options = model.description.options
    options.contextInference = .encoder
    let encoder = try PlannerDriver(weights: model.weights, options: options)
    let baseline = try #require(workshop.member.baselines[.cloning])
    let driver = try PolicyDriver(baseline, beside: model)
    let task = try TaskFamily.pointRobot.task(parameters: TaskFamily.pointRobot.testTasks[0])
    let bed = SimulatedBed(
      .pointRobot, .test, behaviours: workshop.member.behaviours, yardstick: workshop.member.yardstick)
    for any in [encoder, driver] as [any EpisodeDriver] {
      try WarmStartSource.expert.show(bed.robot(task: 0), of: bed, to: any, seed: 1)
    }
    task.reset(seed: 2)
    let policy = baseline.makePolicy()
    let action = driver.act(task.observation)
    #expect(action == policy.action(observation: task.observation, context: encoder.context))
    // What it meets later does not change what it was told.
    let robot = try bed.robot(task: 0)
    for _ in 0..<10 { _ = try driver.execute(driver.act(task.observation), on: robot, from: task.observation) }
    task.reset(seed: 2)
    #expect(driver.act(task.observation) == action)
  }

  @Test func `an interrupted suite resumes to the same rows and repeats nothing`() throws {
    let whole = try workshop.suite("whole").run()
    let finished = Atomic(0)
    #expect(throws: SuiteError.interrupted(folder: "\(workshop.folder)/results")) {
      try workshop.suite().run(
        isCancelled: { finished.load(ordering: .relaxed) >= 5 },
        progress: { _, _ in finished.add(1, ordering: .relaxed) })
    }
    let early = try workshop.cells()
    #expect(early.count > 7 && early.count < 7 * 2 * 2 + 7)
    let resumed = try workshop.suite().run()
    #expect(resumed.rows == whole.rows)
    let late = try workshop.cells()
    #expect(early.allSatisfy { late[$0.key] == $0.value })
    let again = try workshop.suite().run(progress: { _, _ in Issue.record("something was done again") })
    #expect(again == resumed)
  }

  @Test func `a changed baseline or model is evaluated again, and nothing else`() throws {
    _ = try workshop.suite().run()
    let before = try workshop.cells()
    var suite = workshop.suite()
    suite.members[0].fingerprints["bc"] = "another"
    _ = try suite.run()
    let changed = try workshop.cells().filter { before[$0.key] != $0.value }.keys
    #expect(Set(changed.map { $0.split(separator: ".")[1] }) == ["bc"] && changed.count == 2 * 2 + 1)
    suite.members[0].fingerprints["model"] = "another"
    let middle = try workshop.cells()
    _ = try suite.run()
    #expect(try workshop.cells().allSatisfy { middle[$0.key] != $0.value })
  }

  @Test func `a broken cell is done again`() throws {
    let report = try workshop.suite().run()
    let path = "\(workshop.folder)/results/point-robot.dual.expert.1.json"
    try Data("{\"fingerprint\": \"".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try workshop.suite().run() == report)
  }

  @Test func `methods without their baseline are left out, and a suite without families says what is missing`() throws {
    var suite = workshop.suite()
    suite.members[0].baselines[.focal] = nil
    #expect(try !suite.run().rows.contains { $0.method == .focal })
    suite.members = []
    #expect(throws: SuiteError.nothingToDo(missing: ["hopper-param: no model"])) { try suite.run() }
  }

  @Test func `text, CSV, JSON and Markdown agree`() throws {
    let report = try workshop.suite().run()
    let lines = report.csv.split(separator: "\n")
    let names = lines[0].split(separator: ",").map(String.init)
    #expect(lines.count == report.rows.count + 1)
    let json = try JSONDecoder().decode(SuiteReport.self, from: JSONEncoder().encode(report))
    #expect(json == report)
    let markdown = report.markdown(command: "the command")
    for (line, row) in zip(lines.dropFirst(), json.rows) {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      #expect(fields.count == names.count)
      let record = Dictionary(uniqueKeysWithValues: zip(names, fields))
      #expect(record["family"] == row.family && record["method"] == row.method.rawValue)
      #expect(record["return"].flatMap { Double($0) } == row.return)
      #expect(record["score"].flatMap { Double($0) } == row.score)
      #expect(record["regret"].flatMap { Double($0) } == row.regret)
      #expect(record["worst_regret"].flatMap { Double($0) } == row.worstRegret)
      #expect(record["worst_task"].flatMap { Int($0) } == row.worstTask)
      #expect(record["worst_score"].flatMap { Double($0) } == row.worstScore)
      #expect(markdown.contains("/ \(String(format: "%.1f", row.worstRegret).replacing("-", with: "−"))"))
      #expect(report.table.contains(String(format: "%.1f (%d)", row.worstRegret, row.worstTask)))
      #expect(record["dynamics_discrepancy"].flatMap { Double($0) } == row.dynamicsDiscrepancy)
      #expect(markdown.contains(String(format: "%.3f", row.score).replacing("-", with: "−")))
      #expect(report.table.contains(String(format: "%.3f", row.score)))
    }
    #expect(report.table.split(separator: "\n").allSatisfy { $0.count <= 125 })
    for method in SuiteMethod.allCases { #expect(report.table.contains(" \(method.rawValue) ")) }
    #expect(markdown.contains("the command") && markdown.contains("hopper-param: no model"))
  }

  @Test func `tables replace what is between the markers and leave the rest alone`() throws {
    let document = "# Results\n\nBefore.\n<!-- suite: begin -->\nold\n<!-- suite: end -->\nAfter, 100 %.\n"
    let changed = try #require(MarkedSection.replaced(in: document, by: "new"))
    #expect(
      changed == "# Results\n\nBefore.\n<!-- suite: begin -->\n\nnew\n\n<!-- suite: end -->\nAfter, 100 %.\n")
    #expect(MarkedSection.replaced(in: changed, by: "new") == changed)
    for bad in [
      "no markers", "<!-- suite: begin -->", "<!-- suite: end --> <!-- suite: begin -->", document + document,
    ] {
      #expect(MarkedSection.replaced(in: bad, by: "new") == nil)
    }
    try FileManager.default.createDirectory(atPath: workshop.folder, withIntermediateDirectories: true)
    let path = workshop.folder + "/page.md"
    try Data("no markers".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: SuiteError.self) { try MarkedSection.replace(inFile: path, by: "new") }
    #expect(error.map { "\($0)".contains("page.md") && "\($0)".contains("suite: begin") } == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "no markers")
  }
}
