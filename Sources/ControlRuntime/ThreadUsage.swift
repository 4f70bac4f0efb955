// What a planner's threads have cost beyond time: allocations, page faults, lost processors.

import CRealTime
import ControlCore
import PlannerRuntime

/// Counts of a thread, or of several; the difference of two readings is what the work between them has cost.
/// Real-time: yes, a value.
public struct ThreadUsage: Equatable, Sendable {
  /// Heap allocations; nil where the program does not count them.
  public private(set) var allocations: UInt64? = nil
  /// Page faults without and with a read from disk.
  public private(set) var minorFaults: UInt64 = 0, majorFaults: UInt64 = 0
  /// Times another thread took the processor away.
  public private(set) var involuntarySwitches: UInt64 = 0

  /// Nothing yet. Real-time: yes.
  public init() {}

  /// The calling thread's counts since its start. `allocationCount` is the program's own counter, if it has one.
  /// Real-time: no (a system call).
  public static func now(allocationCount: (@Sendable () -> UInt64)?) -> ThreadUsage {
    let system = rt_thread_usage()
    var usage = ThreadUsage()
    usage.allocations = allocationCount?()
    usage.minorFaults = system.minorFaults
    usage.majorFaults = system.majorFaults
    usage.involuntarySwitches = system.involuntarySwitches
    return usage
  }

  /// The counts of the calling thread and of the helper of `owner`, which works for it, together. Between plans only.
  /// Real-time: no.
  public static func now(
    with owner: borrowing some HelperOwner & ~Copyable, allocationCount: (@Sendable () -> UInt64)?
  ) -> ThreadUsage {
    // Without a closure, which would be an allocation of this thread's.
    var helper = ThreadReading(allocationCount: allocationCount)
    withUnsafeMutablePointer(to: &helper) { owner.onHelper(takeReading, $0) }
    return now(allocationCount: allocationCount) + helper.usage
  }

  /// The sum of two threads' counts. Real-time: yes.
  public static func + (first: ThreadUsage, second: ThreadUsage) -> ThreadUsage {
    var usage = ThreadUsage()
    if first.allocations != nil || second.allocations != nil {
      usage.allocations = (first.allocations ?? 0) + (second.allocations ?? 0)
    }
    usage.minorFaults = first.minorFaults + second.minorFaults
    usage.majorFaults = first.majorFaults + second.majorFaults
    usage.involuntarySwitches = first.involuntarySwitches + second.involuntarySwitches
    return usage
  }

  /// The difference of two readings, the later one first. Real-time: yes.
  public static func - (end: ThreadUsage, start: ThreadUsage) -> ThreadUsage {
    var usage = ThreadUsage()
    if let after = end.allocations, let before = start.allocations { usage.allocations = after - before }
    usage.minorFaults = end.minorFaults - start.minorFaults
    usage.majorFaults = end.majorFaults - start.majorFaults
    usage.involuntarySwitches = end.involuntarySwitches - start.involuntarySwitches
    return usage
  }
}

/// A planner, or what holds one: it can have something run on the planner's second thread. Real-time: no.
public protocol HelperOwner: ~Copyable {
  /// Calls `body(context)` on that thread, if there is one, and waits for it. Real-time: no.
  func onHelper(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer?)
}

extension Planner: HelperOwner {}
extension ControlCycle: HelperOwner {}

/// What the helper is asked for.
private struct ThreadReading {
  var usage = ThreadUsage()
  let allocationCount: (@Sendable () -> UInt64)?
}

private func takeReading(_ reading: UnsafeMutableRawPointer?) {
  guard let reading = reading?.assumingMemoryBound(to: ThreadReading.self) else { return }
  reading.pointee.usage = ThreadUsage.now(allocationCount: reading.pointee.allocationCount)
}

/// The process as the system sees it. Real-time: no.
public enum ProcessUsage {
  /// Bytes that lie in memory now. Real-time: no.
  public static var residentBytes: UInt64 { rt_resident_bytes() }
  /// Nanoseconds since the process was started, to the system's tick (10 ms). Real-time: no.
  public static var ageNanoseconds: UInt64 { rt_process_age() }
}
