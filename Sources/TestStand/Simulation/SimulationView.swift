// What a person sees while the robot runs: one line that is kept up to date on a terminal, and a trace for plots.

import CConsole
import Foundation
import Foundations
import RobotLink
import Tasks

/// The one quantity of a family that people watch, and what it should be in this task.
package struct Readout {
  package let name: String, unit: String
  /// Nil: there is nothing that it should be.
  package let target: Double?
  package let value: ([Double]) -> Double

  package init(task: any ControlTask) {
    let (watched, parameters) = (task.family.watched, task.parameters)
    (name, unit, target) = (watched.name, watched.unit, watched.target(parameters))
    value = { watched.value($0, parameters) }
  }

  /// `, target 2.30`, after `words`; nothing where there is none.
  fileprivate func targetText(_ words: String) -> String { target.map { "\(words)\(decimal($0, 2))" } ?? "" }
}

/// Writes the live line, the news and the trace; news go to standard error, so that `--json` stays one object.
package final class SimulationView {
  private var readout: Readout
  private var task: any ControlTask
  private let family: TaskFamily
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let trace: TraceFile?
  private var lastShown: UInt64 = 0
  private var lineIsOpen = false
  private var wasUnexplained = false

  package init(task: any ControlTask, tracePath: String?, isQuiet: Bool) throws {
    readout = Readout(task: task)
    self.task = task
    family = task.family
    self.isQuiet = isQuiet
    trace = try tracePath.map { [readout] path in
      try TraceFile(path: path, header: "episode,step,time,\(readout.name),target,reward,plan_ms,mode")
    }
  }

  /// Something that happened.
  package func news(_ text: String) {
    if isQuiet { return }
    endLine()
    console_say_line(text)
  }

  /// One step; the line is renewed ten times per second.
  package func show(_ step: StepRecord, of task: any ControlTask) {
    watch(task)
    let value = readout.value(step.outcome)
    let plan = step.planMilliseconds.map { decimal($0, 3) } ?? ""
    let target = readout.target.map { decimal($0, 4) } ?? ""
    trace?.append(
      """
      \(step.episode),\(step.step),\(decimal(step.time, 3)),\(decimal(value, 4)),\(target),\
      \(decimal(step.reward, 5)),\(plan),\(step.mode)
      """)
    tellWhetherExplained(step.belief)
    let now = monotonicNanoseconds()
    if isQuiet || !isTerminal || now - lastShown < 100_000_000 { return }
    lastShown = now
    lineIsOpen = true
    let belief = step.belief.map { "\($0.text(family))  " } ?? ""
    let line =
      "episode \(step.episode)  \(decimal(step.time, 1)) s  \(readout.name) \(decimal(value, 2)) \(readout.unit)  "
      + readout.targetText("target ") + "  \(belief)reward \(decimal(step.reward, 2))  "
      + "plan \(plan.isEmpty ? "–" : "\(decimal(step.planMilliseconds ?? 0, 1)) ms") (\(step.mode))  "
      + "misses \(step.misses)"
    console_redraw(String(line.prefix(columns - 1)))
  }

  /// Of the terminal: a line that wraps would leave its beginning behind each time.
  private var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : .max
  }

  private func tellWhetherExplained(_ belief: ReportedBelief?) {
    guard let belief, belief.unexplained != wasUnexplained else { return }
    wasUnexplained = belief.unexplained
    news(
      wasUnexplained
        ? "nothing the controller knows explains this robot: it, or its task, is outside what the model was trained on"
        : "what the controller knows explains this robot again")
  }

  /// What is asked of the robot may change.
  private func watch(_ present: any ControlTask) {
    guard task !== present else { return }
    task = present
    readout = Readout(task: task)
  }

  package func episodeEnded(_ record: EpisodeRecord, number: Int) {
    watch(record.task)
    news(
      "episode \(number): return \(decimal(record.totalReward, 1)), mean \(readout.name) in the last half "
        + "\(decimal(record.meanInLastHalf(readout.value), 2)) \(readout.unit)\(readout.targetText(", target ")), "
        + "misses \(record.misses)" + (record.belief.map { ", \($0.text(family))" } ?? ""))
  }

  package func finish() {
    endLine()
    // A moment for a terminal that works; a stuck one holds up nobody.
    console_settle(30)
  }

  /// Throws if the trace is not whole.
  package func checkTrace() throws { try trace?.check() }

  private func endLine() {
    if lineIsOpen { console_say("\n") }
    lineIsOpen = false
  }
}

extension EpisodeRecord {
  /// Mean over the steps of the second half.
  package func meanInLastHalf(_ value: ([Double]) -> Double) -> Double {
    let half = outcomes.suffix((outcomes.count + 1) / 2)
    return half.isEmpty ? 0 : half.reduce(0) { $0 + value($1) } / Double(half.count)
  }
}
