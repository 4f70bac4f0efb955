// The report of a family, as text.

import Foundations

extension FamilyCheck {
  package var lines: [String] {
    let lists = ["train", "held-out", "test", "outside"].compactMap { name in
      tasks[name].flatMap { $0 > 0 ? "\(name) \($0)" : nil }
    }
    return [
      "\(family): \(summary)",
      "  \(simulator), period \(decimal(periodMs, 1)) ms, episodes of \(episodeLength) steps, "
        + "\(decimal(stepsPerSecond, 0)) steps a second here",
      "  tasks: \(lists.joined(separator: ", "))",
      "observation:",
    ] + table(["channel", "unit", "lower", "upper"], observation.map(\.cells))
      + ["action:"] + table(["channel", "unit", "lower", "upper"], action.map(\.cells))
      + ["parameters, and what their ends change under the same actions:"]
      + table(
        ["parameter", "law", "outside", "motion", "return"],
        parameters.map { [$0.name, $0.law, $0.outside ?? "–", short($0.motion), short($0.reward)] })
      + ["reward of a step under random actions:"]
      + table(
        ["term", "least", "mean", "greatest"],
        rewardTerms.map { [$0.name, short($0.least), short($0.mean), short($0.greatest)] })
      + ["random episodes: \(ended) of \(episodes) ended early\(ended > 0 ? " (\(reasonText))" : "")"]
  }

  private var reasonText: String {
    reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}

extension FamilyCheck.Entry {
  fileprivate var cells: [String] {
    [name, unit.isEmpty ? "–" : unit] + [lower, upper].map { $0.map { short(Double($0)) } ?? "–" }
  }
}
