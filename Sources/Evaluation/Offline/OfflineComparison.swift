// Which of several models is to be tried on a robot first.

import Foundation

/// Models judged on the same recordings. Encoded with snake-case keys it is what `metadiffuser evaluate --data --json`
/// prints.
///
/// The judge is the first action: how far plans are from what the best recordings of unseen tasks did. On ten pairs of
/// models whose returns were known it named the better one nine times (Docs/results.md). What models would earn in a
/// world that they imagine together was tried too, and was right five times.
public struct OfflineComparison: Codable, Sendable, Equatable {
  /// How a model stands beside the best.
  public struct Row: Codable, Sendable, Equatable {
    public var model: String
    /// Share of the mean action's squared error that its first actions leave.
    public var firstAction: Double
    /// How much more that is than the best model's, mean over tasks, and its standard error; 0 for the best.
    public var excess: Double
    public var standardError: Double
  }

  public var reports: [OfflineReport]
  /// In the order of `reports`; empty where there is one model.
  public var ranking: [Row]
  /// The model whose first actions are nearest; nil where there is one.
  public var best: String?

  /// Reports of the same recordings.
  public init(_ reports: [OfflineReport]) {
    self.reports = reports
    ranking = []
    guard reports.count > 1, let first = reports.min(by: { $0.meanActionShare < $1.meanActionShare }) else { return }
    best = first.model
    ranking = reports.map { report in
      let differences = zip(report.actionShareOfTasks, first.actionShareOfTasks).map { $0 - $1 }
      return Row(
        model: report.model, firstAction: report.meanActionShare, excess: mean(differences),
        standardError: OfflineReport.standardError(differences))
    }
  }

  /// The reports, and who is best.
  public var text: String {
    var parts = reports.map(\.text)
    if let best {
      var lines = [
        "by their first actions, on the same recordings (share of the mean action's error, mean over tasks):"
      ]
      for row in ranking {
        lines.append(
          "  " + left(row.model, max(32, row.model.count)) + right(row.firstAction, 8, 4)
            + (row.model == best
              ? "   best" : String(format: "   %.4f ± %.4f more", row.excess, row.standardError)))
      }
      parts.append(lines.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }
}

extension OfflineReport {
  var meanActionShare: Double { mean(actionShareOfTasks) }
}
