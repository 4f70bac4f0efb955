// What a person sees while the controller runs: news, and on a terminal one line that is kept up to date.

import CConsole
import ControlCore
import ControlRuntime
import Foundations
import Glibc
import RobotLink

/// Writes to standard error, so that `--json` on standard output stays one object.
final class DaemonView {
  private let address: LinkAddress
  private let budgetNanoseconds: UInt64
  private let silenceMilliseconds: UInt64
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var newsCount = 0
  private var reach = LinkReach.unknown
  private var lineIsOpen = false

  init(address: LinkAddress, periodNanoseconds: UInt64, budgetNanoseconds: UInt64, isQuiet: Bool) {
    self.address = address
    self.budgetNanoseconds = budgetNanoseconds
    silenceMilliseconds = max(500, 10 * periodNanoseconds / 1_000_000)
    self.isQuiet = isQuiet
  }

  func news(_ text: String) {
    if isQuiet { return }
    finish()
    console_say_line(text)
  }

  func update(_ loop: ControlLoop) {
    let status = loop.status
    if status.reach != reach {
      reach = status.reach
      if let obstacle = address.obstacle(reach) { news(obstacle) }
    }
    for event in status.news(since: &newsCount) { news(explain(event, missed: status.missedPlan)) }
    guard isTerminal, !isQuiet, status.isConnected else { return }
    lineIsOpen = true
    let belief = status.belief.map { "  \(loop.text($0))" } ?? ""
    let line =
      "episode \(status.episode)  step \(status.step)  reward \(decimal(Double(status.reward), 2))  "
      + "plan \(decimal(Double(status.planMicroseconds) / 1000, 1)) ms  misses \(status.deadlineMisses)\(belief)"
    console_redraw(String(line.prefix(columns - 1)))
  }

  /// Of the terminal: a line that wraps would leave its beginning behind each time.
  private var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : .max
  }

  func finish() {
    if lineIsOpen { console_say("\n") }
    lineIsOpen = false
  }

  /// How a person at this machine lifts a latch.
  private var rearming: String { "have a look, then 'kill -USR1 \(getpid())' here" }

  private func latched(_ reason: String) -> String {
    "error: the robot is latched at its safe command: \(reason); a person must lift that: \(rearming), or its button"
  }

  private func explain(_ event: LoopEvent, missed: MissedPlan) -> String {
    switch event {
    case .connected: "connected to the robot at \(address)"
    case .robotRestarted: "the robot at \(address) has restarted; connected to it anew"
    case .busy: "the robot at \(address) is driven by another controller; end that one, or wait"
    case .silent:
      "error: the robot at \(address) is silent since \(silenceMilliseconds) ms; nothing is sent, looking for it"
    case .goodbye: "the robot said goodbye"
    case .refused:
      "error: what answers at \(address) now does not fit the model; nothing is sent, looking for the robot that did"
    case .contradiction:
      "warning: the robot at \(address) describes itself otherwise than before, or refuses while it is driven; that is "
        + "ignored until the next hand-shake"
    case .contextInferred: "context inferred from the warm start"
    case .contextMissing: "the warm start held no transition with a reward: driving without knowing the task"
    case .changeNoticed: "task or body has changed: what is known about it is inferred anew"
    case .unexplained:
      "nothing this model knows explains the robot: it, or its task, is outside what the model was trained on"
    case .explainedAgain: "what the model knows explains the robot again"
    case .idleWhileDriven:
      "error: the robot runs, and for a second it has not been driven: \(reason(missed))"
    case .safe:
      "error: no plan for too long; the command is zero until a person lifts that (\(rearming)) or the robot restarts"
    case .latchedInSilence: latched("no action came in time")
    case .latchedOnStuckSensors: latched("its sensors stood still while its commands moved")
    case .latchedByReset: latched("its processor was reset in mid-drive")
    case .latched: latched("it gives a reason that is unknown here")
    case .latchLifted: "the robot's latch is lifted"
    case .limitsDiffer:
      "warning: robot and model state other limits or slew limits for commands; each command keeps to the tighter ones"
    }
  }
}

extension DaemonView {
  private func reason(_ missed: MissedPlan) -> String {
    func milliseconds(_ microseconds: UInt32) -> String { decimal(Double(microseconds) / 1000, 1) }
    let budget = decimal(Double(budgetNanoseconds) / 1e6, 1)
    return switch missed {
    case .none: "SAFE is latched"
    case .late(let time):
      "observations reach the planner \(milliseconds(time)) ms after their time, and plans have \(budget) ms; "
        + "look at the link's speed, or raise --budget"
    case .slow(let time):
      "a denoising step takes \(milliseconds(time)) ms here; "
        + "choose another --kernel, a faster machine or a smaller model"
    case .failed: "plans come out non-finite; look at the observations' units and order"
    }
  }
}

extension LinkAddress {
  /// What keeps frames from leaving, for a person; nil where nothing does.
  func obstacle(_ reach: LinkReach) -> String? {
    let cause = reach.cause.map { " (\($0))" } ?? ""
    return switch reach {
    case .unknown, .open: nil
    case .noHost: "the host of \(self) is not known\(cause); it is looked up again every second"
    case .noRoute: "\(self) cannot be reached from here\(cause); that is tried again every second"
    case .noDevice: "the device of \(self) is not there; it is opened as soon as it appears"
    }
  }
}

extension PaceWarning: CustomStringConvertible {
  public var description: String {
    func milliseconds(_ nanoseconds: UInt64) -> String { "\(decimal(Double(nanoseconds) / 1e6, 2)) ms" }
    return switch self {
    case .noPlanInTime(let step, let period):
      "no plan can be in time: a denoising step takes \(milliseconds(step)) here, of a period of "
        + "\(milliseconds(period)); choose another --kernel, a faster machine or a smaller model"
    case .plansCutShort(let plan, let budget, let steps, let all):
      "plans will be cut to some \(steps) of \(all) denoising steps: a whole one takes \(milliseconds(plan)) here, the "
        + "budget is \(milliseconds(budget)); raise --budget if the period leaves room"
    case .slowLine(let load, let time, let period, let baud):
      "the line is slow for this robot: an observation of \(load.observationBytes) bytes and an action of "
        + "\(load.actionBytes) take \(milliseconds(time)) of a period of \(milliseconds(period)); use at least \(baud) "
        + "baud, or fewer --later-entries"
    }
  }
}
