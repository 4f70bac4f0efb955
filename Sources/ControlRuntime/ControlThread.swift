// The thread of its own that a control loop runs on, with the real-time set-up around it.

import CRealTime
import Glibc
import Synchronization

/// Runs a loop on a real-time thread. Real-time: no.
public final class ControlThread {
  private let loop: ControlLoop
  private let options: ControlOptions
  private var thread: UInt64 = 0
  /// What the machine refused; complete after `start`.
  public private(set) var warnings: [RealTimeWarning] = []

  /// A thread that is not started yet. Real-time: no.
  public init(loop: ControlLoop, options: ControlOptions) {
    self.loop = loop
    self.options = options
  }

  /// What a signal asks for. Real-time: yes, a value.
  public enum Request: Sendable {
    /// SIGINT, SIGTERM or SIGHUP.
    case stop
    /// SIGUSR1: a person has had a look.
    case rearm
  }

  /// From now on these signals wait for `waitForSignal`. Call it first, before any thread is started. Real-time: no.
  public static func holdSignals() { rt_block_signals() }

  /// What was asked for within `milliseconds`; nil: nothing. Real-time: no (it waits).
  public static func waitForSignal(milliseconds: Int) -> Request? {
    switch rt_wait_signal(Int32(clamping: milliseconds)) {
    case 0: nil
    case SIGUSR1: .rearm
    default: .stop
    }
  }

  /// Sets up the process and starts the thread. Real-time: no.
  ///
  /// - Throws: `ControlError` if the machine refuses a step that `options` demands, or the thread.
  public func start() throws(ControlError) {
    warnings = RealTimeSetup.prepareProcess() + RealTimeSetup.prepareHelper(loop.helperThread, besides: options.cpu)
    if options.requiresRealTime, !warnings.isEmpty { throw .realTime(warnings) }
    // The loop starts when its own set-up is known to be good.
    let code = rt_start(
      { context in
        let owner = Unmanaged<ControlThread>.fromOpaque(context!).takeRetainedValue()
        // What both threads were refused is said once.
        let refused = RealTimeSetup.prepareThread(cpu: owner.options.cpu)
        owner.warnings += refused.filter { !owner.warnings.contains($0) }
        owner.isReady.store(true)
        if !(owner.options.requiresRealTime && !owner.warnings.isEmpty) { owner.loop.run() }
      }, Unmanaged.passRetained(self).toOpaque(), 512 * 1024, &thread)
    guard code == 0 else { throw .thread(cause: String(cString: strerror(code))) }
    isReady.wait()
    if options.requiresRealTime, !warnings.isEmpty {
      rt_join(thread)
      throw .realTime(warnings)
    }
  }

  /// Waits for the loop's end. Real-time: no.
  public func join() { rt_join(thread) }

  private let isReady = ReadyFlag()
}

/// Set once by the new thread; waited for by the one that started it.
private final class ReadyFlag: Sendable {
  private let flag = Atomic(false)

  func store(_ value: Bool) { flag.store(value, ordering: .releasing) }

  func wait() {
    while !flag.load(ordering: .acquiring) { usleep(200) }
  }
}
