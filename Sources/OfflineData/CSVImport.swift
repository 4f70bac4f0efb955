// Logs as tables: one row per control step, and a map that says which column is what.

import Foundation
import Foundations

/// Which columns of a CSV log are what; as JSON what `metadiffuser import csv --columns` reads.
public struct CSVColumns: Codable, Sendable, Equatable {
  /// Channels of the observation at the start of the step, in order.
  public var observations: [String]
  /// Channels of the action decided on it.
  public var actions: [String]
  /// What the step was paid.
  public var reward: String
  /// Changes where an episode begins; nil: every file is one.
  public var episode: String?
  /// 1 in the last row of an episode that the robot ended (fallen, say); nil: none did.
  public var terminated: String?
  /// Who drove, as text; nil: `behaviour` of the request.
  public var behaviour: String?

  /// Reads a map; an unknown key is refused, for it is a misspelt one.
  public init(path: String) throws(ImportError) {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw .unreadable(file: path, problem: "cannot be read")
    }
    let known = ["observations", "actions", "reward", "episode", "terminated", "behaviour"]
    guard let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
      throw .unreadable(file: path, problem: "is no JSON object; it names columns: \(known.joined(separator: ", "))")
    }
    if let other = object.keys.sorted().first(where: { !known.contains($0) }) {
      throw .unreadable(file: path, problem: "'\(other)' is no key; the keys are \(known.joined(separator: ", "))")
    }
    do {
      self = try JSONDecoder().decode(CSVColumns.self, from: bytes)
    } catch {
      throw .unreadable(
        file: path,
        problem: "needs \"observations\" and \"actions\" as arrays of column names and \"reward\" as one name; "
          + "\"episode\", \"terminated\" and \"behaviour\" are names too")
    }
    guard !observations.isEmpty, !actions.isEmpty else {
      throw .unreadable(file: path, problem: "\"observations\" and \"actions\" name one column at least")
    }
  }

  public init(observations: [String], actions: [String], reward: String) {
    self.observations = observations
    self.actions = actions
    self.reward = reward
  }
}

extension Dataset {
  /// Reads logs, `,` between cells, the first line the columns' names. The last row of an episode only says where its
  /// last step led. Real-time: no.
  public static func importing(csv files: [String], _ columns: CSVColumns, _ request: ImportRequest) throws -> Dataset {
    var missing: [String] = []
    if request.periodNanoseconds == nil { missing.append("the control period: give --period, for example 20ms") }
    if request.taskFrom.isEmpty {
      missing.append("what tells tasks apart: give --task-from with columns, or episode for a task each")
    }
    if request.family == nil { missing.append("the robot's name: give --family") }
    guard missing.isEmpty else { throw ImportError.incomplete(source: files[0], missing: missing) }

    var dataset = Dataset(
      family: request.family!, observationChannels: columns.observations.map { Channel(name: $0) },
      actionChannels: columns.actions.map { Channel(name: $0) }, periodNanoseconds: request.periodNanoseconds!,
      provenance: ["imported": files.joined(separator: " "), "format": "csv"])
    var tasks = TaskNumbers()
    for file in files {
      let table = try CSVTable(path: file)
      let byTask = request.taskFrom.filter { $0 != "episode" }
      try table.require(
        columns.observations + columns.actions + [columns.reward] + byTask
          + [columns.episode, columns.terminated, columns.behaviour].compactMap { $0 })
      for rows in table.runs(of: columns.episode) where rows.count >= 2 {
        var parameters = try byTask.map { Double(try table.number(rows.lowerBound, $0)) }
        if request.taskFrom.contains("episode") { parameters.append(Double(dataset.episodes.count)) }
        dataset.episodes.append(
          Episode(
            task: tasks.number(parameters), parameters: parameters,
            behaviour: try columns.behaviour.map { try table.text(rows.lowerBound, $0) } ?? request.behaviour
              ?? "recorded",
            observations: try table.numbers(rows, columns.observations),
            actions: try table.numbers(rows.dropLast(), columns.actions),
            rewards: try table.numbers(rows.dropLast(), [columns.reward]),
            terminated: try columns.terminated.map { try table.number(rows.upperBound - 1, $0) != 0 } ?? false))
      }
    }
    let limit =
      request.actionLimit.map { Float($0) } ?? dataset.episodes.flatMap(\.actions).map { abs($0) }.max() ?? 0
    for index in columns.actions.indices {
      (dataset.actionChannels[index].lower, dataset.actionChannels[index].upper) = (-limit, limit)
    }
    return dataset
  }
}

/// A table of text.
private struct CSVTable {
  let path: String
  private let columns: [Substring: Int]
  private let rows: [[Substring]]

  init(path: String) throws(ImportError) {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw .unreadable(file: path, problem: "cannot be read")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    func cells(_ line: Substring) -> [Substring] {
      line.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
    }
    let names = lines.first.map(cells) ?? []
    if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
      throw .unreadable(file: path, problem: "has two columns called '\(twice)'")
    }
    var rows: [[Substring]] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let row = cells(line)
      guard row.count == names.count else {
        throw .unreadable(
          file: path, problem: "line \(index + 1) has \(row.count) cells, the first line names \(names.count)")
      }
      rows.append(row)
    }
    guard !rows.isEmpty else { throw .unreadable(file: path, problem: "has no rows") }
    self.path = path
    self.rows = rows
    columns = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  /// Throws, naming every one that the table does not have.
  func require(_ names: [String]) throws(ImportError) {
    let missing = names.filter { columns[$0[...]] == nil }
    guard missing.isEmpty else {
      throw .incomplete(
        source: path,
        missing: missing.map { "column '\($0)': there are \(columns.keys.sorted().joined(separator: ", "))" })
    }
  }

  /// Stretches of rows in which `column` does not change; one of all rows where it is nil.
  func runs(of column: String?) -> [Range<Int>] {
    guard let column, let index = columns[column[...]] else { return [0..<rows.count] }
    var starts = rows.indices.filter { $0 == 0 || rows[$0][index] != rows[$0 - 1][index] }
    starts.append(rows.count)
    return zip(starts, starts.dropFirst()).map { $0..<$1 }
  }

  func text(_ row: Int, _ column: String) throws(ImportError) -> String { String(rows[row][columns[column[...]]!]) }

  func number(_ row: Int, _ column: String) throws(ImportError) -> Float {
    let cell = rows[row][columns[column[...]]!]
    if let value = Float(cell.drop { $0 == " " }), value.isFinite { return value }
    switch cell.lowercased() {
    case "true": return 1
    case "false": return 0
    default: throw .unreadable(file: path, problem: "row \(row + 1), column '\(column)' is '\(cell)', no finite number")
    }
  }

  func numbers(_ range: Range<Int>, _ names: [String]) throws(ImportError) -> [Float] {
    var values: [Float] = []
    for row in range { for name in names { values.append(try number(row, name)) } }
    return values
  }
}
