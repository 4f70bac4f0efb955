// Reports speak of channels by name where they have names, and say their limits.

import Foundation
import Foundations
import OfflineData
import Testing

@Suite struct ChannelReportTests {
  private let workplace = try! Workplace()

  @Test func `inspect names a data set's channels, with units, limits and slew limits`() throws {
    try workplace.writeDataset("a.hdf5") { dataset in
      dataset.observationChannels[1] = Channel(name: "hip velocity", unit: "rad/s")
      dataset.actionChannels[0] = Channel(name: "hip torque", unit: "N m", lower: -1, upper: 2.5, slew: 30)
      for index in stride(from: 1, to: 63, by: 3) {
        dataset.episodes[0].observations[index] = 7
        dataset.episodes[1].observations[index] = 7
      }
    }
    let text = try run(["inspect", workplace.path("a.hdf5")]).output
    #expect(text.contains("action 2 within own limits"), "\(text)")
    #expect(text.contains("warning: observation channels 1 ('hip velocity') never move"), "\(text)")
    let words = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(words.contains { $0.starts(with: ["1", "hip", "velocity", "[rad/s]"]) })
    #expect(
      words.contains {
        $0.starts(with: ["0", "hip", "torque", "[N", "m]"]) && $0.suffix(4) == ["-1.0", "…", "2.5", "30.0"]
      }, "\(text)")
    let report = try run(["inspect", workplace.path("a.hdf5"), "--json"]).json()
    let channels = try #require(report["action_channels"] as? [[String: Any]])
    #expect(channels[0]["name"] as? String == "hip torque" && channels[0]["unit"] as? String == "N m")
    #expect(channels[0]["upper"] as? Double == 2.5 && channels[0]["slew"] as? Double == 30)
    #expect(channels[1]["lower"] as? Double == -1 && channels[1]["slew"] is NSNull?)
  }
}
