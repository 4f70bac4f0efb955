// What a run on the test stand reports, next to what expert and random reach on the same task.

import Foundation
import Foundations

/// The part of metadiffuserd's summary that the report needs.
package struct ControllerSummary: Codable {
  package struct Percentiles: Codable {
    package var p50: Double, p99: Double, max: Double
  }

  package var cycles: Double
  package var planMs: Percentiles?
  package var deadlineMisses: Double
  package var framesLost: Double
}

/// The summary of `metadiffuser hil`; encoded with snake-case keys it is what `--json` prints.
package struct StandReport: Encodable {
  package var plant: PlantReport
  package var controller: ControllerSummary
  /// Means over the starts of the episodes after the warm start.
  package var expertReturn: Double
  package var randomReturn: Double
  /// Mean return after the warm start, and the same with random at 0 and expert at 1.
  package var meanReturn: Double
  package var score: Double

  package init(plant: PlantReport, controller: ControllerSummary, expertReturn: Double, randomReturn: Double) {
    self.plant = plant
    self.controller = controller
    self.expertReturn = expertReturn
    self.randomReturn = randomReturn
    let returns = plant.returns.dropFirst()
    meanReturn = returns.reduce(0, +) / Double(max(1, returns.count))
    score = (meanReturn - randomReturn) / (expertReturn - randomReturn)
  }

  package func text(target: Double, hardware: String) -> String {
    var lines = ["", "\(plant.family), target \(decimal(target, 2)) m/s, behind \(hardware)"]
    for (index, value) in plant.returns.enumerated() {
      let name = index == 0 ? "warm start, target unknown: " : "episode \(index):                  "
      lines.append(
        "  \(name) return \(decimal(value, 1)), mean speed in the last half \(decimal(plant.meanSpeed[index], 2)) m/s")
    }
    lines.append(
      "  on the same task:            expert \(decimal(expertReturn, 1)), random \(decimal(randomReturn, 1)); "
        + "score \(decimal(score, 3))")
    if let planMs = controller.planMs {
      lines.append(
        "  plan time:                   p50 \(decimal(planMs.p50, 2)) ms, p99 \(decimal(planMs.p99, 2)) ms, "
          + "max \(decimal(planMs.max, 2)) ms of a period of \(decimal(plant.periodMs, 0)) ms")
    }
    lines += plant.deviceLines
    lines.append(
      "  controller:                  \(Int(controller.deadlineMisses)) deadline misses in \(Int(controller.cycles)) "
        + "cycles, \(Int(controller.framesLost)) frames lost")
    return lines.joined(separator: "\n")
  }
}
