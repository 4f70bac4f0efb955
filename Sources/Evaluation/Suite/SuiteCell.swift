// One result of the suite as a small file that says what it depends on: what was done need not be done again.

import Foundation
import PlannerModel

/// A folder of results. Each is valid for one fingerprint: that of everything it depends on.
struct SuiteStore: Sendable {
  let folder: String

  private struct Cell<Result: Codable>: Codable {
    var fingerprint: String
    var result: Result
  }

  /// The result called `name`, if it is there and was made from the same.
  func read<Result: Codable>(_ name: String, fingerprint: String, as type: Result.Type) -> Result? {
    guard let data = FileManager.default.contents(atPath: path(name)),
      let cell = try? JSONDecoder().decode(Cell<Result>.self, from: data), cell.fingerprint == fingerprint
    else { return nil }
    return cell.result
  }

  /// Writes it, whole or not at all.
  func write(_ name: String, fingerprint: String, _ result: some Codable) throws(SuiteError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let cell = try? encoder.encode(Cell(fingerprint: fingerprint, result: result)) else {
      throw .file(path: path(name), problem: "the result is not finite")
    }
    try SuiteError.writing(path(name)) { () throws(ModelError) in
      try OutputFile.prepare(path(name)).write(Array(cell))
    }
  }

  private func path(_ name: String) -> String { "\(folder)/\(name).json" }
}

/// What can go wrong with the suite's files, with the cure in the message.
public enum SuiteError: Error, CustomStringConvertible, Equatable {
  case file(path: String, problem: String)
  /// Nothing that was asked for can be evaluated.
  case nothingToDo(missing: [String])
  /// Stopped on request.
  case interrupted(folder: String)

  public var description: String {
    switch self {
    case .file(let path, let problem): "\(path): \(problem)"
    case .nothingToDo(let missing): "there is nothing to evaluate: " + missing.joined(separator: "; ")
    case .interrupted(let folder): "interrupted; the same command goes on from what is in \(folder)"
    }
  }
}

extension SuiteError {
  /// Runs `body`, which writes `path`.
  static func writing(_ path: String, _ body: () throws(ModelError) -> Void) throws(SuiteError) {
    do throws(ModelError) {
      try body()
    } catch {
      guard case .system(_, _, let reason) = error else { throw .file(path: path, problem: error.description) }
      throw .file(path: path, problem: "cannot be written: \(reason)")
    }
  }
}
