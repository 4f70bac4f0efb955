// Moving so as to learn: while several hypotheses explain the robot, the action on which they disagree most.

import CKernels

extension Planner {
  /// Chooses, in the slack, what is added to the next plan's first action: of a few directions the one after which the
  /// hypotheses in doubt predict most differently; nothing once there is hardly any doubt.
  @_noAllocation @_noLocks
  mutating func explore() {
    let size = actionSize
    for index in 0..<size { parts.nudge[index] = 0 }
    guard options.exploration > 0, hasPlan, let belief = parts.belief, let rival = belief.drawRival() else { return }
    // Where the robot will be when the action is executed, as far as the present plan knows.
    let row = parts.transition
    let expected = parts.plan + parts.rowSize
    var most: Float = -1
    for _ in 0..<Self.directions {
      ck_copy(row, expected, parts.rowSize)
      for index in 0..<size {
        let amount = (2 * random.uniform() - 1) * options.exploration * parts.actionBounds.reach(index)
        parts.trial[index] = amount
        let action = parts.rowScale.physical(row[observationSize + index], observationSize + index) + amount
        let bounded = parts.actionBounds.clamped(action, index)
        row[observationSize + index] = parts.rowScale.normalised(bounded, observationSize + index)
      }
      let information = belief.disagreement(kernels, row, rival: rival)
      guard information > most else { continue }
      most = information
      ck_copy(parts.nudge, parts.trial, size)
    }
  }

  /// Directions that are compared.
  private static var directions: Int { @_noAllocation @_noLocks get { 4 } }
}
