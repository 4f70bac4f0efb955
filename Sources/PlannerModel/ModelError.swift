// Everything that can be wrong with a file of tensors, said so that the reader knows the file, the field and the cure.

/// Why a model, expert or warm-start file was refused. Real-time: no (strings).
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// The operating system refused `operation` on the file; `reason` is its own text.
  case system(file: String, operation: String, reason: String)
  /// The bytes are no safetensors file, or a damaged one.
  case damaged(file: String, reason: String)
  /// A tensor or metadata field that must be there is not.
  case missing(file: String, field: String)
  /// A field is there but holds something else than it must.
  case invalid(file: String, field: String, found: String, expected: String)

  public var description: String {
    switch self {
    case .system(let file, let operation, let reason):
      "\(file): cannot \(operation): \(reason)"
    case .damaged(let file, let reason):
      "\(file): damaged or not a safetensors file: \(reason); train or download it again"
    case .missing(let file, let field):
      "\(file): '\(field)' is missing; this file was not made by this version of 'metadiffuser', or for another purpose"
    case .invalid(let file, let field, let found, let expected):
      "\(file): '\(field)' is \(found), expected \(expected)"
    }
  }
}
