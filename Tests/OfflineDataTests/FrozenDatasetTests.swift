// A data set as version 0.9.0 wrote it, before channels had names (Tests/Frozen): it loads and means the same.

import Foundation
import Foundations
import OfflineData
import Testing

@Suite struct FrozenDatasetTests {
  private let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Frozen/data-set.hdf5").path

  @Test func `an old data set loads with numbered channels and one limit, and saving it adds nothing`() throws {
    let dataset = try Dataset.load(path: path)
    #expect(dataset.family == "point-robot")
    #expect(dataset.observationChannels == .unnamed(2))
    #expect(dataset.actionChannels == .unnamed(2, limit: 0.1))
    #expect(dataset.actionLimit == 0.1)
    #expect(dataset.periodNanoseconds == 100_000_000)
    #expect(dataset.episodes.count == 12 && dataset.transitionCount == 240)
    #expect(dataset.episodes.map(\.task) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(dataset.episodes.allSatisfy { $0.behaviour == "random" && $0.parameters.count == 2 && !$0.terminated })
    let total = dataset.episodes.reduce(0) { $0 + $1.totalReward }
    #expect(abs(total / 12 + 21.4) < 0.05)
    try withTemporaryFolder { folder in
      try dataset.save(path: folder + "/again.hdf5")
      #expect(try Dataset.load(path: folder + "/again.hdf5") == dataset)
      // HDF5 keeps times: the rest of the file is the same, attributes and all.
      let sizes = try [path, folder + "/again.hdf5"].map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
      #expect(sizes[0] == sizes[1])
    }
  }
}
