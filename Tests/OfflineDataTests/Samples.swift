// Small data sets and files for the tests of this module.

import Foundation
import Foundations
import OfflineData

/// Two episodes of a made-up robot with 3 observation and 2 action channels.
func sampleDataset() -> Dataset {
  var random = RandomSource(seed: 1)
  func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in 2 * random.uniform() - 1 } }
  return Dataset(
    family: "arm", observationSize: 3, actionSize: 2, actionLimit: 1, periodNanoseconds: 20_000_000,
    episodes: [
      Episode(
        task: 0, parameters: [2.5], behaviour: "expert", observations: numbers(15), actions: numbers(8),
        rewards: numbers(4), terminated: false),
      Episode(
        task: 1, parameters: [], behaviour: "by hand, März", observations: numbers(6), actions: numbers(2),
        rewards: numbers(1), terminated: true),
    ],
    provenance: ["command": "test", "seed": "1"])
}

/// Runs `body` with a folder of its own, removed afterwards.
func withTemporaryFolder(_ body: (_ folder: String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("metadiffuser-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}
