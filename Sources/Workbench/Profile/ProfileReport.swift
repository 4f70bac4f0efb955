// What `metadiffuser profile` prints: paragraphs, each with its fields for JSON and its lines for people.

import ControlRuntime
import Foundation
import Foundations
import PlannerRuntime

/// A part of the report. Its fields stand in one list, its properties: the compiler makes their encoding, `lines` reads
/// them.
package protocol ProfileParagraph: Encodable {
  var lines: [String] { get }
}

/// Paragraphs in the order of the text; in JSON one object with the fields of all.
package struct ProfileReport: Encodable {
  package var paragraphs: [any ProfileParagraph]

  package init(paragraphs: [any ProfileParagraph]) { self.paragraphs = paragraphs }

  package func encode(to encoder: any Encoder) throws {
    for paragraph in paragraphs { try paragraph.encode(to: encoder) }
  }

  package var text: String { paragraphs.flatMap(\.lines).joined(separator: "\n") }

  /// A line of a table.
  package static func row(_ name: String, _ cells: [String]) -> String {
    "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
      + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
  }
}

/// What is profiled.
package struct ProfileSubject: ProfileParagraph {
  package var model: String
  package var parameters: Int
  package var kernel: String
  package var candidates: Int
  package var steps: Int
  package var guide: String

  package init(model: String, parameters: Int, kernel: String, candidates: Int, steps: Int, guide: String) {
    self.model = model
    self.parameters = parameters
    self.kernel = kernel
    self.candidates = candidates
    self.steps = steps
    self.guide = guide
  }

  package var lines: [String] {
    [
      "\(model): \(decimal(Double(parameters) / 1e6, 2)) M parameters, \(kernel) kernels, \(candidates) candidates, "
        + "\(steps) steps, guide \(guide)"
    ]
  }
}

/// What it is profiled on.
package struct ProfilePlace: ProfileParagraph {
  package var machine: Machine

  package init(machine: Machine) { self.machine = machine }

  package var lines: [String] {
    [
      "\(machine.processor), \(machine.cores) cores, kernel \(machine.system)"
        + "\(machine.isPreemptRt ? " (PREEMPT_RT)" : ""), governor \(machine.governor ?? "none"), \(machine.scheduling)"
    ] + machine.warnings.map { "warning: \($0)" }
  }
}

/// The denoiser alone.
package struct ForwardReport: ProfileParagraph {
  /// Times of forward passes, with the batch they are of.
  package struct Passes: Encodable {
    package var batch: Int
    package var times: LatencySummary

    private enum CodingKeys: CodingKey { case batch }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(batch, forKey: .batch)
      try times.encode(to: encoder)
    }
  }

  package var forwardUs: Passes
  /// Operations as they are usually counted: with those on padding, which kernels may leave out.
  package var gflops: Double
  package var fmaPeakGflops: Double
  package var fmaPeakShare: Double

  package init(_ profile: ForwardProfile, batch: Int) {
    forwardUs = Passes(batch: batch, times: LatencySummary(profile.times, unit: 1e3))
    gflops = profile.rate
    fmaPeakGflops = profile.peak
    fmaPeakShare = profile.rate / profile.peak
  }

  package var lines: [String] {
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
package struct MemoryReport: ProfileParagraph {
  package var rssMib: Double
  package var arenaBytes: Int
  package var weightBytes: Int

  package init(rssMib: Double, arenaBytes: Int, weightBytes: Int) {
    self.rssMib = rssMib
    self.arenaBytes = arenaBytes
    self.weightBytes = weightBytes
  }

  package var lines: [String] {
    func mebibytes(_ bytes: Int) -> String { decimal(Double(bytes) / Double(1 << 20), 1) }
    return [
      "", "-: insufficient samples, fewer than ten lie beyond",
      "weights \(mebibytes(weightBytes)) MiB, arena \(mebibytes(arenaBytes)) MiB, "
        + "this process \(decimal(rssMib, 1)) MiB",
    ]
  }
}
