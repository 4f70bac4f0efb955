// Recordings in other people's formats: what must be known to make a data set of them, and what is missing.

import Foundation

/// What whoever imports says; what the files say themselves comes first where nothing is said. Real-time: no.
public struct ImportRequest: Sendable {
  /// Name of the robot.
  public var family: String?
  public var periodNanoseconds: UInt64?
  /// What tells tasks apart: the name of an attribute, of an entry of `infos` or of `observations`, of CSV columns; or
  /// `episode`, where every episode is a task of its own.
  public var taskFrom: [String] = []
  /// Largest magnitude of an action.
  public var actionLimit: Double?
  /// What drove, for reports.
  public var behaviour: String?

  public init() {}
}

/// Why recordings cannot be imported.
public enum ImportError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String, problem: String)
  /// Everything that is missing, each with its cure.
  case incomplete(source: String, missing: [String])

  public var description: String {
    switch self {
    case .unreadable(let file, let problem): "\(file): \(problem)"
    case .incomplete(let source, let missing):
      "\(source): \(missing.count == 1 ? "one thing is" : "\(missing.count) things are") missing to make a data set:"
        + missing.map { "\n  - \($0)" }.joined()
    }
  }
}

/// Numbers for tasks that are told apart by what describes them.
struct TaskNumbers {
  private var numbers: [[Double]: Int] = [:]

  /// The number of the task that `parameters` describe; equal parameters, equal number.
  mutating func number(_ parameters: [Double]) -> Int {
    if let number = numbers[parameters] { return number }
    numbers[parameters] = numbers.count
    return numbers.count - 1
  }
}

/// `name` as a family may be called: what stands between letters, digits, dots and dashes becomes a dash.
func familyName(_ name: String) -> String {
  String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
}
