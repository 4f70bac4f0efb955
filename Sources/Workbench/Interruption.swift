// Control-C, SIGTERM and a terminal that vanishes as a question that long work asks now and then, so that it ends with
// nothing half-written.

import Glibc
import Synchronization

package enum Interruption {
  private static let flag = Atomic(false)

  /// Whether Control-C, SIGTERM or the terminal's end has asked for a stop since `watch`.
  package static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// From now on the first such signal asks politely; the second ends the program.
  package static func watch() {
    // Made here, because a signal handler must not be the first to touch it.
    flag.store(false, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(number) { number in
        Interruption.flag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      // A program started with nohup is to outlive its terminal.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
      sigaddset(&signals, number)
    }
    // A program started from one of Dispatch's threads inherits their mask: all signals blocked.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
