// How the workbench ends: 0 good, 1 the work failed, 64 wrong usage, 65 bad data, 69 peer unavailable (sysexits.h).

import ArgumentParser
import CConsole
import Evaluation
import Foundation
import Learning
import LinkFaults
import OfflineData
import PlannerModel
import PlannerRuntime
import RobotLink
import Tasks
import TestStand
import Workbench

extension MetaDiffuser {
  static func main() {
    // Before any file is opened: what is said must never go into one of them.
    console_open()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // Help, usage and everything without a status of its own is the argument parser's.
      if let status = exitStatus(of: error) {
        console_say_line("Error: \(error)")
        Foundation.exit(status)
      }
      // By way of the console, which shows what would steer a terminal.
      let (text, code) = (fullMessage(for: error), exitCode(for: error))
      if code.isSuccess { print(text) } else if !text.isEmpty { console_say(text + "\n") }
      Foundation.exit(code.rawValue)
    }
  }
}

/// The exit status that `error` deserves, nil when it is not one of ours.
private func exitStatus(of error: any Error) -> Int32? {
  switch error {
  case TaskError.noSimulator: EX_UNAVAILABLE
  case let error as TaskError where error.isAboutAFile: EX_DATAERR
  case is TaskError, is PlannerError, LearningError.setting, LinkError.badAddress, LinkError.keyMissing, is FaultError,
    is ChangeTestError, is TaskNumbersError, ReferenceError.unknown, ReferenceError.missing,
    LogTableError.column:
    EX_USAGE
  case LinkError.badKey, ReferenceError.damaged: EX_DATAERR
  case LinkError.unreadableKey, LinkError.noEntropy: EXIT_FAILURE
  case is LinkError, is LinkPeerError, is LinkedRobotError: EX_UNAVAILABLE
  case DataError.damaged, DataError.invalid: EX_DATAERR
  case ModelError.damaged, ModelError.missing, ModelError.invalid: EX_DATAERR
  case LogTableError.malformed, LearningError.file, is ForeignFileError, is OfflineEvaluationError,
    is ImportError:
    EX_DATAERR
  case is DataError, is ModelError, is LearningError, is TraceError, is DamageError, is SuiteError, is ShippedFileError,
    is LogTableError:
    EXIT_FAILURE
  default: nil
  }
}
