// What the machine is and how it is set up, as far as it decides latency.

import Foundation

/// Read once at the start of a profile.
package struct Machine: Encodable {
  package var processor: String
  package var cores: Int
  /// Release of the operating system's kernel, and whether it is one for real time (PREEMPT_RT).
  package var system: String
  package var isPreemptRt: Bool
  /// Of processor 0; nil where the system does not choose frequencies.
  package var governor: String?
  /// Policy of the measuring thread.
  package var scheduling: String
  /// What the machine refused, with cause and cure.
  package var warnings: [String]

  package init(scheduling: String, warnings: [String]) {
    func line(_ path: String) -> String? {
      (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let processors = line("/proc/cpuinfo")?.split(separator: "\n") ?? []
    processor =
      processors.first { $0.hasPrefix("model name") || $0.hasPrefix("CPU part") }?
      .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    cores = ProcessInfo.processInfo.activeProcessorCount
    system = line("/proc/sys/kernel/osrelease") ?? "unknown"
    isPreemptRt = line("/sys/kernel/realtime") == "1"
    governor = line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    self.scheduling = scheduling
    self.warnings = warnings
  }
}

/// CLOCK_MONOTONIC in nanoseconds.
package func monotonicTime() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

package func sleep(nanoseconds: Int) {
  var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
  nanosleep(&time, nil)
}
