// What `metadiffuser profile` prints, as JSON and as text.

import ControlLoop
import Evaluation
import Foundation
import PlannerRuntime

/// Plans of one condition of the machine, idle or stressed.
struct PlanReport: Encodable {
  var planMs: LatencySummary
  var stagesUs: [String: LatencySummary]
  /// Plans that took longer than a period; nil where no period is known.
  var misses: UInt64?
  var allocations: UInt64
  var minorFaults: UInt64
  var majorFaults: UInt64
  var involuntarySwitches: UInt64

  init(_ profile: PlanProfile, hasPeriod: Bool) {
    planMs = LatencySummary(profile.total, unit: 1e6)
    stagesUs = Dictionary(uniqueKeysWithValues: profile.stages.map { ($0.name, LatencySummary($0.times, unit: 1e3)) })
    misses = hasPeriod ? profile.misses : nil
    allocations = profile.usage.allocations ?? 0
    minorFaults = profile.usage.minorFaults
    majorFaults = profile.usage.majorFaults
    involuntarySwitches = profile.usage.involuntarySwitches
  }
}

/// Times of forward passes, with the batch they are of.
struct ForwardReport: Encodable {
  var batch: Int
  var times: LatencySummary

  enum CodingKeys: String, CodingKey { case batch }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(batch, forKey: .batch)
    try times.encode(to: encoder)
  }
}

struct ProfileReport: Encodable {
  var model: String
  var parameters: Int
  var kernel: String
  var candidates: Int
  var steps: Int
  var guide: String
  var forwardUs: ForwardReport
  var gflops: Double
  var fmaPeakGflops: Double
  var fmaPeakShare: Double
  /// The idle machine.
  var idle: PlanReport
  /// With every core hogged, and how much longer p99.9 is then.
  var stressed: PlanReport?
  var stressRatioP999: Double?
  var rssMib: Double
  var arenaBytes: Int
  var weightBytes: Int
  var machine: Machine

  enum CodingKeys: String, CodingKey {
    case model, parameters, kernel, candidates, steps, guide, forwardUs, gflops, fmaPeakGflops, fmaPeakShare, stressed
    case stressRatioP999 = "stressRatioP99_9"
    case rssMib, arenaBytes, weightBytes, machine
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(kernel, forKey: .kernel)
    try container.encode(candidates, forKey: .candidates)
    try container.encode(steps, forKey: .steps)
    try container.encode(guide, forKey: .guide)
    try container.encode(forwardUs, forKey: .forwardUs)
    try container.encode(gflops, forKey: .gflops)
    try container.encode(fmaPeakGflops, forKey: .fmaPeakGflops)
    try container.encode(fmaPeakShare, forKey: .fmaPeakShare)
    // The idle machine's figures are the report's own.
    try idle.encode(to: encoder)
    try container.encodeIfPresent(stressed, forKey: .stressed)
    try container.encodeIfPresent(stressRatioP999, forKey: .stressRatioP999)
    try container.encode(rssMib, forKey: .rssMib)
    try container.encode(arenaBytes, forKey: .arenaBytes)
    try container.encode(weightBytes, forKey: .weightBytes)
    try container.encode(machine, forKey: .machine)
  }

  /// `profiles` are those of `idle` and `stressed`, for the pictures.
  func text(_ profiles: [PlanProfile]) -> String {
    func mebibytes(_ bytes: Int) -> String { decimal(Double(bytes) / Double(1 << 20), 1) }
    var lines = [
      "\(model): \(decimal(Double(parameters) / 1e6, 2)) M parameters, \(kernel) kernels, \(candidates) candidates, "
        + "\(steps) steps, guide \(guide)",
      "\(machine.processor), \(machine.cores) cores, kernel \(machine.system)"
        + "\(machine.isPreemptRt ? " (PREEMPT_RT)" : ""), governor \(machine.governor ?? "none"), \(machine.scheduling)",
    ]
    lines += machine.warnings.map { "warning: \($0)" }
    lines += [
      "",
      "denoiser, batch \(forwardUs.batch): \(decimal(gflops, 1)) GFLOP/s, \(decimal(100 * fmaPeakShare, 0)) % of the "
        + "multiply-add peak of \(decimal(fmaPeakGflops, 1)) GFLOP/s in the same run",
      Self.row("", LatencySummary.header), Self.row("forward [us]", forwardUs.times.cells(digits: 1)),
    ]
    for (title, report, profile) in zip3(["idle", "every core hogged"], [idle, stressed].compactMap(\.self), profiles) {
      lines += ["", "\(report.planMs.count) plans, \(title)", Self.row("", LatencySummary.header)]
      for (name, times) in profile.stages {
        let isTotal = name == "total"
        let summary = LatencySummary(times, unit: isTotal ? 1e6 : 1e3)
        lines.append(
          Self.row(
            (isTotal ? "plan" : name.replacingOccurrences(of: "_", with: " ")) + (isTotal ? " [ms]" : " [us]"),
            summary.cells(digits: isTotal ? 3 : 1)))
      }
      lines.append(
        "  \(report.allocations) allocations, \(report.minorFaults + report.majorFaults) page faults, "
          + "\(report.involuntarySwitches) involuntary switches"
          + (report.misses.map { ", \($0) plans longer than the period" } ?? ""))
      lines += ["", "  from [ms]"] + profile.total.bars(rows: 16, unit: 1e6, digits: 3)
    }
    if let stressRatioP999 {
      lines += ["", "p99.9 with every core hogged: \(decimal(stressRatioP999, 2)) times the idle one"]
    }
    lines += [
      "", "-: insufficient samples, fewer than ten lie beyond",
      "weights \(mebibytes(weightBytes)) MiB, arena \(mebibytes(arenaBytes)) MiB, this process \(decimal(rssMib, 1)) MiB",
    ]
    return lines.joined(separator: "\n")
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
      + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
  }
}

/// Latency over the percentile, whose axis counts nines: 1 is p90, 2 p99, 3 p99.9.
func latencyPlot(_ profiles: [PlanProfile]) -> LinePlot {
  var plot = LinePlot(title: "Plan latency", x: "nines of the percentile (2 is p99, 3 is p99.9)", y: "plan [ms]")
  for (name, colour, profile) in zip3(["idle", "cores hogged"], ["#1f77b4", "#d62728"], profiles) {
    let points = stride(from: 0, through: 5, by: 0.05).compactMap { nines -> SIMD2<Double>? in
      profile.total.percentile(100 - pow(10, 2 - nines)).map { SIMD2(nines, $0 / 1e6) }
    }
    plot.series.append(LinePlot.Series(name: name, points: points, colour: colour))
  }
  return plot
}

private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] { zip(a, zip(b, c)).map { ($0, $1.0, $1.1) } }
