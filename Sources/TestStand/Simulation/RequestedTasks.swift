// What a simulated robot takes on request: the tasks of a list, and ways to drive itself.

import Foundations
import RobotLink
import Tasks

/// Tasks by number, and behaviours by name.
package struct RequestedTasks {
  package typealias Policy = (_ random: inout RandomSource, _ observation: [Float], _ parameters: [Double]) -> [Float]

  package let tasks: [[Double]]
  let behaviours: [String: Policy]

  /// A robot that takes these tasks, `[task][parameter]`, and knows how to drive itself by these names.
  package init(tasks: [[Double]], behaviours: [String: Policy]) {
    self.tasks = tasks
    self.behaviours = behaviours
  }

  /// Why `request` cannot be obeyed; nil: it can.
  func objection(to request: TaskRequest) -> FixedText? {
    let name = request.behaviour.description
    guard !name.isEmpty, behaviours[name] == nil else { return nil }
    return FixedText("the behaviours are \(behaviours.keys.sorted().joined(separator: ", "))")
  }
}
