// The table of figures that a training leaves: a CSV with a header, read whole, checked, and drawn.

import Foundation

/// Why a table cannot be drawn.
public enum LogTableError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String)
  /// The file is no table with a header and numbers.
  case malformed(file: String, line: Int, problem: String)
  /// There is no such column, or none of numbers.
  case column(file: String, name: String, known: [String])

  public var description: String {
    switch self {
    case .unreadable(let file): "\(file): cannot be read"
    case .malformed(let file, let line, let problem):
      "\(file): line \(line) \(problem); give a log of `metadiffuser train`, as lies beside the checkpoint (.csv)"
    case .column(let file, let name, let known):
      "\(file): there is no column '\(name)' of numbers; there are \(known.joined(separator: ", "))"
    }
  }
}

/// A table of numbers, in which one column may be text that says which line a row belongs to (a training's stage).
public struct LogTable: Sendable, Equatable {
  public let path: String
  /// Columns of numbers, in the file's order.
  public let columns: [String]
  /// For each row its text, "" where the table has none, and its numbers by column; nil where the cell is empty.
  public let rows: [(group: String, values: [Double?])]

  public static func == (a: LogTable, b: LogTable) -> Bool {
    a.path == b.path && a.columns == b.columns
      && a.rows.elementsEqual(b.rows) { $0.group == $1.group && $0.values == $1.values }
  }

  /// Reads and checks the file.
  public init(path: String) throws(LogTableError) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw .unreadable(file: path) }
    try self.init(path: path, text: text)
  }

  package init(path: String, text: String) throws(LogTableError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let names = (lines.first ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count >= 2, names.allSatisfy({ !$0.isEmpty && Double($0) == nil }) else {
      throw .malformed(file: path, line: 1, problem: "is no header of two columns or more")
    }
    var cells: [[Substring]] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == names.count else {
        throw .malformed(file: path, line: index + 1, problem: "has \(fields.count) fields, the header \(names.count)")
      }
      cells.append(fields)
    }
    guard !cells.isEmpty else {
      throw .malformed(file: path, line: 1, problem: "is all there is: there are no rows yet")
    }
    let isText = names.indices.map { column in cells.contains { !$0[column].isEmpty && Double($0[column]) == nil } }
    let textColumns = names.indices.filter { isText[$0] }
    guard textColumns.count <= 1 else {
      throw .malformed(
        file: path, line: 2, problem: "has text in more than one column: \(textColumns.map { names[$0] })")
    }
    self.path = path
    columns = names.indices.filter { !isText[$0] }.map { names[$0] }
    rows = cells.map { row in
      (textColumns.first.map { String(row[$0]) } ?? "", names.indices.filter { !isText[$0] }.map { Double(row[$0]) })
    }
  }

  /// The column along the axis unless another is asked for: what counts a training's progress.
  public var defaultX: String { ["step", "updates"].first { columns.contains($0) } ?? columns.first ?? "" }

  /// What is drawn unless something else is asked for: an expert's return, a model's losses.
  public var defaultY: [String] {
    for known in [["mean_return"], ["loss", "reward_loss"]] where columns.contains(known[0]) {
      return known.filter { columns.contains($0) }
    }
    return Array(columns.filter { $0 != defaultX }.prefix(1))
  }

  /// The points of one column over another, a line for each group that has any, groups in the file's order.
  public func lines(x: String, y: String) throws(LogTableError) -> [(group: String, points: [SIMD2<Double>])] {
    guard let xIndex = columns.firstIndex(of: x) else { throw .column(file: path, name: x, known: columns) }
    guard let yIndex = columns.firstIndex(of: y) else { throw .column(file: path, name: y, known: columns) }
    var lines: [(group: String, points: [SIMD2<Double>])] = []
    for row in rows {
      guard let x = row.values[xIndex], let y = row.values[yIndex] else { continue }
      if let index = lines.firstIndex(where: { $0.group == row.group }) {
        lines[index].points.append([x, y])
      } else {
        lines.append((row.group, [[x, y]]))
      }
    }
    return lines
  }

  /// Several tables in one picture. `x` and `y` nil: what each table draws by itself.
  public static func plot(_ tables: [LogTable], x: String?, y: [String]?, isLogarithmic: Bool) throws(LogTableError)
    -> LinePlot
  {
    var all: [(file: String, group: String, column: String, points: [SIMD2<Double>])] = []
    for table in tables {
      let name = URL(fileURLWithPath: table.path).lastPathComponent
        .replacingOccurrences(of: ".csv", with: "").replacingOccurrences(of: ".checkpoint", with: "")
        .replacingOccurrences(of: ".safetensors", with: "")
      for column in y ?? table.defaultY {
        for line in try table.lines(x: x ?? table.defaultX, y: column) {
          all.append((name, line.group, column, line.points))
        }
      }
    }
    // Only what tells lines apart is in their names.
    func differs(_ part: (Int) -> String) -> Bool { Set(all.indices.map(part)).count > 1 }
    let (files, groups, columns) = (
      differs { all[$0].file }, differs { all[$0].group }, differs { all[$0].column }
    )
    func names(_ parts: [String]) -> String {
      var seen: [String] = []
      for part in parts where !seen.contains(part) { seen.append(part) }
      return seen.joined(separator: ", ")
    }
    var plot = LinePlot(
      title: names(all.map(\.file)), x: names(tables.map { x ?? $0.defaultX }), y: names(all.map(\.column)))
    plot.isLogarithmic = isLogarithmic
    let colours = ["#1f5f9e", "#c0392b", "#2e8b57", "#d68910", "#7d3c98", "#16a0a0", "#777777", "#b05a7a"]
    plot.series = all.enumerated().map { index, line in
      let parts = [(files, line.file), (groups, line.group), (columns, line.column)].filter(\.0).map(\.1)
      return .init(
        name: parts.isEmpty ? line.column : parts.joined(separator: " "), points: line.points,
        colour: colours[index % colours.count], style: index < colours.count ? .solid : .dashed)
    }
    return plot
  }
}
