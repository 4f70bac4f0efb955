// What a person sees while the controller runs: news, and on a terminal one line that is kept up to date.

import CConsole
import ControlLoop
import Glibc
import RobotLink

/// Writes to standard error, so that `--json` on standard output stays one object.
final class DaemonView {
  private let address: LinkAddress
  private let silenceMilliseconds: UInt64
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var newsCount = 0
  private var lineIsOpen = false

  init(address: LinkAddress, periodNanoseconds: UInt64, isQuiet: Bool) {
    self.address = address
    silenceMilliseconds = max(500, 10 * periodNanoseconds / 1_000_000)
    self.isQuiet = isQuiet
  }

  func news(_ text: String) {
    if isQuiet { return }
    finish()
    writeError("\(text)\n")
  }

  func update(_ loop: ControlLoop) {
    let status = loop.status
    for event in status.news(since: &newsCount) { news(explain(event)) }
    guard isTerminal, !isQuiet, status.isConnected else { return }
    lineIsOpen = true
    let belief = status.belief.map { "  \(loop.text($0))" } ?? ""
    let line =
      "episode \(status.episode)  step \(status.step)  reward \(decimal(Double(status.reward), 2))  "
      + "plan \(decimal(Double(status.planMicroseconds) / 1000, 1)) ms  misses \(status.deadlineMisses)\(belief)"
    writeError("\r\(line.prefix(columns - 1))\u{1B}[K")
  }

  /// Of the terminal: a line that wraps would leave its beginning behind each time.
  private var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : .max
  }

  func finish() {
    if lineIsOpen { writeError("\n") }
    lineIsOpen = false
  }

  private func explain(_ event: LoopNews) -> String {
    switch event {
    case .connected: "connected to the robot at \(address)"
    case .robotRestarted: "the robot at \(address) has restarted; shaking hands again"
    case .busy: "the robot at \(address) is driven by another controller; end that one, or wait"
    case .silent:
      "error: the robot at \(address) is silent since \(silenceMilliseconds) ms; nothing is sent, looking for it"
    case .goodbye: "the robot said goodbye"
    case .refused: "robot and model do not fit"
    case .contextInferred: "context inferred from the warm start"
    case .contextMissing: "the warm start held no transition with a reward: driving without knowing the task"
    case .changeNoticed: "task or body has changed: what is known about it is inferred anew"
    case .unexplained:
      "nothing this model knows explains the robot: it, or its task, is outside what the model was trained on"
    case .explainedAgain: "what the model knows explains the robot again"
    case .idleWhileDriven:
      "error: the robot runs, and for a second it has been commanded zero: no observation came in time, or plans fail"
    case .safe: "error: no plan for too long; the command is zero until robot or controller are started again"
    }
  }
}

/// Says it on standard error without ever waiting for whoever reads that.
func writeError(_ text: String) { console_say(text) }

/// `value` with `digits` decimals.
func decimal(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let units = Int((abs(value) * Double(scale)).rounded())
  let fraction = String(units % scale + scale).dropFirst()
  return (value < 0 && units > 0 ? "-" : "") + "\(units / scale)" + (digits > 0 ? ".\(fraction)" : "")
}
