// One result of the suite as a small file that says what it depends on: what was done need not be done again.

import Foundation

/// A folder of results. Each is valid for one fingerprint, that of everything which settles it.
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
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try encoder.encode(Cell(fingerprint: fingerprint, result: result))
        .write(to: URL(fileURLWithPath: path(name)), options: .atomic)
    } catch {
      throw .file(path: path(name), problem: "cannot be written: \(error.localizedDescription)")
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
    case .nothingToDo(let missing): "there is nothing to evaluate:\n  " + missing.joined(separator: "\n  ")
    case .interrupted(let folder): "interrupted; the same command goes on from what is in \(folder)"
    }
  }
}
