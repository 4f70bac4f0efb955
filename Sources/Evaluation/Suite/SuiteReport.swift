// What the suite found: a row for each family, method and warm start, as text, CSV, JSON and Markdown.

import Foundation
import Tasks

/// Result of a suite. Encoded with snake-case keys it is what `metadiffuser evaluate --suite --json` prints.
public struct SuiteReport: Codable, Equatable, Sendable {
  /// One family under one method from one warm start, over all seeds.
  public struct Row: Codable, Equatable, Sendable {
    public var family: String
    public var method: SuiteMethod
    /// Whose warm start; `first`: the first episode itself, in which `own` was gathered.
    public var warmStart: String
    public var tasks: Int
    public var seeds: Int
    /// Mean return, and its standard error over tasks (each task's mean over seeds and episodes).
    public var `return`: Double
    public var standardError: Double
    public var expertReturn: Double
    public var randomReturn: Double
    /// Mean over seeds of (mean − random) / (expert − random), and its standard error over seeds (0 of one).
    public var score: Double
    public var scoreError: Double
    /// Mean over tasks of expert − return.
    public var regret: Double
    /// The largest regret of a task (mean over seeds and episodes), that task's number in its split, and its score.
    public var worstRegret: Double
    public var worstTask: Int
    public var worstScore: Double
    /// Absent for a method that never looks ahead.
    public var dynamicsDiscrepancy: Double?
  }

  /// What a plan of a method takes.
  public struct Time: Codable, Equatable, Sendable {
    public var family: String
    public var method: SuiteMethod
    public var planMs: MetaTestReport.PlanTime
    /// Rollouts an iteration of MPPI.
    public var samples: Int?

    package init(family: String, method: SuiteMethod, planMs: MetaTestReport.PlanTime, samples: Int?) {
      self.family = family
      self.method = method
      self.planMs = planMs
      self.samples = samples
    }
  }

  /// One cell: a meta-test with one seed.
  package struct Cell {
    package var method: SuiteMethod
    package var report: MetaTestReport
  }

  public var split: String
  /// Episodes of each task and seed.
  public var episodes: Int
  public var seeds: [UInt64]
  public var rows: [Row]
  public var times: [Time]
  /// What was asked for and could not be evaluated.
  public var missing: [String]

  package init(_ suite: Suite, cells: [Cell], times: [Time]) {
    split = suite.split.rawValue
    episodes = suite.episodes
    seeds = suite.seeds
    missing = suite.missing
    self.times = times
    rows = suite.members.flatMap { member in
      suite.warmStarts.flatMap { warmStart in
        let groups = suite.methods.compactMap { method in
          let reports = cells.filter {
            $0.method == method && $0.report.family == member.family.name
              && $0.report.warmStart == warmStart.rawValue
          }.map(\.report).sorted { $0.seed < $1.seed }
          return reports.isEmpty ? nil : (method, reports)
        }
        return groups.map { Row($0, $1) } + groups.compactMap { Row(firstEpisodes: $0, $1) }
      }
    }
  }
}

extension SuiteReport.Row {
  /// From the cells of all seeds.
  init(_ method: SuiteMethod, _ reports: [MetaTestReport]) {
    self.init(method, reports, warmStart: reports[0].warmStart, returns: reports.map { $0.tasks.map(\.returns) })
    let discrepancies = reports.compactMap(\.dynamicsDiscrepancy)
    dynamicsDiscrepancy = discrepancies.isEmpty ? nil : mean(discrepancies)
  }

  /// Of their first episodes, nil unless all were gathered by the method itself.
  init?(firstEpisodes method: SuiteMethod, _ reports: [MetaTestReport]) {
    let returns = reports.map { $0.tasks.compactMap(\.firstEpisode) }
    guard zip(returns, reports).allSatisfy({ $0.count == $1.tasks.count }) else { return nil }
    self.init(method, reports, warmStart: Self.firstEpisode, returns: returns)
  }

  /// What stands for the warm start in rows of first episodes.
  static let firstEpisode = "first"

  /// `returns`: `[seed][task]`.
  private init(_ method: SuiteMethod, _ reports: [MetaTestReport], warmStart: String, returns: [[TaskReturns]]) {
    let numbers = reports[0].tasks.map(\.number)
    let all = Standing(
      numbers.indices.map { task in TaskReturns(meanOf: returns.map { $0[task] }) }, numbers: numbers)
    // A suite simulates: expert and random are known.
    let scores = returns.map { Standing($0, numbers: numbers).normalisedScore! }
    self.init(
      family: reports[0].family, method: method, warmStart: warmStart, tasks: numbers.count, seeds: reports.count,
      return: all.meanReturn, standardError: all.standardError, expertReturn: all.expertReturn!,
      randomReturn: all.randomReturn!, score: mean(scores), scoreError: Evaluation.standardError(scores),
      regret: all.meanRegret!, worstRegret: all.worstRegret!, worstTask: all.worstTask, worstScore: all.worstScore!)
  }
}

extension SuiteReport {
  private func time(_ row: Row) -> Time? { times.first { $0.family == row.family && $0.method == row.method } }

  /// For people at a terminal.
  public var table: String {
    let header =
      left("family", 13) + left("method", 9) + left("warm st.", 8) + Self.columns + right("discrep.", 9)
      + "  plan p50/p99 ms"
    let lines = rows.map { row in
      left(row.family, 13) + left(row.method.rawValue, 9) + left(row.warmStart, 8) + cells(row)
        + right(row.dynamicsDiscrepancy.map { right($0, 0, 4) } ?? "–", 9) + "  "
        + (time(row).map { "\(right($0.planMs.p50, 0, 2)) / \(right($0.planMs.p99, 0, 2))" } ?? "–")
    }
    return ([header] + lines + missing.map { "missing: \($0)" }).joined(separator: "\n")
  }

  private static let columns =
    right("return", 8) + left("", 9) + right("expert", 7) + right("random", 8) + right("score", 7) + left("", 8)
    + right("regret", 7) + right("worst (task)", 14)

  private func cells(_ row: Row) -> String {
    right(row.return, 8, 1) + " ± " + left(right(row.standardError, 0, 1), 6) + right(row.expertReturn, 7, 1)
      + right(row.randomReturn, 8, 1) + right(row.score, 7, 3) + " ± " + left(right(row.scoreError, 0, 3), 5)
      + right(row.regret, 7, 1) + right("\(right(row.worstRegret, 0, 1)) (\(row.worstTask))", 14)
  }

  /// For scripts and spreadsheets: a header and a line for each row.
  public var csv: String {
    let header =
      "family,method,warm_start,tasks,seeds,return,standard_error,expert_return,random_return,score,score_error,"
      + "regret,worst_regret,worst_task,worst_score,dynamics_discrepancy,plan_p50_ms,plan_p99_ms,plan_p999_ms"
    let lines = rows.map { row in
      let time = time(row)?.planMs
      let numbers: [Double?] = [
        row.return, row.standardError, row.expertReturn, row.randomReturn, row.score, row.scoreError, row.regret,
        row.worstRegret,
      ]
      let others: [Double?] = [row.worstScore, row.dynamicsDiscrepancy, time?.p50, time?.p99, time?.p999]
      func text(_ numbers: [Double?]) -> [String] { numbers.map { $0.map { "\($0)" } ?? "" } }
      return
        (["\(row.family),\(row.method.rawValue),\(row.warmStart),\(row.tasks),\(row.seeds)"] + text(numbers)
        + ["\(row.worstTask)"] + text(others)).joined(separator: ",")
    }
    return ([header] + lines).map { $0 + "\n" }.joined()
  }
}
