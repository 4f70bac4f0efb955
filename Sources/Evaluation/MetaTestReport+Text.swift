// The parts of a meta-test's report that are more than a row of a table.

import Foundation
import PlannerRuntime

extension MetaTestReport {
  /// A line a task: parameters, returns, regret; and what a robot that keeps time had to do without.
  package func taskLines(parameterNames: [String]) -> String {
    let heading =
      "task: \(parameterNames.joined(separator: ", ")): return (expert, random), regret"
      + (firstEpisode == nil ? "" : "; first episode: return, regret")
    func text(_ value: Double?) -> String { right(value, 0, 1) }
    let lines = tasks.map { task in
      let parameters = task.parameters.map { String(format: "%.3f", $0) }.joined(separator: ", ")
      return "  \(task.number): \(parameters): \(text(task.return)) (\(text(task.expertReturn)), "
        + "\(text(task.randomReturn))), \(text(task.regret))"
        + (task.firstEpisode.map { "; \(text($0.return)), \(text($0.regret))" } ?? "")
    }
    let misses = missedIntervals.map { ["intervals without a command in time: \($0)"] } ?? []
    return ([heading] + lines + misses).joined(separator: "\n")
  }

  /// How much the quality of the warm start matters, for each guide.
  package static func spread(_ reports: [MetaTestReport]) -> [String] {
    Dictionary(grouping: reports, by: \.guide).sorted { $0.key < $1.key }.compactMap { guide, group in
      let scores = group.compactMap(\.normalisedScore)
      guard scores.count > 1, let least = scores.min(), let most = scores.max() else { return nil }
      return "guide \(guide): score "
        + String(format: "%.3f ... %.3f, spread %.3f over warm starts", least, most, most - least)
    }
  }
}
