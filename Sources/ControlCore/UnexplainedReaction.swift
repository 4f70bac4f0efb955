// What is done about a robot that the model does not know.

/// What the loop does while nothing that the model knows explains the robot. Real-time: yes, a value.
public enum UnexplainedReaction: String, CaseIterable, Sendable {
  /// Drives on, and says so.
  case carryOn = "carry-on"
  /// Gives the last command again until the robot is understood.
  case hold
  /// Takes no plan for an answer: the failsafe's course to a latched SAFE.
  case stop
}
