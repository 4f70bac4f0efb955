// Asking the machine for real time, step by step. What it refuses is a warning with cause and cure, or fatal on demand.

import CRealTime
import Glibc

/// A step of the real-time set-up that the machine refused. Real-time: no (strings).
public struct RealTimeWarning: Equatable, Sendable, CustomStringConvertible {
  /// What was asked of the machine.
  public let step: String
  /// The system's own words.
  public let cause: String
  /// What it means and how to mend it.
  public let cure: String

  public var description: String { "\(step) refused (\(cause)); \(cure)" }
}

/// Real-time set-up of the process and of the control thread. Real-time: no (start-up only).
public enum RealTimeSetup {
  /// Priority of the control thread: above ordinary real-time threads, below the kernel's own at 99.
  public static let priority: Int32 = 80

  /// Sees to it that what is freed while a model loads leaves the process. Call it first. Real-time: no.
  public static func beginLoading() { rt_return_large_blocks() }

  /// Libraries that read options and files and are not used in the cycle: their code is not kept in memory.
  private static let startLibraries = [
    "libFoundationEssentials", "libswift_RegexParser", "libswift_StringProcessing", "libswift_Concurrency",
    "libdispatch",
  ]

  /// Locks memory and forbids deep sleep; what was refused. Call it once, when all memory has been taken.
  /// Real-time: no.
  public static func prepareProcess() -> [RealTimeWarning] {
    defer {
      for library in startLibraries { rt_release_library(library) }
    }
    return [
      warning(
        "locking memory (mlockall)", rt_lock_memory(),
        cure: "pages may be swapped out: raise the limit (ulimit -l unlimited) or grant CAP_IPC_LOCK"),
      warning(
        "forbidding deep sleep (/dev/cpu_dma_latency)", rt_forbid_deep_sleep(),
        cure: "wake-ups may take longer by 0.1 ms: run as root, or let this user write the device"),
    ].compactMap(\.self)
  }

  /// Sets policy, CPU and stack of the calling thread; what was refused. `cpu` nil leaves the choice to the system.
  /// Real-time: no.
  public static func prepareThread(cpu: Int?) -> [RealTimeWarning] {
    rt_touch_stack(128 * 1024)
    return prepare(rt_self(), cpu: cpu)
  }

  /// The same for the planner's helper, if there is one, on the first CPU other than `cpu`. Call it before the calling
  /// thread is bound to `cpu`. Real-time: no.
  public static func prepareHelper(_ thread: UInt64?, besides cpu: Int?) -> [RealTimeWarning] {
    guard let thread else { return [] }
    return prepare(thread, cpu: cpu.map { Int(rt_other_cpu(Int32(clamping: $0))) })
  }

  private static func prepare(_ thread: UInt64, cpu: Int?) -> [RealTimeWarning] {
    [
      warning(
        "real-time priority (SCHED_FIFO \(priority))", rt_set_fifo(thread, priority),
        cure: "other programs may delay the loop: run as root, grant CAP_SYS_NICE, or raise the limit (ulimit -r 99)"),
      cpu.flatMap {
        warning(
          "binding to CPU \($0)", rt_set_cpu(thread, Int32(clamping: $0)),
          cure: "choose a CPU of this machine that this process may use (taskset -p shows them)")
      },
    ].compactMap(\.self)
  }

  private static func warning(_ step: String, _ code: Int32, cure: String) -> RealTimeWarning? {
    code == 0 ? nil : RealTimeWarning(step: step, cause: String(cString: strerror(code)), cure: cure)
  }
}
