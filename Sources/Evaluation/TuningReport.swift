// What a search for planning settings found: the points that fit, the frontier among them, the choice.

import Foundation
import PlannerRuntime

/// Result of `Tuning.run`. Encoded with snake-case keys it is what `metadiffuser tune --json` prints.
public struct TuningReport: Codable, Equatable, Sendable {
  /// One combination of settings.
  public struct Point: Codable, Equatable, Sendable {
    public var steps: Int
    public var candidates: Int
    public var guideRounds: Int
    public var planMs = MetaTestReport.PlanTime([])
    public var meanReturn = 0.0
    public var standardError = 0.0
    /// Nil where nobody has said how expert and random do.
    public var normalisedScore: Double?
    /// No other point is both faster (median) and better.
    public var isOnFrontier = false

    package init(steps: Int, candidates: Int, guideRounds: Int) {
      self.steps = steps
      self.candidates = candidates
      self.guideRounds = guideRounds
    }

    /// What points are compared by.
    var merit: Double { normalisedScore ?? meanReturn }

    /// True when this point asks for no less of anything than `other`.
    func needsAtLeast(_ other: Point) -> Bool {
      steps >= other.steps && candidates >= other.candidates && guideRounds >= other.guideRounds
    }
  }

  public var family: String
  public var split: String
  public var warmStart: String
  public var kernel: String
  /// Tasks and episodes of each that a point was scored on.
  public var tasks: Int
  public var episodes: Int
  public var limitMs: Double
  /// Points that fit the limit, fastest first.
  public var points: [Point]
  /// How many did not fit.
  public var tooSlow: Int
  /// The fastest of the points whose score is within the tolerance of the best; nil when none fits.
  public var chosen: Point?

  package init(_ tuning: Tuning, fitting: [Point], tooSlow: Int) {
    family = tuning.test.bed.family
    split = tuning.test.bed.split
    warmStart = tuning.test.warmStart.rawValue
    kernel = Planner.kernelName(tuning.test.kernels) ?? "none"
    tasks = tuning.test.tasks.count
    episodes = tuning.test.episodes
    limitMs = tuning.limitMs
    self.tooSlow = tooSlow
    points = Self.marked(fitting)
    let best = points.map(\.merit).max() ?? 0
    // A score is a share; where there is none, so much of the return may be given up.
    let scale = points.contains { $0.normalisedScore == nil } ? abs(best) : 1
    chosen = points.first { $0.merit >= best - tuning.tolerance * scale }
  }

  /// `points`, fastest first, with the frontier marked.
  package static func marked(_ points: [Point]) -> [Point] {
    var best = -Double.infinity
    return points.sorted { $0.planMs.p50 < $1.planMs.p50 }.map { point in
      var point = point
      point.isOnFrontier = point.merit > best
      best = max(best, point.merit)
      return point
    }
  }

  /// The frontier as a table, the chosen point marked.
  public var table: String {
    let header = "  steps  candidates  rounds  plan p50/p99/max ms        return           score"
    let rows = points.filter { $0.isOnFrontier || $0 == chosen }.map { point in
      String(
        format: "%@ %5d  %10d  %6d  %6.3f / %6.3f / %6.3f  %8.1f ± %-6.1f %@", point == chosen ? ">" : " ",
        point.steps, point.candidates, point.guideRounds, point.planMs.p50, point.planMs.p99, point.planMs.max,
        point.meanReturn, point.standardError, right(point.normalisedScore, 6, 3))
    }
    return ([header] + rows).joined(separator: "\n")
  }

  private var merit: String { points.contains { $0.normalisedScore == nil } ? "return" : "normalised score" }

  /// Score against plan time: every point, the frontier, the choice.
  public var plot: LinePlot {
    func place(_ point: Point) -> SIMD2<Double> { [point.planMs.p50, point.merit] }
    var plot = LinePlot(
      title: "\(family): \(merit) on \(tasks) \(split) tasks against plan time (\(kernel), one core)",
      x: "median plan time [ms]", y: merit)
    plot.series = [
      .init(name: "all", points: points.map(place), colour: "#9bb7d4", style: .dots),
      .init(name: "frontier", points: points.filter(\.isOnFrontier).map(place), colour: "#1f5f9e"),
    ]
    if let chosen {
      plot.series.append(.init(name: "chosen", points: [place(chosen)], colour: "#c0392b", style: .dots))
    }
    return plot
  }
}
