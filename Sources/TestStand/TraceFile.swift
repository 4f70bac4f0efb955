// A table that grows by a line a step while a robot is driven; written at once, so that it outlives a kill.

import Foundation

/// A file of CSV. A line that cannot be written stops nobody: the first such is remembered, and told at the end.
package final class TraceFile {
  private let path: String
  private let file: Int32
  private var problem: TraceError?

  /// Opens `path`, which may be a device or a pipe with a reader: emptied, with `header`, or with `header` nil at
  /// its end.
  package init(path: String, header: String?) throws {
    self.path = path
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (header == nil ? O_APPEND : O_TRUNC), 0o644)
    if file < 0 {
      throw TraceError(description: "cannot write the trace \(path): \(String(cString: strerror(errno)))")
    }
    if let header { append(header) }
  }

  deinit { if file >= 0 { close(file) } }

  /// Writes `line`, unless one before it could not be written.
  package func append(_ line: String) {
    guard problem == nil else { return }
    var text = line + "\n"
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          let cause = String(cString: strerror(errno))
          problem = TraceError(description: "the trace \(path) is not whole: \(cause)")
          return
        }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// Throws if any line is missing.
  package func check() throws { if let problem { throw problem } }
}

/// A trace file that cannot be written.
package struct TraceError: Error, CustomStringConvertible {
  package let description: String
}
