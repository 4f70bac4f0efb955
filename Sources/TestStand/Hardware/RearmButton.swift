// The re-arm button of a robot on the test stand: a person presses it with a signal.

import Glibc
import Synchronization

package enum RearmButton {
  private static let presses = Atomic(0)

  /// From now on SIGUSR1 presses the button.
  package static func watch() {
    // Made here, because a signal handler must not be the first to touch it.
    presses.store(0, ordering: .relaxed)
    signal(SIGUSR1) { _ in RearmButton.presses.store(4, ordering: .relaxed) }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGUSR1)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Whether it is down in this measurement: a press lasts for four, so that no lost frame hides it.
  package static func isPressed() -> Bool {
    let left = presses.load(ordering: .relaxed)
    // Pressed anew meanwhile, it stays down.
    if left > 0 { _ = presses.compareExchange(expected: left, desired: left - 1, ordering: .relaxed) }
    return left > 0
  }
}
