// What one sees of a training while it runs: a line on standard error, and a table in CSV that survives resuming.

import CConsole
import Foundation
import PlannerModel

/// Gathers losses and shows them: on a terminal one line that redraws itself, elsewhere a line every ten seconds; a row
/// of CSV every hundred steps. Real-time: no.
final class TrainingLog {
  private static let rowInterval = 100
  private let path: String?
  private let stages: [String]
  /// Names of the two losses in the table's header.
  private let lossNames: String
  private var file: FileHandle?
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  private var stage = ""
  private var total = 0
  private var firstStep = 0
  private var start = ContinuousClock.now
  private var shown = ContinuousClock.now
  private var row = Sum()
  private var line = Sum()

  /// Losses since the last row or line.
  private struct Sum {
    var steps = 0
    var losses: [Double] = []

    mutating func add(_ values: [Double]) {
      losses = steps == 0 ? values : zip(losses, values).map { $0 + $1 }
      steps += 1
    }

    var means: [Double] { losses.map { $0 / Double(max(steps, 1)) } }
  }

  /// `path` nil: no table. A stage has one loss or two.
  init(
    path: String?, stages: [String] = ModelTraining.stages, lossNames: String = "loss,reward_loss", isQuiet: Bool
  ) {
    self.path = path
    self.stages = stages
    self.lossNames = lossNames
    self.isQuiet = isQuiet
  }

  /// Begins a stage of `total` steps at `step`; rows that an interrupted run wrote for later steps are dropped.
  func begin(_ stage: String, step: Int, of total: Int) throws(LearningError) {
    self.stage = stage
    self.total = total
    firstStep = step
    start = .now
    shown = .now
    row = Sum()
    line = Sum()
    guard let path, file == nil else { return }
    let table = kept(path: path, stage: stage, step: step)
    try LearningError.writing(path) { () throws(ModelError) in try OutputFile(path).write(table) }
    do {
      file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file?.seekToEnd()
    } catch {
      throw .unwritable(path: path, reason: error.localizedDescription)
    }
  }

  /// After each step, with one loss or (world model) two, and the return on held-out tasks where it was measured.
  func add(step: Int, losses: [Double], heldOutReturn: Double? = nil) throws(LearningError) {
    row.add(losses)
    line.add(losses)
    if let path, let file, step % Self.rowInterval == 0 || step == total || heldOutReturn != nil {
      let numbers = row.means.map { String(format: "%.6g", $0) }.joined(separator: ",")
      do {
        let heldOut = heldOutReturn.map { String(format: "%.6g", $0) } ?? ""
        try file.write(
          contentsOf: Data("\(stage),\(step),\(numbers)\(losses.count == 1 ? "," : ""),\(heldOut)\n".utf8))
      } catch {
        throw .unwritable(path: path, reason: error.localizedDescription)
      }
      row = Sum()
    }
    if let heldOutReturn { note("\(stage) \(step)/\(total)  held-out return \(String(format: "%.2f", heldOutReturn))") }
    let now = ContinuousClock.now
    guard step == total || now - shown > .seconds(isTerminal ? 0.5 : 10) else { return }
    shown = now
    let rate = Double(step - firstStep) / max((now - start) / .seconds(1), 1e-9)
    let left = Int(Double(total - step) / max(rate, 1e-9))
    let losses = line.means.map { String(format: "%.4f", $0) }.joined(separator: " + ")
    line = Sum()
    say(
      "\(stage) \(step)/\(total)  loss \(losses)  \(String(format: "%.0f", rate)) steps/s"
        + "  \(left / 60) min \(left % 60) s left", redraws: step < total)
  }

  /// A line that stays.
  func note(_ text: String) { say(text, redraws: false) }

  private func say(_ text: String, redraws: Bool) {
    guard !isQuiet else { return }
    if isTerminal { console_redraw(text) } else { console_say_line(text) }
    if isTerminal, !redraws { console_say("\n") }
  }

  /// The table as far as a run that resumes at `step` of `stage` got.
  private func kept(path: String, stage: String, step: Int) -> String {
    let header = "stage,step,\(lossNames),held_out_return\n"
    guard let old = try? String(contentsOfFile: path, encoding: .utf8), let now = stages.firstIndex(of: stage) else {
      return header
    }
    let rows = old.split(separator: "\n").dropFirst().filter { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 5, let index = stages.firstIndex(of: String(fields[0])), let at = Int(fields[1]) else {
        return false
      }
      return index < now || (index == now && at <= step)
    }
    return header + rows.map { $0 + "\n" }.joined()
  }
}
