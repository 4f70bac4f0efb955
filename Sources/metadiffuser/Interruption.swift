// Control-C and SIGTERM as a question that long work asks now and then, so that it ends with nothing half-written.

import Glibc
import Synchronization

enum Interruption {
  private static let flag = Atomic(false)

  /// Somebody has pressed Control-C, or sent SIGTERM, since `watch`.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// From now on the first such signal asks politely; the second ends the program.
  static func watch() {
    // Made here, because a signal handler must not be the first to touch it.
    flag.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.flag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }
}
