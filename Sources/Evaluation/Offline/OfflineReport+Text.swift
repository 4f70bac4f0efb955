// An offline evaluation for people at a terminal.

import Foundation

extension OfflineReport {
  /// Tables and sentences, without a line feed at the end.
  public var text: String {
    var lines = [
      "\(model): \(tasks) tasks that it never saw, \(episodes) recorded episodes",
      String(
        format: "on unseen tasks the reward is predicted to ± %.3g (%.0f %% of the steps; it varies by %.3g);",
        rewardStatement.bound, 100 * rewardStatement.quantile, rewardStatement.spread),
      String(
        format: "  that bound, from the other tasks, held for %.1f %% of a task's steps, on the worst for %.1f %%",
        100 * rewardStatement.coverage, 100 * rewardStatement.worstCoverage),
      String(
        format: "the first action misses that of the best recordings by %.3f ± %.3f of what the mean action does",
        firstAction.share, firstAction.standardError),
      "", "states some steps ahead, as a share of the squared error of 'nothing changes' (below 1 is better):",
      "  steps   dynamics model   plans of the best recordings",
    ]
    for row in dynamics {
      let plan = plans.first { $0.steps == row.steps }.map { right($0.share, 8, 3) } ?? right("-", 8)
      lines.append("  " + right("\(row.steps)", 5) + right(row.share, 17, 3) + "   " + plan)
    }
    if let last = dynamics.last {
      lines += [
        "", "channel by channel, \(last.steps) steps ahead: error of the dynamics model, its share; plans' share",
      ]
      for (channel, name) in observationNames.enumerated() {
        let plan = plans.last.map { right($0.shares[channel], 9, 3) } ?? ""
        lines.append(
          "  " + left(name, max(24, name.count)) + String(format: "%10.4g", last.errors[channel])
            + right(last.shares[channel], 9, 3) + plan)
      }
    }
    lines += ["", "what a context is worth: share of the variance that the models leave (0 is perfect)"]
    lines.append("  " + left("who drove", 20) + "transitions   reward   dynamics")
    for context in contexts {
      lines.append(
        "  " + left(context.behaviour, 20)
          + right(context.transitions == 0 ? "an episode" : "\(context.transitions)", 11)
          + right(context.reward, 9, 3) + right(context.dynamics, 11, 3))
    }
    return lines.joined(separator: "\n")
  }
}
