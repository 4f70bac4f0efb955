// Load for `--stress`: a thread on every core that never rests.

import Foundation
import Synchronization

/// Threads that compute until `stop`. Start them before the caller takes a real-time priority: threads inherit it.
package final class ProcessorHogs: Sendable {
  private let isOver = Atomic(false)
  /// Until `begin`, the threads sleep.
  private let isWorking = Atomic(false)

  package init(count: Int) {
    for _ in 0..<count {
      Thread.detachNewThread { [self] in
        var value = 1.0
        while !isOver.load(ordering: .relaxed) {
          if isWorking.load(ordering: .relaxed) {
            for _ in 0..<10_000 { value = value * 0.999 + 1 }
          } else {
            usleep(10_000)
          }
        }
        precondition(value > 0)
      }
    }
  }

  package func begin() { isWorking.store(true, ordering: .relaxed) }
  package func stop() { isOver.store(true, ordering: .relaxed) }
}
