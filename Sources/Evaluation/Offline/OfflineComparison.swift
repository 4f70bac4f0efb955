// Which of several models is to be tried on a robot first.

import Foundation

/// Models judged on the same recordings. Encoded with snake-case keys it is what `metadiffuser evaluate --data --json`
/// prints.
///
/// The judge is what a model leaves unexplained of unseen tasks: what the best recordings did first, what was paid, how
/// the state changed. Docs/results.md has what that was worth on models whose returns were known, and what was tried
/// beside it.
public struct OfflineComparison: Codable, Sendable, Equatable {
  /// How a model stands beside the best.
  public struct Row: Codable, Sendable, Equatable {
    public var model: String
    /// Mean over tasks of what is left unexplained, `OfflineReport.leftOfTasks`.
    public var left: Double
    /// How much more that is than the best model's, mean over tasks, and its standard error; 0 for the best.
    public var excess: Double
    public var standardError: Double
  }

  public var reports: [OfflineReport]
  /// In the order of `reports`; empty where there is one model.
  public var ranking: [Row]
  /// The model that leaves least; nil where there is one.
  public var best: String?

  /// Reports of the same recordings.
  public init(_ reports: [OfflineReport]) {
    self.reports = reports
    ranking = []
    guard reports.count > 1, let first = reports.min(by: { mean($0.leftOfTasks) < mean($1.leftOfTasks) }) else {
      return
    }
    best = first.model
    ranking = reports.map { report in
      let differences = zip(report.leftOfTasks, first.leftOfTasks).map { $0 - $1 }
      return Row(
        model: report.model, left: mean(report.leftOfTasks), excess: mean(differences),
        standardError: OfflineReport.standardError(differences))
    }
  }

  /// The reports, and who is best.
  public var text: String {
    var parts = reports.map(\.text)
    if let best {
      var lines = ["what each leaves unexplained: first actions, rewards and changes of state (0 perfect, 3 nothing):"]
      for row in ranking {
        lines.append(
          "  " + left(row.model, max(32, row.model.count)) + right(row.left, 8, 4)
            + (row.model == best
              ? "   best" : String(format: "   %.4f ± %.4f more", row.excess, row.standardError)))
      }
      parts.append(lines.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }
}
