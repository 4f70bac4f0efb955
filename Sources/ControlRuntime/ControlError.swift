// Why a controller does not start, or ends.

import PlannerModel
import PlannerRuntime
import RobotLink

/// Errors of the controller. Each message names what does not fit and how to cure it. Real-time: no (strings).
public enum ControlError: Error, CustomStringConvertible {
  case model(ModelError)
  case planner(PlannerError)
  case link(LinkError)
  /// A model or warm start that cannot be used here.
  case unfit(file: String, field: String, found: String, expected: String)
  /// Model and robot do not fit, by one or the other's judgement.
  case refused(LinkAddress, reason: String)
  /// `--no-wait`, and there is no way to the robot.
  case unreachable(LinkAddress, LinkReach)
  /// `--require-rt`, and the machine refused.
  case realTime([RealTimeWarning])
  /// The control thread could not be started.
  case thread(cause: String)

  public var description: String {
    switch self {
    case .model(let error): "\(error)"
    case .planner(let error): "\(error)"
    case .link(let error): "\(error)"
    case .unfit(let file, let field, let found, let expected): "\(file): \(field) is \(found), expected \(expected)"
    case .refused(let address, let reason):
      "the model does not fit the robot at \(address): \(reason); use a model trained for this robot"
    case .unreachable(let address, let reach):
      "link \(address): there is no such host or device, or no way to it\(reach.cause.map { " (\($0))" } ?? ""); "
        + "check the address, or leave --no-wait out to wait"
    case .realTime(let warnings):
      "no real time: " + warnings.map(\.description).joined(separator: "; ") + "; or leave --require-rt out"
    case .thread(let cause): "cannot start the control thread: \(cause)"
    }
  }
}
