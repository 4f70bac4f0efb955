// What a run on the bench reports, next to what expert and random reach on the same task.

import Foundation

/// The part of metadiffuserd's summary that the bench needs.
struct ControllerSummary: Codable {
  struct Percentiles: Codable {
    var p50: Double, p99: Double, max: Double
  }

  var cycles: Double
  var planMs: Percentiles?
  var deadlineMisses: Double
  var framesLost: Double
}

/// The summary of `metadiffuser hil`; encoded with snake-case keys it is what `--json` prints.
struct BenchReport: Encodable {
  var bench: PlantReport
  var controller: ControllerSummary
  /// Means over the starts of the episodes after the warm start.
  var expertReturn: Double
  var randomReturn: Double
  /// Mean return after the warm start, and the same with random at 0 and expert at 1.
  var meanReturn: Double
  var score: Double

  init(bench: PlantReport, controller: ControllerSummary, expertReturn: Double, randomReturn: Double) {
    self.bench = bench
    self.controller = controller
    self.expertReturn = expertReturn
    self.randomReturn = randomReturn
    let returns = bench.returns.dropFirst()
    meanReturn = returns.reduce(0, +) / Double(max(1, returns.count))
    score = (meanReturn - randomReturn) / (expertReturn - randomReturn)
  }

  func text(target: Double, hardware: String) -> String {
    var lines = ["", "\(bench.family), target \(decimal(target, 2)) m/s, behind \(hardware)"]
    for (index, value) in bench.returns.enumerated() {
      let name = index == 0 ? "warm start, target unknown: " : "episode \(index):                  "
      lines.append(
        "  \(name) return \(decimal(value, 1)), mean speed in the last half \(decimal(bench.meanSpeed[index], 2)) m/s")
    }
    lines.append(
      "  on the same task:            expert \(decimal(expertReturn, 1)), random \(decimal(randomReturn, 1)); "
        + "score \(decimal(score, 3))")
    if let planMs = controller.planMs {
      lines.append(
        "  plan time:                   p50 \(decimal(planMs.p50, 2)) ms, p99 \(decimal(planMs.p99, 2)) ms, "
          + "max \(decimal(planMs.max, 2)) ms of a period of \(decimal(bench.periodMs, 0)) ms")
    }
    lines += bench.deviceLines
    lines.append(
      "  controller:                  \(Int(controller.deadlineMisses)) deadline misses in \(Int(controller.cycles)) "
        + "cycles, \(Int(controller.framesLost)) frames lost")
    return lines.joined(separator: "\n")
  }
}
