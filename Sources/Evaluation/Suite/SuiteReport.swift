// What the suite found: a row for each family, method and warm start, as text, CSV, JSON and Markdown.

import Foundation
import Tasks

/// Result of a suite. Encoded with snake-case keys it is what `metadiffuser evaluate --suite --json` prints.
public struct SuiteReport: Codable, Equatable, Sendable {
  /// One family under one method from one warm start, over all seeds.
  public struct Row: Codable, Equatable, Sendable {
    public var family: String
    public var method: SuiteMethod
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
        suite.methods.compactMap { method in
          let group = cells.filter {
            $0.method == method && $0.report.family == member.family.name
              && $0.report.warmStart == warmStart.rawValue
          }.map(\.report).sorted { $0.seed < $1.seed }
          return group.isEmpty ? nil : Row(method, group)
        }
      }
    }
  }
}

extension SuiteReport.Row {
  /// From the cells of all seeds.
  init(_ method: SuiteMethod, _ reports: [MetaTestReport]) {
    let perTask = reports[0].tasks.indices.map { task in mean(reports.map { $0.tasks[task].return }) }
    let scores = reports.map(\.normalisedScore)
    let discrepancies = reports.compactMap(\.dynamicsDiscrepancy)
    self.init(
      family: reports[0].family, method: method, warmStart: reports[0].warmStart, tasks: perTask.count,
      seeds: reports.count, return: mean(perTask), standardError: Evaluation.standardError(perTask),
      expertReturn: mean(reports.map(\.expertReturn)), randomReturn: mean(reports.map(\.randomReturn)),
      score: mean(scores), scoreError: Evaluation.standardError(scores),
      dynamicsDiscrepancy: discrepancies.isEmpty ? nil : mean(discrepancies))
  }
}

extension SuiteReport {
  private func time(_ row: Row) -> Time? { times.first { $0.family == row.family && $0.method == row.method } }

  /// For people at a terminal.
  public var table: String {
    let header =
      "family        method    warm start  return             expert    random    score            discrepancy  "
      + "plan p50/p99/p99.9 ms"
    func left(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    func right(_ value: Double, _ width: Int, _ decimals: Int) -> String {
      let text = String(format: "%.\(decimals)f", value)
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let lines = rows.map { row in
      left(row.family, 14) + left(row.method.rawValue, 10) + left(row.warmStart, 10) + right(row.return, 8, 1) + " ± "
        + left(right(row.standardError, 0, 1), 6) + right(row.expertReturn, 8, 1) + right(row.randomReturn, 10, 1)
        + right(row.score, 9, 3) + " ± " + right(row.scoreError, 0, 3)
        + (row.dynamicsDiscrepancy.map { right($0, 13, 4) } ?? "            –") + "  "
        + (time(row).map { time in
          [time.planMs.p50, time.planMs.p99, time.planMs.p999].map { right($0, 0, 3) }.joined(separator: " / ")
        } ?? "–")
    }
    return ([header] + lines + missing.map { "missing: \($0)" }).joined(separator: "\n")
  }

  /// For scripts and spreadsheets: a header and a line for each row.
  public var csv: String {
    let header =
      "family,method,warm_start,tasks,seeds,return,standard_error,expert_return,random_return,score,score_error,"
      + "dynamics_discrepancy,plan_p50_ms,plan_p99_ms,plan_p999_ms"
    let lines = rows.map { row in
      let time = time(row)?.planMs
      let numbers: [Double?] = [
        row.return, row.standardError, row.expertReturn, row.randomReturn, row.score, row.scoreError,
        row.dynamicsDiscrepancy, time?.p50, time?.p99, time?.p999,
      ]
      return "\(row.family),\(row.method.rawValue),\(row.warmStart),\(row.tasks),\(row.seeds),"
        + numbers.map { $0.map { "\($0)" } ?? "" }.joined(separator: ",")
    }
    return ([header] + lines).map { $0 + "\n" }.joined()
  }
}
