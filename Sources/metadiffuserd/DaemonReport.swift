// The summary of a run, as text and as JSON.

import ControlCore
import ControlRuntime
import Foundations
import Histogram
import PlannerModel
import RobotLink

/// What a finished loop did.
struct DaemonReport {
  let loop: ControlLoop
  let description: ModelDescription
  let warnings: [RealTimeWarning]
  /// From the start of the process until the loop looked for the robot.
  let readyNanoseconds: UInt64
  /// Of the process, at the end of the loop.
  let residentBytes: UInt64
  /// What standard error did not take.
  let messagesDropped: UInt64

  private var fallbacks: [(String, UInt64)] {
    let statistics = loop.statistics
    return [
      ("earlier_plan", statistics.earlierPlans), ("hold", statistics.holds), ("ramp", statistics.ramps),
      ("safe", statistics.safes),
    ]
  }

  private var misses: [(String, UInt64)] {
    let statistics = loop.statistics
    return [
      ("late", statistics.latePlans), ("failed", statistics.failedPlans), ("skipped", statistics.skippedPlans),
      ("superseded", statistics.superseded),
    ]
  }

  private var rejections: [(String, UInt64)] {
    Rejection.allCases.map { ("\($0.name)", loop.counters[$0]) }.filter { $0.1 > 0 }
  }

  var json: String {
    let statistics = loop.statistics
    let counters = loop.counters
    func counts(_ entries: [(String, UInt64)]) -> JSON { .object(entries.map { ($0.0, .number(Double($0.1))) }) }
    return JSON.object([
      ("family", .text(description.family)),
      ("robot", loop.robot.map { .text("\($0.name)") } ?? .null),
      ("period_ms", .number(Double(description.periodNanoseconds) / 1e6)),
      ("cycles", .number(Double(statistics.cycles))),
      ("episodes", .number(Double(statistics.episodes))),
      ("context_transitions", .number(Double(loop.contextTransitions))),
      ("changes_noticed", .number(Double(statistics.changes))),
      ("belief", belief),
      ("plan_ms", percentiles(statistics.planTimes)),
      ("answer_ms", percentiles(statistics.answerTimes)),
      ("short_plans", .number(Double(statistics.shortPlans))),
      ("deadline_misses", .number(Double(statistics.deadlineMisses))),
      ("misses", counts(misses)),
      ("fallbacks", counts(fallbacks)),
      ("idle_while_driven", .number(Double(statistics.idleWhileDriven))),
      ("latched_cycles", .number(Double(statistics.latchedCycles))),
      ("link_round_trip_ms", loop.clock.taken == 0 ? .null : .number(Double(loop.clock.roundTripNanoseconds) / 1e6)),
      ("frames_lost", .number(Double(counters.lost))),
      ("frames_rejected", counts(rejections)),
      ("send_failures", .number(Double(counters.sendFailures))),
      ("kernels", .text(loop.kernelName)),
      ("arena_bytes", .number(Double(loop.arenaBytes))),
      ("ready_ms", .number(Double(readyNanoseconds) / 1e6)),
      ("rss_mib", .number(Double(residentBytes) / Double(1 << 20))),
      ("allocations", loop.usage.allocations.map { .number(Double($0)) } ?? .null),
      ("minor_faults", .number(Double(loop.usage.minorFaults))),
      ("major_faults", .number(Double(loop.usage.majorFaults))),
      ("involuntary_switches", .number(Double(loop.usage.involuntarySwitches))),
      ("messages_dropped", .number(Double(messagesDropped))),
      ("real_time_warnings", .array(warnings.map { .text("\($0)") })),
    ]).text
  }

  /// What was believed at the end; null for a context that is no belief.
  private var belief: JSON {
    guard let belief = loop.belief else { return .null }
    return .object([
      ("parameters", .array(loop.taskParameters(belief.hypothesis).map { .number(Double($0)) })),
      ("confidence", .number(Double(belief.confidence))),
      ("hypotheses_left", .number(Double(belief.hypothesesLeft))),
      ("unexplained", .truth(belief.isUnexplained)),
      ("unexplained_cycles", .number(Double(loop.statistics.unexplainedCycles))),
    ])
  }

  private var beliefLine: String? {
    guard let belief = loop.belief else { return nil }
    return "  at the end: \(loop.text(ShownBelief(belief))), "
      + "\(decimal(Double(belief.hypothesesLeft), 1)) hypotheses left, "
      + "\(loop.statistics.unexplainedCycles) cycles unexplained"
  }

  var text: String {
    let statistics = loop.statistics
    func list(_ entries: [(String, UInt64)]) -> String {
      let present = entries.filter { $0.1 > 0 }
      return present.isEmpty ? "" : " (" + present.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + ")"
    }
    func times(_ histogram: Histogram<UInt64>) -> String {
      func milliseconds(_ value: UInt64) -> String { decimal(Double(value) / 1000, 2) }
      return "p50 \(milliseconds(histogram.valueAtPercentile(50))) ms, p99 "
        + "\(milliseconds(histogram.valueAtPercentile(99))) ms, max \(milliseconds(histogram.max)) ms"
    }
    var lines = [
      "\(statistics.cycles) cycles, \(statistics.episodes) episodes, "
        + "context from \(loop.contextTransitions) transitions"
        + (statistics.changes > 0 ? ", \(statistics.changes) changes noticed" : "")
    ]
    if let beliefLine { lines.append(beliefLine) }
    if statistics.planTimes.totalCount > 0 {
      lines.append(
        "  plan: \(times(statistics.planTimes)); period \(decimal(Double(description.periodNanoseconds) / 1e6, 0)) ms"
      )
      lines.append("  answer: \(times(statistics.answerTimes))")
    }
    lines.append(
      "  deadline misses \(statistics.deadlineMisses)\(list(misses)), plans cut short \(statistics.shortPlans)")
    lines.append("  fallbacks \(fallbacks.reduce(0) { $0 + $1.1 })\(list(fallbacks))")
    if statistics.idleWhileDriven > 0 {
      lines.append("  commanded zero for \(statistics.idleWhileDriven) cycles of running episodes")
    }
    if statistics.latchedCycles > 0 {
      lines.append("  the robot was latched at its safe command for \(statistics.latchedCycles) cycles")
    }
    lines.append("  frames lost \(loop.counters.lost), rejected \(loop.counters.rejected)\(list(rejections))")
    let usage = loop.usage
    lines.append(
      "  ready after \(decimal(Double(readyNanoseconds) / 1e6, 0)) ms, "
        + "resident \(decimal(Double(residentBytes) / Double(1 << 20), 1)) MiB; while it ran: "
        + "\(usage.allocations ?? 0) allocations, \(usage.minorFaults + usage.majorFaults) page faults, "
        + "\(usage.involuntarySwitches) involuntary switches")
    // What was missed may be due to what was refused.
    if statistics.deadlineMisses > 0 { lines += warnings.map { "  \($0)" } }
    if loop.clock.taken > 0 {
      lines.append(
        "  clocks compared over a round trip of \(decimal(Double(loop.clock.roundTripNanoseconds) / 1e6, 3)) ms")
    }
    if messagesDropped > 0 { lines.append("  messages that standard error did not take: \(messagesDropped)") }
    return lines.joined(separator: "\n")
  }

  /// Milliseconds, of a histogram in microseconds; null when it is empty.
  private func percentiles(_ histogram: Histogram<UInt64>) -> JSON {
    if histogram.totalCount == 0 { return .null }
    func milliseconds(_ value: UInt64) -> JSON { .number(Double(value) / 1000) }
    return .object([
      ("p50", milliseconds(histogram.valueAtPercentile(50))), ("p99", milliseconds(histogram.valueAtPercentile(99))),
      ("max", milliseconds(histogram.max)),
    ])
  }
}
