// What a controller says it believes, as the simulated robot's reports have it: with the names of the family's
// parameters.

import Foundations
import RobotLink
import Tasks

/// The training task that a controller believes it faces. Encoded with snake-case keys it is part of `--json`.
package struct ReportedBelief: Codable, Equatable {
  /// The task's parameters, the family's units; empty where the controller cannot name them.
  package var parameters: [Double]
  /// Probability of that task and those like it, 0…1.
  package var confidence: Double
  /// No training task explains the robot.
  package var unexplained: Bool

  /// nil if the action states none.
  package init?(_ action: borrowing ActionMessage) {
    guard let belief = action.belief else { return nil }
    parameters = []
    for index in 0..<belief.parameterCount { parameters.append(Double(action.believedParameters[index])) }
    confidence = Double(belief.confidence)
    unexplained = belief.isUnexplained
  }

  /// `believes speed 1.52 m/s (97 %)`.
  package func text(_ family: TaskFamily) -> String {
    // Rounded down: 100 % is never meant.
    "believes \(task(family)) (\(decimal((100 * confidence).rounded(.down), 0)) %)"
      + (unexplained ? ", unexplained" : "")
  }

  private func task(_ family: TaskFamily) -> String {
    if parameters.isEmpty { return "a training task" }
    // A line has no room for the numbers of a body, and no use for those of another family.
    if parameters.count > 3 || parameters.count != family.parameterNames.count {
      let shown = parameters.prefix(3).map { decimal($0, 2) } + (parameters.count > 3 ? ["…"] : [])
      return "[\(shown.joined(separator: ", "))]"
    }
    return zip(family.parameterNames, parameters).map { named($0, $1) }.joined(separator: ", ")
  }

  /// A value with its name and unit, of `target speed [m/s]`; what is no unit, `[±1]`, is left out.
  private func named(_ name: String, _ value: Double) -> String {
    let parts = name.split(separator: "[", maxSplits: 1)
    let unit = parts.count > 1 ? parts[1].prefix { $0 != "]" } : ""
    // What is believed is a target by itself.
    let words = parts[0].split(separator: " ").drop { $0 == "target" }.joined(separator: " ")
    return "\(words) \(decimal(value, 2))" + (unit.first?.isLetter == true ? " \(unit)" : "")
  }
}
