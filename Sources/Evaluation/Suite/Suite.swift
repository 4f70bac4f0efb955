// The suite: every family under every method, warm start and seed, one cell at a time, so that it can be resumed.

import DataCollection
import Foundation
import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

/// A meta-test of several families with the baselines beside the planner.
public struct Suite: Sendable {
  /// A family with all that evaluating it takes.
  public struct Member: Sendable {
    public var family: TaskFamily
    public var model: LoadedModel
    public var behaviours: [BehaviourLevel: Behaviour]
    public var yardstick: Behaviour
    public var baselines: [BaselineMethod: BaselineModel]
    /// Of the files that all of this was read from, by what they are: `model`, `expert`, `bc`, `focal`.
    public var fingerprints: [String: String]

    public init(
      family: TaskFamily, model: LoadedModel, behaviours: [BehaviourLevel: Behaviour], yardstick: Behaviour,
      baselines: [BaselineMethod: BaselineModel], fingerprints: [String: String]
    ) {
      self.family = family
      self.model = model
      self.behaviours = behaviours
      self.yardstick = yardstick
      self.baselines = baselines
      self.fingerprints = fingerprints
    }
  }

  public var members: [Member]
  /// What was asked for and cannot be evaluated, a line each.
  public var missing: [String]
  /// Where the cells are kept.
  public var results: String
  public var methods = SuiteMethod.allCases
  public var warmStarts: [WarmStartSource] = [.expert, .medium, .random, .own]
  public var seeds: [UInt64] = [1, 2, 3]
  public var split = TaskSplit.test
  /// The first so many tasks of the split; nil: all.
  public var tasks: Int?
  /// Episodes of each task and seed.
  public var episodes = 1
  /// Tasks at a time; plan times are measured with one.
  public var threads = 1
  /// Plans that a method is timed over.
  public var timedPlans = 2_000
  /// Rollouts an iteration of MPPI; nil: as many as fit the planner's time.
  public var mppiSamples: Int?
  public var kernels: String?

  public init(members: [Member], missing: [String] = [], results: String) {
    self.members = members
    self.missing = missing
    self.results = results
  }

  /// To be raised when a change of this program changes results.
  private static let protocolVersion = 2

  /// Runs what is not in the results yet. `progress` is told the steps of episodes done and how many there are. Throws
  /// what making planners and policies throws, and `SuiteError`. Real-time: no.
  public func run(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> SuiteReport {
    guard !members.isEmpty else { throw SuiteError.nothingToDo(missing: missing) }
    let store = SuiteStore(folder: results)
    var cells: [SuiteReport.Cell] = []
    var times: [SuiteReport.Time] = []
    var left: [(member: Member, method: SuiteMethod, test: MetaTest, samples: Int?)] = []
    for member in members {
      for method in methods where method.baseline.map({ member.baselines[$0] != nil }) ?? true {
        if isCancelled() { throw SuiteError.interrupted(folder: results) }
        let samples = method == .mppi ? try samples(member, store) : nil
        times.append(
          .init(
            family: member.family.name, method: method, planMs: try planTime(member, method, samples, store),
            samples: samples))
        for test in tests(member, method, samples) {
          let name = name(member, method, test)
          if let report = store.read(
            name, fingerprint: fingerprint(member, method, test, samples), as: MetaTestReport.self)
          {
            cells.append(.init(method: method, report: report))
          } else {
            left.append((member, method, test, samples))
          }
        }
      }
    }
    let total = left.reduce(0) { $0 + steps($1.test) }
    var done = 0
    for cell in left {
      let before = done
      let report: MetaTestReport
      do {
        report = try cell.test.run(isCancelled: isCancelled) { tasks in
          progress(before + tasks * steps(cell.test) / cell.test.tasks.count, total)
        }
      } catch DataError.cancelled {
        throw SuiteError.interrupted(folder: results)
      }
      try store.write(
        name(cell.member, cell.method, cell.test),
        fingerprint: fingerprint(cell.member, cell.method, cell.test, cell.samples), report)
      cells.append(.init(method: cell.method, report: report))
      done += steps(cell.test)
    }
    return SuiteReport(self, cells: cells, times: times)
  }

  /// The cells of one family and method.
  private func tests(_ member: Member, _ method: SuiteMethod, _ samples: Int?) -> [MetaTest] {
    warmStarts.flatMap { warmStart in seeds.map { test(member, method, warmStart, seed: $0, samples) } }
  }

  private func test(
    _ member: Member, _ method: SuiteMethod, _ warmStart: WarmStartSource, seed: UInt64, _ samples: Int?
  ) -> MetaTest {
    var test = MetaTest(
      family: member.family, split: split, model: member.model, warmStart: warmStart, episodes: episodes, seed: seed,
      behaviours: member.behaviours, yardstick: member.yardstick)
    test.options = member.model.description.options.adapted(to: method)
    test.kernels = kernels
    test.threads = threads
    if let tasks { test.tasks = Array(test.tasks.prefix(tasks)) }
    switch method {
    case .dual, .reward, .none: break
    case .diffuser:
      test.makeDriver = {
        try DiffuserDriver(weights: $0.model.weights, options: $0.options, kernels: $0.kernels)
      }
    case .mppi:
      let options = PathIntegral.Options(samples: samples ?? 2, horizon: member.model.description.shape.horizon)
      test.makeDriver = { try SamplingDriver(weights: $0.model.weights, options: options, kernels: $0.kernels) }
    case .cloning, .focal:
      guard let baseline = method.baseline.flatMap({ member.baselines[$0] }) else {
        preconditionFailure("a method without its baseline is not run")
      }
      test.makeDriver = { try PolicyDriver(baseline, beside: $0.model) }
    }
    return test
  }

  // MARK: Times

  private func planTime(
    _ member: Member, _ method: SuiteMethod, _ samples: Int?, _ store: SuiteStore
  ) throws -> MetaTestReport.PlanTime {
    let test = test(member, method, warmStarts[0], seed: seeds[0], samples)
    let name = "\(member.family.name).\(method.rawValue).time"
    let fingerprint = settings(member, method, test, samples, "\(timedPlans) plans").text
    if let time = store.read(name, fingerprint: fingerprint, as: MetaTestReport.PlanTime.self) { return time }
    let time = try test.timePlans(timedPlans)
    try store.write(name, fingerprint: fingerprint, time)
    return time
  }

  /// As many rollouts an iteration as take MPPI the planner's median plan time. Measured once and kept, so that a
  /// resumed run goes on with the same.
  private func samples(_ member: Member, _ store: SuiteStore) throws -> Int {
    if let mppiSamples { return mppiSamples }
    let name = "\(member.family.name).mppi.samples"
    let plan = test(member, .dual, warmStarts[0], seed: seeds[0], nil)
    let fingerprint = settings(member, .dual, plan, nil, "samples for the same time").text
    if let samples = store.read(name, fingerprint: fingerprint, as: Int.self) { return samples }
    let plans = max(timedPlans / 10, 10)
    let goal = try plan.timePlans(plans).p50
    func milliseconds(_ samples: Int) throws -> Double {
      try test(member, .mppi, warmStarts[0], seed: seeds[0], samples).timePlans(plans).p50
    }
    // A straight line through two measurements.
    let few = (samples: 8, ms: try milliseconds(8))
    let many = (samples: 64, ms: try milliseconds(64))
    let slope = max((many.ms - few.ms) / Double(many.samples - few.samples), 1e-6)
    let samples = min(max(few.samples + Int((goal - few.ms) / slope), 2), 4096)
    try store.write(name, fingerprint: fingerprint, samples)
    return samples
  }

  // MARK: Cells

  private func steps(_ test: MetaTest) -> Int { test.tasks.count * test.episodes * test.bed.episodeLength }

  private func name(_ member: Member, _ method: SuiteMethod, _ test: MetaTest) -> String {
    "\(member.family.name).\(method.rawValue).\(test.warmStart.rawValue).\(test.seed)"
  }

  private func fingerprint(_ member: Member, _ method: SuiteMethod, _ test: MetaTest, _ samples: Int?) -> String {
    var hash = settings(member, method, test, samples, test.warmStart.rawValue)
    hash.add("\(test.bed.split) \(test.tasks) \(test.episodes) \(test.seed)")
    return hash.text
  }

  /// Of everything that settles how a method acts.
  private func settings(
    _ member: Member, _ method: SuiteMethod, _ test: MetaTest, _ samples: Int?, _ purpose: String
  ) -> Fingerprint {
    var hash = Fingerprint("suite \(Self.protocolVersion) \(purpose) \(method.rawValue)")
    let files = ["model", "expert", method.baseline?.rawValue].compactMap { $0 }
    for file in files { hash.add("\(file) \(member.fingerprints[file] ?? "")") }
    hash.add("\(test.options) \(Planner.kernelName(kernels) ?? "")")
    if let samples {
      hash.add("\(PathIntegral.Options(samples: samples, horizon: member.model.description.shape.horizon))")
    }
    return hash
  }
}
