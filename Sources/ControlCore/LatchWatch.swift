// Whether the robot has latched itself, and whether a person lifts that latch.

import RobotLink

/// Follows the robot's latch as its observations tell of it. Real-time: yes.
struct LatchWatch: Equatable {
  /// Why the robot is latched; nil: it is not.
  private(set) var latch: RobotLatch? = nil
  /// A person has asked for the latch to be lifted, and the robot is still latched.
  private(set) var wantsRearm = false

  /// Takes note of an observation's latch, and of whether a person has just asked for it to be lifted; what there is to
  /// tell.
  @_noAllocation @_noLocks
  mutating func note(_ latch: RobotLatch?, isRearmAsked: Bool) -> LoopEvent? {
    let news: LoopEvent? =
      if latch == self.latch {
        nil
      } else {
        switch latch {
        case nil: .latchLifted
        case .silence: .latchedInSilence
        case .stuckSensors: .latchedOnStuckSensors
        case .reset: .latchedByReset
        case .other: .latched
        }
      }
    self.latch = latch
    // Until the robot has heard it. One that is not latched has no use for it later.
    wantsRearm = latch != nil && (wantsRearm || isRearmAsked)
    return news
  }
}
