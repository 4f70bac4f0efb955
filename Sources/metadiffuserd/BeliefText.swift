// What the controller believes, in words: it knows numbers and no names.

import ControlCore
import ControlRuntime
import Foundations

extension ControlLoop {
  /// `believes [1.52] (97 %)`; without parameters `believes task 12 (97 %)`, the hypothesis' number in the model's
  /// bank. From any thread.
  func text(_ belief: ShownBelief) -> String {
    let parameters = taskParameters(belief.hypothesis)
    // A line has no room for all sixteen numbers of a body.
    let shown = parameters.prefix(3).map { decimal(Double($0), 2) } + (parameters.count > 3 ? ["…"] : [])
    let task = parameters.isEmpty ? "task \(belief.hypothesis)" : "[\(shown.joined(separator: ", "))]"
    // Rounded down: 100 % is never meant.
    return "believes \(task) (\(decimal((Double(belief.confidence) * 100).rounded(.down), 0)) %)"
      + (belief.isUnexplained ? ", unexplained" : "")
  }
}
