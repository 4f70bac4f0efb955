// The part of a document between two comments that a tool writes; people write the rest.

import Foundation
import PlannerModel

/// Replaces what stands between the suite's two markers.
public enum MarkedSection {
  static let begin = "<!-- suite: begin -->"
  static let end = "<!-- suite: end -->"

  /// `document` with `content` between the markers, everything else as it was; nil unless both are there once, in
  /// order.
  public static func replaced(in document: String, by content: String) -> String? {
    let parts = document.components(separatedBy: begin)
    guard parts.count == 2 else { return nil }
    let rest = parts[1].components(separatedBy: end)
    guard rest.count == 2, !parts[0].contains(end) else { return nil }
    return parts[0] + begin + "\n\n" + content + "\n\n" + end + rest[1]
  }

  /// Throws unless the file at `path` has a place for a section.
  public static func check(file path: String) throws(SuiteError) { _ = try changed(path, by: "") }

  /// The same in the file at `path`, whole or not at all.
  public static func replace(inFile path: String, by content: String) throws(SuiteError) {
    let text = try changed(path, by: content)
    try SuiteError.writing(path) { () throws(ModelError) in try OutputFile(path).write(text) }
  }

  private static func changed(_ path: String, by content: String) throws(SuiteError) -> String {
    guard let document = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .file(path: path, problem: "cannot be read")
    }
    guard let changed = replaced(in: document, by: content) else {
      throw .file(
        path: path,
        problem: "does not hold the lines '\(begin)' and '\(end)' once each: put them where the tables are to go")
    }
    return changed
  }
}
