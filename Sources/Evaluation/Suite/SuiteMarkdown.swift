// The suite's tables for the documentation: scores, worst tasks and regrets by warm start, returns, plan times.

import Foundation

extension SuiteReport {
  /// All tables. `command` is what prints them.
  public func markdown(command: String) -> String {
    let warmStarts = unique(rows.map(\.warmStart))
    var parts = [introduction(command)]
    for warmStart in warmStarts { parts += ["Score, \(circumstances(warmStart)):", scores(warmStart)] }
    for warmStart in warmStarts {
      parts += ["Score of the worst task, \(circumstances(warmStart)):", worstScores(warmStart)]
    }
    for warmStart in warmStarts {
      parts += ["Regret, mean / worst task, \(circumstances(warmStart)):", regrets(warmStart)]
    }
    if let warmStart = warmStarts.first {
      parts += [
        "Return, \(circumstances(warmStart)), with expert and random on the same tasks and starts:",
        returns(warmStart), "Dynamics discrepancy, \(circumstances(warmStart)):", discrepancies(warmStart),
      ]
    }
    parts += ["Plan time p50 / p99 / p99.9 [ms], one thread:", planTimes]
    if !missing.isEmpty { parts.append("Missing:\n\n" + missing.map { "- \($0)" }.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private var families: [String] { unique(rows.map(\.family)) }

  private var methods: [SuiteMethod] { SuiteMethod.allCases.filter { method in rows.contains { $0.method == method } } }

  private func row(_ family: String, _ method: SuiteMethod, _ warmStart: String) -> Row? {
    rows.first { $0.family == family && $0.method == method && $0.warmStart == warmStart }
  }

  private func introduction(_ command: String) -> String {
    let count = { (number: Int, noun: String) in number == 1 ? "one \(noun)" : "\(number) \(noun)s" }
    return """
          \(command)

      \(split == "test" ? "Unseen" : "The \(split)") tasks, \(count(episodes, "episode")) for each of \
      \(count(seeds.count, "seed")), one warm start per task and seed.
      Score ± standard error over seeds; return ± standard error over tasks.
      Regret: how much more the expert earns. The worst task: the one with the largest regret. Bold: the best of a line.
      """
  }

  /// What a table's episodes began with, as its title says it.
  private func circumstances(_ warmStart: String) -> String {
    switch warmStart {
    case WarmStartSource.own.rawValue: "after a first episode of the method's own driving"
    case Row.firstEpisode: "the first episode, nothing known before it"
    default: "warm start of \(warmStart) quality"
    }
  }

  private func scores(_ warmStart: String) -> String {
    best(warmStart, \.score) { row in
      (number(row.score, 3), row.seeds > 1 ? " ± \(number(row.scoreError, 3))" : "")
    }
  }

  private func worstScores(_ warmStart: String) -> String {
    best(warmStart, \.worstScore) { (number($0.worstScore, 3), "") }
  }

  private func regrets(_ warmStart: String) -> String {
    best(warmStart, \.negatedRegret) { (number($0.regret, 1), " / \(number($0.worstRegret, 1))") }
  }

  /// A cell for each method: the best by `merit` has the first part of its text in bold.
  private func best(
    _ warmStart: String, _ merit: (Row) -> Double, _ text: (Row) -> (String, String)
  ) -> String {
    table(methods.map(\.title)) { family in
      let rows = methods.map { row(family, $0, warmStart) }
      let best = rows.compactMap { $0.map(merit) }.max()
      return rows.map { row in
        guard let row else { return "–" }
        let (figure, rest) = text(row)
        return (merit(row) == best ? "**\(figure)**" : figure) + rest
      }
    }
  }

  private func returns(_ warmStart: String) -> String {
    table(["tasks"] + methods.map(\.title) + ["expert", "random"]) { family in
      guard let any = methods.lazy.compactMap({ row(family, $0, warmStart) }).first else { return [] }
      return ["\(any.tasks)"]
        + methods.map { method in
          row(family, method, warmStart).map { "\(number($0.return, 1)) ± \(number($0.standardError, 1))" } ?? "–"
        } + [number(any.expertReturn, 1), number(any.randomReturn, 1)]
    }
  }

  private func discrepancies(_ warmStart: String) -> String {
    let planning = methods.filter { method in rows.contains { $0.method == method && $0.dynamicsDiscrepancy != nil } }
    return table(planning.map(\.title)) { family in
      planning.map { row(family, $0, warmStart)?.dynamicsDiscrepancy.map { number($0, 4) } ?? "–" }
    }
  }

  private var planTimes: String {
    table(methods.map(\.title) + ["rollouts of MPPI"]) { family in
      let own = times.filter { $0.family == family }
      return methods.map { method in
        guard let time = own.first(where: { $0.method == method })?.planMs else { return "–" }
        return [time.p50, time.p99, time.p999].map { number($0, 2) }.joined(separator: " / ")
      } + [own.compactMap(\.samples).first.map { "2 × \($0)" } ?? "–"]
    }
  }

  /// A line for each family.
  private func table(_ header: [String], _ cells: (_ family: String) -> [String]) -> String {
    ([["family"] + header, ["---"] + header.map { _ in "---" }] + families.map { [$0] + cells($0) })
      .map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
  }

  private func number(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value).replacing("-", with: "−")
  }
}

extension SuiteReport.Row {
  /// The more the better, as of a score.
  fileprivate var negatedRegret: Double { -regret }
}

/// `values` in their order, each once.
private func unique(_ values: [String]) -> [String] {
  values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
}
