// The part of a document between two comments that a tool writes; people write the rest.

import Foundation

/// Replaces what stands between the suite's two markers.
public enum MarkedSection {
  static let begin = "<!-- suite: begin -->"
  static let end = "<!-- suite: end -->"

  /// `document` with `content` between the markers, everything else as it was; nil unless both are there once, in order.
  public static func replaced(in document: String, by content: String) -> String? {
    let parts = document.components(separatedBy: begin)
    guard parts.count == 2 else { return nil }
    let rest = parts[1].components(separatedBy: end)
    guard rest.count == 2, !parts[0].contains(end) else { return nil }
    return parts[0] + begin + "\n\n" + content + "\n\n" + end + rest[1]
  }

  /// The same in the file at `path`, whole or not at all.
  public static func replace(inFile path: String, by content: String) throws(SuiteError) {
    guard let document = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .file(path: path, problem: "cannot be read")
    }
    guard let changed = replaced(in: document, by: content) else {
      throw .file(
        path: path,
        problem: "does not hold the lines '\(begin)' and '\(end)' once each: put them where the tables are to go")
    }
    do {
      try Data(changed.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .file(path: path, problem: "cannot be written: \(error.localizedDescription)")
    }
  }
}
