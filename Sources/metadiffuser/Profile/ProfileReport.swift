// What `metadiffuser profile` prints: paragraphs, each with its fields for JSON and its lines for people.

import ControlLoop
import Foundation
import PlannerRuntime

/// A part of the report. Its fields stand in one list, its properties: the compiler makes their encoding, `lines` reads them.
protocol ProfileParagraph: Encodable {
  var lines: [String] { get }
}

/// Paragraphs in the order of the text; in JSON one object with the fields of all.
struct ProfileReport: Encodable {
  var paragraphs: [any ProfileParagraph]

  func encode(to encoder: any Encoder) throws {
    for paragraph in paragraphs { try paragraph.encode(to: encoder) }
  }

  var text: String { paragraphs.flatMap(\.lines).joined(separator: "\n") }

  /// A line of a table.
  static func row(_ name: String, _ cells: [String]) -> String {
    "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
      + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
  }
}

/// What is profiled.
struct ProfileSubject: ProfileParagraph {
  var model: String
  var parameters: Int
  var kernel: String
  var candidates: Int
  var steps: Int
  var guide: String

  var lines: [String] {
    [
      "\(model): \(decimal(Double(parameters) / 1e6, 2)) M parameters, \(kernel) kernels, \(candidates) candidates, "
        + "\(steps) steps, guide \(guide)"
    ]
  }
}

/// What it is profiled on.
struct ProfilePlace: ProfileParagraph {
  var machine: Machine

  var lines: [String] {
    [
      "\(machine.processor), \(machine.cores) cores, kernel \(machine.system)"
        + "\(machine.isPreemptRt ? " (PREEMPT_RT)" : ""), governor \(machine.governor ?? "none"), \(machine.scheduling)"
    ] + machine.warnings.map { "warning: \($0)" }
  }
}

/// The denoiser alone.
struct ForwardReport: ProfileParagraph {
  /// Times of forward passes, with the batch they are of.
  struct Passes: Encodable {
    var batch: Int
    var times: LatencySummary

    private enum CodingKeys: CodingKey { case batch }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(batch, forKey: .batch)
      try times.encode(to: encoder)
    }
  }

  var forwardUs: Passes
  /// Operations as they are usually counted: with those on padding, which kernels may leave out.
  var gflops: Double
  var fmaPeakGflops: Double
  var fmaPeakShare: Double

  init(_ profile: ForwardProfile, batch: Int) {
    forwardUs = Passes(batch: batch, times: LatencySummary(profile.times, unit: 1e3))
    gflops = profile.rate
    fmaPeakGflops = profile.peak
    fmaPeakShare = profile.rate / profile.peak
  }

  var lines: [String] {
    [
      "",
      "denoiser, batch \(forwardUs.batch): \(decimal(gflops, 1)) GFLOP/s, \(decimal(100 * fmaPeakShare, 0)) % of the "
        + "multiply-add peak of \(decimal(fmaPeakGflops, 1)) GFLOP/s in the same run",
      ProfileReport.row("", LatencySummary.header),
      ProfileReport.row("forward [us]", forwardUs.times.cells(digits: 1)),
    ]
  }
}

/// Memory, and what the tables leave out.
struct MemoryReport: ProfileParagraph {
  var rssMib: Double
  var arenaBytes: Int
  var weightBytes: Int

  var lines: [String] {
    func mebibytes(_ bytes: Int) -> String { decimal(Double(bytes) / Double(1 << 20), 1) }
    return [
      "", "-: insufficient samples, fewer than ten lie beyond",
      "weights \(mebibytes(weightBytes)) MiB, arena \(mebibytes(arenaBytes)) MiB, this process \(decimal(rssMib, 1)) MiB",
    ]
  }
}
