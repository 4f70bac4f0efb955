// What can be wrong with a request for a task.

/// A family or task parameters that do not exist.
public enum TaskError: Error, Equatable, CustomStringConvertible {
  case unknownFamily(name: String, known: [String])
  case parameterCount(family: String, found: Int, names: [String])
  /// MuJoCo's library is not there, or another one.
  case noSimulator(reason: String)
  case parameterRange(family: String, name: String, value: Double, range: ClosedRange<Double>)

  public var description: String {
    switch self {
    case .unknownFamily(let name, let known):
      return "there is no task family '\(name)'; the families are: \(known.joined(separator: ", "))"
    case .noSimulator(let reason):
      return reason
    case .parameterCount(let family, let found, let names):
      return "family \(family) takes \(names.count) task parameter\(names.count == 1 ? "" : "s")"
        + " (\(names.joined(separator: ", "))), found \(found)"
    case .parameterRange(let family, let name, let value, let range):
      return "family \(family): \(name) is \(value), give a value in \(range.lowerBound) ... \(range.upperBound)"
    }
  }
}
