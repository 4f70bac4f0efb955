// `metadiffuser profile`: what it reports. How long anything takes is never part of a test.

import Foundation
import Testing

@Suite struct ProfileTests {
  static let shape = ["profile", "--shape", "16:1,2", "--horizon", "8", "--state", "3", "--action", "2"]

  @Test func `a shape is profiled with random weights: stages, memory and no allocation`() throws {
    let plot = FileManager.default.temporaryDirectory.appendingPathComponent("profile-\(UUID().uuidString).svg")
    defer { try? FileManager.default.removeItem(at: plot) }
    let outcome = try run(Self.shape + ["--plans", "300", "--batch", "2", "--json", "--plot", plot.path])
    #expect(outcome.status == 0, "\(outcome.error)")
    let report = try outcome.json()
    for key in ["kernel", "gflops", "fma_peak_gflops", "rss_mib", "minor_faults", "involuntary_switches", "machine"] {
      #expect(report[key] != nil, "no \(key)")
    }
    #expect((report["forward_us"] as? [String: Any])?["batch"] as? Int == 2)
    let plan = try #require(report["plan_ms"] as? [String: Any])
    #expect(plan["count"] as? Int == 300)
    #expect(plan["p90"] is Double)
    // Three plans lie beyond: too few to speak of.
    #expect(plan["p99"] is NSNull)
    #expect(plan["p99_9"] is NSNull)
    let stages = try #require(report["stages_us"] as? [String: Any])
    #expect(Set(stages.keys) == ["prepare", "condition", "denoise_step", "guide", "select", "total"])
    #expect(report["allocations"] as? Int == 0)
    // Two bytes a parameter, and the arena holds them all.
    let weights = try #require(report["weight_bytes"] as? Int)
    #expect(weights == 2 * (report["parameters"] as? Int ?? 0))
    #expect(report["arena_bytes"] as? Int ?? 0 > weights)
    #expect(try String(contentsOf: plot, encoding: .utf8).hasPrefix("<svg"))
  }

  @Test func `the text says where samples are insufficient, and draws the distribution`() throws {
    let outcome = try run(Self.shape + ["--plans", "50"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("insufficient samples"))
    #expect(outcome.output.contains("####"))
  }

  @Test(
    arguments: [
      ["profile"], ["profile", "--shape", "16:1,2", "--model", "x"], ["profile", "--shape", "16"],
      ["profile", "--shape", "17:1,2"], shape + ["--plans", "0"], shape + ["--batch", "0"], shape + ["--period=-1ms"],
      shape + ["--period", "8"],
      shape + ["--kernel", "none"],
    ])
  func `wrong usage is refused`(arguments: [String]) throws { try expectRefusal(arguments, status: 64) }
}
