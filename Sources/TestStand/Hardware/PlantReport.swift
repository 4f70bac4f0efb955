// What a test stand reports of its robot and of the microcontroller in front of it.

import Failsafe
import Foundations
import Tasks

/// The summary of `metadiffuser plant`, as text and, with snake-case keys, as JSON.
package struct PlantReport: Codable {
  package struct Latency: Codable {
    package var p50: Double, p99: Double, max: Double
  }

  package var family: String
  package var task: [Double]
  package var periodMs: Double
  package var returns: [Double]
  /// Mean speed over the last half of each episode [m/s].
  package var meanSpeed: [Double]
  /// From sample to applied action on the microcontroller's clock.
  package var latencyMs: Latency?
  /// Drive frames by the failsafe's choice.
  package var choices: [String: Int]
  /// How often no fresh action was there in time, and how often SAFE latched.
  package var failsafeLapses: Int
  package var failsafeLatches: Int
  package var stackBytes: Int
  /// Physics steps left out, steps without a fresh drive frame, damaged frames on the bus.
  package var overruns: Int
  package var driveTimeouts: Int
  package var damagedFrames: Int

  package init(task: any ContinuousTask, plant: StandPlant) {
    family = task.family.name
    self.task = task.parameters
    periodMs = Double(task.family.periodNanoseconds) * 1e-6
    returns = plant.episodes.map(\.totalReward)
    meanSpeed = plant.episodes.map { episode in
      let half = episode.outcomes.suffix(episode.outcomes.count / 2)
      let steps = half.reduce(0) { $0 + $1.steps }
      let sum = half.reduce(0) { $0 + task.family.watched.value($1.outcome, task.parameters) * Double($1.steps) }
      return sum / Double(max(1, steps))
    }
    if plant.latencies.totalCount > 0 {
      func percentile(_ value: Double) -> Double { Double(plant.latencies.valueAtPercentile(value)) / 1000 }
      latencyMs = Latency(p50: percentile(50), p99: percentile(99), max: Double(plant.latencies.max) / 1000)
    }
    choices = Dictionary(
      uniqueKeysWithValues: CommandMode.allCases.map { ("\($0.name)", plant.choices[$0] ?? 0) })
    failsafeLapses = plant.lapses
    failsafeLatches = plant.latches
    stackBytes = Int(plant.drive.stackBytes)
    overruns = plant.overruns
    driveTimeouts = plant.driveTimeouts
    damagedFrames = plant.damagedFrames
  }

  package var text: String {
    var lines = ["\(family), task \(task.map { decimal($0, 2) }.joined(separator: ", ")), on the test stand"]
    for index in returns.indices {
      lines.append(
        "  episode \(index + 1): return \(decimal(returns[index], 1)), "
          + "mean speed in the last half \(decimal(meanSpeed[index], 2)) m/s")
    }
    lines += deviceLines
    return lines.joined(separator: "\n")
  }

  /// What is known of the microcontroller and the bus.
  package var deviceLines: [String] {
    var lines: [String] = []
    if let latencyMs {
      lines.append(
        "  sample to applied action:    p50 \(decimal(latencyMs.p50, 2)) ms, p99 \(decimal(latencyMs.p99, 2)) ms, "
          + "max \(decimal(latencyMs.max, 2)) ms on the firmware's clock")
    }
    lines.append(
      "  failsafe:                    \(failsafeLapses) lapses, \(failsafeLatches) times SAFE, "
        + "\(choices["earlier_plan", default: 0]) of \(choices.values.reduce(0, +)) drive frames from later entries")
    lines.append("  stack of the firmware:       \(stackBytes) bytes at most")
    lines.append(
      "  plant:                       \(overruns) physics steps left out, \(driveTimeouts) without a drive frame, "
        + "\(damagedFrames) damaged frames")
    return lines
  }
}
