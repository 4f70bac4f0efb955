// What can be wrong with a data set, said so that the reader knows the file, the episode, the field and the cure.

/// Why a data set was refused or not written.
public enum DataError: Error, Equatable, CustomStringConvertible {
  /// The operating system or libhdf5 refused `operation` on the file.
  case system(file: String, operation: String, reason: String)
  /// The bytes are no HDF5 file, or a damaged one.
  case damaged(file: String, reason: String)
  /// The file is sound, and its content cannot be used. `place` is `episode_7` or empty for the file as a whole.
  case invalid(file: String, place: String, field: String, problem: String, cure: String)
  /// A behaviour could not drive the robot.
  case behaviour(name: String, reason: String)
  /// Somebody asked the work to stop (Control-C, say); nothing was written.
  case cancelled

  public var description: String {
    switch self {
    case .system(let file, let operation, let reason):
      "\(file): cannot \(operation): \(reason)"
    case .damaged(let file, let reason):
      "\(file): \(reason); collect or copy it again"
    case .invalid(let file, let place, let field, let problem, let cure):
      "\(file): \(place.isEmpty ? "" : place + ": ")\(field) \(problem); \(cure)"
    case .behaviour(let name, let reason):
      "behaviour '\(name)' cannot drive the robot: \(reason)"
    case .cancelled:
      "interrupted; nothing was written"
    }
  }
}
