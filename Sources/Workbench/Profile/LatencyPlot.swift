// The picture of `metadiffuser profile --plot`.

import Evaluation
import Foundation

/// Latency over the percentile, whose axis counts nines: 1 is p90, 2 p99, 3 p99.9.
package func latencyPlot(_ profiles: [PlanProfile]) -> LinePlot {
  var plot = LinePlot(title: "Plan latency", x: "nines of the percentile (2 is p99, 3 is p99.9)", y: "plan [ms]")
  let curves = [(name: "idle", colour: "#1f77b4"), (name: "cores hogged", colour: "#d62728")]
  for (curve, profile) in zip(curves, profiles) {
    let points = stride(from: 0, through: 5, by: 0.05).compactMap { nines -> SIMD2<Double>? in
      profile.total.percentile(100 - pow(10, 2 - nines)).map { SIMD2(nines, $0 / 1e6) }
    }
    plot.series.append(LinePlot.Series(name: curve.name, points: points, colour: curve.colour))
  }
  return plot
}
