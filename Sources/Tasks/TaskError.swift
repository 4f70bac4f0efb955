// What can be wrong with a request for a task, or with the description of a family.

/// A family or task parameters that do not exist, or a family's folder that says something impossible.
public enum TaskError: Error, Equatable, CustomStringConvertible {
  case unknownFamily(name: String, known: [String])
  case parameterCount(family: String, found: Int, names: [String])
  /// MuJoCo's library is not there, or another one.
  case noSimulator(reason: String)
  case parameterRange(family: String, name: String, value: Double, range: ClosedRange<Double>)
  case noTasks(family: String, split: TaskSplit)
  /// A folder or file that cannot be used at all.
  case folder(path: String, problem: String, cure: String)
  /// Something in a `family.json`; `place` is the path of the field, `reward[1].weight`.
  case field(file: String, place: String, problem: String, cure: String)
  /// MuJoCo rejects the robot.
  case robot(file: String, reason: String)

  public var description: String {
    switch self {
    case .unknownFamily(let name, let known):
      return "there is no task family '\(name)'; the families are: \(known.joined(separator: ", ")); a folder with a "
        + "family.json in it is one, too"
    case .parameterCount(let family, let found, let names):
      return "family \(family) takes \(names.count) task parameter\(names.count == 1 ? "" : "s")"
        + " (\(names.joined(separator: ", "))), found \(found)"
    case .parameterRange(let family, let name, let value, let range):
      return "family \(family): \(name) is \(value), give a value in \(range.lowerBound) ... \(range.upperBound)"
    case .noSimulator(let reason): return reason
    case .noTasks(let family, let split):
      return "family \(family) has no \(split.rawValue) tasks; its family.json says none, give another --split"
    case .folder(let path, let problem, let cure): return "\(path): \(problem); \(cure)"
    case .field(let file, let place, let problem, let cure):
      return "\(file):\(place.isEmpty ? "" : " \(place)") \(problem); \(cure)"
    case .robot(let file, let reason): return "\(file): MuJoCo rejects the robot: \(reason)"
    }
  }

  /// What is wrong is in a file, not in how a command was called.
  public var isAboutAFile: Bool {
    switch self {
    case .folder, .field, .robot: true
    case .unknownFamily, .parameterCount, .parameterRange, .noTasks, .noSimulator: false
    }
  }
}
