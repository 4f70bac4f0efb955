// Times of something done many times, and what may be said of their tail.

import Foundation
import Histogram

/// Durations with three significant digits. Recording allocates nothing.
package struct LatencyHistogram {
  private var nanoseconds = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)

  package init() {}

  package mutating func record(_ duration: UInt64) { nanoseconds.record(Swift.min(duration, 60_000_000_000)) }

  package var count: UInt64 { nanoseconds.totalCount }

  /// Nanoseconds that `percent` of the durations do not exceed; nil if fewer than ten of them lie beyond, of which one
  /// more or less would say something else.
  package func percentile(_ percent: Double) -> Double? {
    guard Double(count) * (100 - percent) / 100 >= 10 - 1e-6 else { return nil }
    return Double(nanoseconds.valueAtPercentile(percent))
  }

  package var min: Double { Double(nanoseconds.min) }
  package var max: Double { Double(nanoseconds.max) }

  /// The distribution as a picture in text: a line for each of `rows` equal ranges of time up to p99.9, and one for the
  /// rest.
  package func bars(rows: Int, unit: Double, digits: Int) -> [String] {
    guard count > 0 else { return [] }
    let low = nanoseconds.min
    let high = Swift.max(nanoseconds.valueAtPercentile(99.9), low + UInt64(rows))
    let width = (high - low) / UInt64(rows) + 1
    var ranges = (0..<UInt64(rows)).map { low + $0 * width...low + ($0 + 1) * width - 1 }
    let end = low + UInt64(rows) * width
    if nanoseconds.max >= end { ranges.append(end...nanoseconds.max) }
    let counts = ranges.map { nanoseconds.count(within: $0) }
    let most = Double(counts.max() ?? 1)
    return zip(ranges, counts).map { range, count in
      let bar = String(repeating: "#", count: Int((50 * Double(count) / most).rounded(.up)))
      let from = String(format: "%9.\(digits)f", Double(range.lowerBound) / unit)
      return "\(from)  \(bar.padding(toLength: 50, withPad: " ", startingAt: 0))  \(count)"
    }
  }
}

/// Percentiles as reports have them; nil, in text "-", where there are insufficient samples.
package struct LatencySummary: Encodable {
  package var count: UInt64
  package var min: Double
  package var p50: Double?, p90: Double?, p99: Double?
  /// The percentiles 99.9 and 99.99.
  package var p999: Double?, p9999: Double?
  package var max: Double

  /// `unit` is 1e3 for microseconds, 1e6 for milliseconds.
  package init(_ histogram: LatencyHistogram, unit: Double) {
    func value(_ percent: Double) -> Double? { histogram.percentile(percent).map { $0 / unit } }
    count = histogram.count
    min = histogram.min / unit
    p50 = value(50)
    p90 = value(90)
    p99 = value(99)
    p999 = value(99.9)
    p9999 = value(99.99)
    max = histogram.max / unit
  }

  private enum CodingKeys: String, CodingKey {
    case count, min, p50, p90, p99, max
    case p999 = "p99_9"
    case p9999 = "p99_99"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    // An absent percentile is null, not left out.
    let values: [(Double?, CodingKeys)] = [
      (min, .min), (p50, .p50), (p90, .p90), (p99, .p99), (p999, .p999), (p9999, .p9999), (max, .max),
    ]
    for (value, key) in values { try container.encode(value, forKey: key) }
  }

  package static let header = ["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"]

  /// One cell each of `header`.
  package func cells(digits: Int) -> [String] {
    [min, p50, p90, p99, p999, p9999, max].map { value in
      value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
  }
}
