// How long work takes, for people to see: one line that redraws itself on a terminal, a line every tenth elsewhere.

import CConsole
import Foundation
import Synchronization

/// Progress on standard error. Safe to call from several threads. Real-time: no.
public final class ProgressBar: Sendable {
  private struct State {
    /// What was last shown: tenths of the way, and when.
    var tenth = 0
    var shown: ContinuousClock.Instant?
  }

  private let title: String
  private let unit: String
  private let total: Int
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  /// `total` units of work (`unit`: `episodes`) that count as `title`.
  public init(_ title: String, unit: String, total: Int) {
    self.title = title
    self.unit = unit
    self.total = max(total, 1)
  }

  /// Shows that `done` units are done; `note` is shown behind (a loss, say). Draws at most ten times a second.
  public func update(_ done: Int, note: String = "") {
    let now = ContinuousClock.now
    state.withLock { state in
      let tenth = done * 10 / total
      let due =
        isTerminal
        ? done == total || state.shown.map { now - $0 > .milliseconds(100) } ?? true
        : tenth > state.tenth
      guard due else { return }
      state.tenth = tenth
      state.shown = now
      let line = Self.line(title, done, total, unit, elapsed: now - start) + (note.isEmpty ? "" : ", \(note)")
      if isTerminal { console_redraw(line) } else { console_say_line(line) }
      if isTerminal, done == total { console_say("\n") }
    }
  }

  /// `collect [#####---------------] 25 % 225/900 episodes, 1 min 05 s left`
  package static func line(_ title: String, _ done: Int, _ total: Int, _ unit: String, elapsed: Duration) -> String {
    let filled = done * 20 / total
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
    let time =
      done == total ? "took \(text(elapsed))" : done == 0 ? "…" : "\(text(elapsed * (total - done) / done)) left"
    return "\(title) [\(bar)] \(done * 100 / total) % \(done)/\(total) \(unit), \(time)"
  }

  private static func text(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    return seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60 < 10 ? "0" : "")\(seconds % 60) s"
  }
}
