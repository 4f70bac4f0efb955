// Data sets on disk: what is written is read again, and what is damaged or unfit is refused by name.

import Foundation
import OfflineData
import Testing

@Suite struct DatasetFileTests {
  @Test func `a data set is read as it was written`() throws {
    try withTemporaryFolder { folder in
      let dataset = sampleDataset()
      try dataset.save(path: folder + "/a.hdf5")
      #expect(try Dataset.load(path: folder + "/a.hdf5") == dataset)
    }
  }

  @Test func `saving replaces the old file and leaves nothing else behind`() throws {
    try withTemporaryFolder { folder in
      var dataset = sampleDataset()
      try dataset.save(path: folder + "/a.hdf5")
      dataset.episodes.removeLast()
      try dataset.save(path: folder + "/a.hdf5")
      #expect(try Dataset.load(path: folder + "/a.hdf5").episodes.count == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.hdf5"])
    }
  }

  @Test(arguments: [Double.nan, .infinity]) func `a task's parameter that is no number is refused`(value: Double) throws
  {
    try withTemporaryFolder { folder in
      var dataset = sampleDataset()
      dataset.episodes[0].parameters = [1, value]
      let error = #expect(throws: DataError.self) { try dataset.save(path: folder + "/a.hdf5") }
      #expect(error?.description.contains("parameters[1]") == true)
    }
  }

  @Test func `a missing file and a missing folder are said`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/none/a.hdf5"
      let reading = #expect(throws: DataError.self) { try Dataset.load(path: path) }
      #expect(reading?.description.hasPrefix("\(path): cannot open: ") == true)
      let writing = #expect(throws: DataError.self) { try sampleDataset().save(path: path) }
      #expect(writing?.description.hasPrefix("\(path): cannot create: ") == true)
    }
  }

  @Test func `a foreign and an empty file are no HDF5 files`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.hdf5"
      for content in ["", "not a data set", String(repeating: "x", count: 100_000)] {
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: DataError.damaged(file: path, reason: "is not an HDF5 file")) { try Dataset.load(path: path) }
      }
    }
  }

  @Test func `a truncated file is refused, wherever it is cut`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.hdf5"
      try sampleDataset().save(path: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in stride(from: 0, to: whole.count, by: 97) {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: DataError.self) { try Dataset.load(path: path) }
      }
    }
  }

  @Test func `a flipped byte is refused, wherever it is behind the seal`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.hdf5"
      try sampleDataset().save(path: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for position in stride(from: 60, to: whole.count, by: 61) {
        var damaged = whole
        damaged[position] ^= 0x55
        try damaged.write(to: URL(fileURLWithPath: path))
        #expect(throws: DataError.self) { try Dataset.load(path: path) }
      }
    }
  }

  @Test func `a file whose seal was taken off on purpose is read`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.hdf5"
      try sampleDataset().save(path: path)
      var content = try Data(contentsOf: URL(fileURLWithPath: path))
      content.resetBytes(in: 0..<512)
      try content.write(to: URL(fileURLWithPath: path))
      #expect(try Dataset.load(path: path) == sampleDataset())
    }
  }

  @Test func `an unhealthy episode is refused with its place, and nothing is written`() {
    let harms: [(message: String, harm: (inout Dataset) -> Void)] = [
      ("observations[2][1] is nan", { $0.episodes[0].observations[7] = .nan }),
      ("actions[3][0] is inf", { $0.episodes[0].actions[6] = .infinity }),
      ("rewards[3][0] is -inf", { $0.episodes[0].rewards[3] = -.infinity }),
      ("actions[0][1] is 1.5; clamp it to action_limit 1.0", { $0.episodes[0].actions[1] = 1.5 }),
      ("actions has 7 values; 4 steps need 8", { $0.episodes[0].actions.removeLast() }),
      ("rewards is empty", { $0.episodes[0].rewards = [] }),
      ("task is -1", { $0.episodes[0].task = -1 }),
    ]
    for (message, harm) in harms {
      var dataset = sampleDataset()
      harm(&dataset)
      let error = #expect(throws: DataError.self) { try dataset.save(path: "unwritten.hdf5") }
      #expect(error?.description.hasPrefix("unwritten.hdf5: episode_0: \(message)") == true)
      #expect(!FileManager.default.fileExists(atPath: "unwritten.hdf5"))
    }
  }

  @Test func `an empty data set is refused`() {
    var dataset = sampleDataset()
    dataset.episodes = []
    let error = #expect(throws: DataError.self) { try dataset.check(file: "a.hdf5") }
    #expect(error?.description == "a.hdf5: the data set has no episodes; record at least one")
  }
}
