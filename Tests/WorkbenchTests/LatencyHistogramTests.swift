// What may be said of a tail, and how it is said where too few samples lie in it.

import Foundation
import Testing
import Workbench

@Suite struct LatencyHistogramTests {
  private func histogram(_ count: UInt64) -> LatencyHistogram {
    var histogram = LatencyHistogram()
    for duration in 1...count { histogram.record(duration * 1000) }
    return histogram
  }

  @Test(
    arguments: [
      (19, 50, false), (20, 50, true), (99, 90, false), (100, 90, true), (999, 99, false), (1000, 99, true),
      (9999, 99.9, false), (10_000, 99.9, true),
    ] as [(UInt64, Double, Bool)])
  func `a percentile is given from ten samples beyond it on`(count: UInt64, percent: Double, isGiven: Bool) throws {
    let value = histogram(count).percentile(percent)
    #expect((value != nil) == isGiven)
    // Three significant digits.
    if let value { #expect(abs(value / (Double(count) * 10 * percent) - 1) < 0.01) }
  }

  @Test func `insufficient samples are a dash in text and null in JSON, and the report explains the dash`() throws {
    let summary = LatencySummary(histogram(100), unit: 1e3)
    #expect(summary.cells(digits: 0) == ["1", "50", "90", "-", "-", "-", "100"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(try jsonText(summary).utf8)) as? [String: Any])
    #expect(abs((object["p90"] as? Double ?? 0) - 90) < 0.1)
    for absent in ["p99", "p99_9", "p99_99"] { #expect(object[absent] is NSNull, "\(absent)") }
    let memory = MemoryReport(rssMib: 1, arenaBytes: 1 << 20, weightBytes: 1 << 19)
    #expect(memory.lines.contains("-: insufficient samples, fewer than ten lie beyond"))
  }

  @Test func `an empty histogram says nothing`() {
    #expect(LatencyHistogram().percentile(50) == nil)
    #expect(LatencyHistogram().bars(rows: 4, unit: 1e6, digits: 3).isEmpty)
  }

  @Test func `bars count every sample once, those beyond p99,9 in a line of their own`() {
    var histogram = histogram(1000)
    histogram.record(50_000_000)
    let counts = histogram.bars(rows: 8, unit: 1e3, digits: 0).compactMap {
      $0.split(separator: " ").last.flatMap { Int($0) }
    }
    #expect(counts.count == 9)
    #expect(counts.reduce(0, +) == 1001)
    #expect(counts.last == 1)
  }

  @Test func `a duration beyond a minute counts as a minute`() {
    var histogram = LatencyHistogram()
    histogram.record(.max)
    #expect(abs(histogram.max / 60e9 - 1) < 0.001)
  }
}
