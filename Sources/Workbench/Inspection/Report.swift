// What every report on a file has, and how reports are laid out for people.

import Foundation
import Foundations

/// A report on one file: the same facts as text and, encoded, as JSON.
package protocol FileReport: Encodable {
  /// `model`, `expert`, `baseline`, `warm-start` or `data-set`.
  var kind: String { get }
  /// What a person should look at, each with a cure; empty for a healthy file.
  var warnings: [String] { get }
  /// The report in lines, warnings left out.
  var lines: [String] { get }
}

extension FileReport {
  package var text: String {
    let health = warnings.isEmpty ? ["health: good"] : ["health:"] + warnings.map { "  warning: \($0)" }
    // What a file says of itself must not look like a line of the report.
    return (lines + health).map { $0.replacing("\n", with: "\\n") }.joined(separator: "\n")
  }
}

/// `rows` with the columns of `header`, aligned: the first to the left, the others to the right.
package func table(_ header: [String], _ rows: [[String]]) -> [String] {
  let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
  return ([header] + rows).map { row in
    let cells = row.enumerated().map { column, text in
      let space = String(repeating: " ", count: widths[column] - text.count)
      return column == 0 ? text + space : space + text
    }
    return "  " + cells.joined(separator: "  ")
  }
}

/// `title:` and a line for each entry, sorted by key; nothing when there is none.
package func section(_ title: String, _ entries: [String: String]) -> [String] {
  entries.isEmpty ? [] : ["\(title):"] + entries.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
}

/// `0 ... 7, 9` for channel numbers, which come sorted.
package func channelList(_ channels: [Int]) -> String {
  var runs: [ClosedRange<Int>] = []
  for channel in channels {
    if let last = runs.last, last.upperBound + 1 == channel {
      runs[runs.count - 1] = last.lowerBound...channel
    } else {
      runs.append(channel...channel)
    }
  }
  return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) ... \($0.upperBound)" }
    .joined(separator: ", ")
}

/// Bytes for people: `312 B`, `1.4 KB`, `2.0 MB`.
package func bytes(_ count: Int) -> String {
  switch count {
  case ..<1_000: "\(count) B"
  case ..<1_000_000: "\(decimal(Double(count) / 1e3, 1)) KB"
  default: "\(decimal(Double(count) / 1e6, 1)) MB"
  }
}

/// A number with four significant digits, without an exponent unless it needs one.
package func short(_ value: Double) -> String { String(format: "%.4g", value) }
