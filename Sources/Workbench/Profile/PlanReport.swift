// The paragraphs about plans: of the idle machine, and with every core hogged.

import Foundation
import Foundations

/// Plans of one condition of the machine.
package struct PlanReport: Encodable {
  package var planMs: LatencySummary
  package var stagesUs: [String: LatencySummary]
  /// Plans that took longer than a period; nil where no period is known.
  package var misses: UInt64?
  package var allocations: UInt64
  package var minorFaults: UInt64
  package var majorFaults: UInt64
  package var involuntarySwitches: UInt64

  package init(_ profile: PlanProfile, hasPeriod: Bool) {
    planMs = LatencySummary(profile.total, unit: 1e6)
    stagesUs = Dictionary(uniqueKeysWithValues: profile.stages.map { ($0.name, LatencySummary($0.times, unit: 1e3)) })
    misses = hasPeriod ? profile.misses : nil
    allocations = profile.usage.allocations ?? 0
    minorFaults = profile.usage.minorFaults
    majorFaults = profile.usage.majorFaults
    involuntarySwitches = profile.usage.involuntarySwitches
  }

  /// A table under `title`, and a picture of the distribution in `profile`, which this reports.
  package func lines(_ title: String, _ profile: PlanProfile) -> [String] {
    var lines = ["", "\(planMs.count) plans, \(title)", ProfileReport.row("", LatencySummary.header)]
    for (name, _) in profile.stages {
      if name == "total" {
        lines.append(ProfileReport.row("plan [ms]", planMs.cells(digits: 3)))
      } else if let summary = stagesUs[name] {
        lines.append(
          ProfileReport.row(name.replacingOccurrences(of: "_", with: " ") + " [us]", summary.cells(digits: 1)))
      }
    }
    lines.append(
      "  \(allocations) allocations, \(minorFaults + majorFaults) page faults, "
        + "\(involuntarySwitches) involuntary switches"
        + (misses.map { ", \($0) plans longer than the period" } ?? ""))
    return lines + ["", "  from [ms]"] + profile.total.bars(rows: 16, unit: 1e6, digits: 3)
  }
}

/// Plans of the idle machine: their fields are the report's own.
package struct IdleReport: ProfileParagraph {
  private let report: PlanReport
  private let profile: PlanProfile

  package init(_ profile: PlanProfile, hasPeriod: Bool) {
    report = PlanReport(profile, hasPeriod: hasPeriod)
    self.profile = profile
  }

  package func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

  package var lines: [String] { report.lines("idle", profile) }
}

/// Plans with every core hogged, and how much longer p99.9 is than on the idle machine.
package struct StressReport: ProfileParagraph {
  private let stressed: PlanReport
  private let stressRatio: Double?
  private let profile: PlanProfile

  private enum CodingKeys: String, CodingKey {
    case stressed
    case stressRatio = "stressRatioP99_9"
  }

  package init(_ profile: PlanProfile, idle: PlanProfile, hasPeriod: Bool) {
    stressed = PlanReport(profile, hasPeriod: hasPeriod)
    self.profile = profile
    if let idle = idle.total.percentile(99.9), let hogged = profile.total.percentile(99.9) {
      stressRatio = hogged / idle
    } else {
      stressRatio = nil
    }
  }

  package var lines: [String] {
    stressed.lines("every core hogged", profile)
      + (stressRatio.map { ["", "p99.9 with every core hogged: \(decimal($0, 2)) times the idle one"] } ?? [])
  }
}
