// The picture of `metadiffuser demo --plot`.

import Evaluation
import Foundation
import Tasks
import TestStand

/// Speed against target over all episodes, from the robot's trace.
package func speedPlot(trace path: String, family: TaskFamily) throws -> LinePlot {
  let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
  let period = Double(family.periodNanoseconds) * 1e-9
  var speed: [SIMD2<Double>] = []
  var target: [SIMD2<Double>] = []
  var breaks: [Double] = []
  for (index, row) in rows.enumerated() {
    let fields = row.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count >= 5, let value = Double(fields[3]), let goal = Double(fields[4]) else {
      throw StandError(description: "\(path): row \(index + 2) is not one of a trace")
    }
    let time = Double(index) * period
    if fields[1] == "0", index > 0 { breaks.append(time) }
    speed.append([time, value])
    target.append([time, goal])
  }
  var plot = LinePlot(
    title: "HalfCheetah: three episodes, and nobody tells the controller the target",
    x: "time [s]", y: "speed [m/s]")
  plot.series = [
    .init(name: "target", points: target, colour: "#c0392b", style: .dashed),
    .init(name: "speed", points: speed, colour: "#2c5f8a"),
  ]
  plot.marks = breaks
  return plot
}
