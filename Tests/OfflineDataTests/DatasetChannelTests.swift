// Channels of data sets: names, units, limits and slew limits on disk, and in what is refused.

import CHDF5
import Foundation
import Foundations
import OfflineData
import Testing

@Suite struct DatasetChannelTests {
  /// The sample with everything that can be said about its channels.
  private var described: Dataset {
    var dataset = sampleDataset()
    dataset.observationChannels = [
      Channel(name: "hip", unit: "rad", lower: -1.5, upper: 2), Channel(name: "hip velocity", unit: "rad/s"),
      Channel(name: "Höhe", lower: 0),
    ]
    dataset.actionChannels = [
      Channel(name: "hip torque", unit: "N m", lower: -1, upper: 1.5, slew: 20),
      Channel(name: "knee torque", lower: -2, upper: 1),
    ]
    return dataset
  }

  @Test func `names, units, limits and slew limits are read as they were written`() throws {
    try withTemporaryFolder { folder in
      try described.save(path: folder + "/a.hdf5")
      #expect(try Dataset.load(path: folder + "/a.hdf5") == described)
    }
  }

  @Test func `a data set that says nothing of its channels has no attribute for them`() throws {
    try withTemporaryFolder { folder in
      func attributes(_ dataset: Dataset) throws -> [String] {
        let path = folder + "/a.hdf5"
        try dataset.save(path: path)
        let bytes = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: Unicode.ASCII.self)
        return [
          "observation_names", "observation_units", "observation_lower", "observation_upper", "action_names",
          "action_units", "action_lower", "action_upper", "action_slew",
        ].filter { bytes.contains($0) }
      }
      let (plain, full) = (try attributes(sampleDataset()), try attributes(described))
      #expect(plain == [])
      #expect(full.count == 9)
    }
  }

  @Test func `each action is held against its own channel's limits, and named by it`() throws {
    for (value, words) in [
      (-1.2, "episode_0: actions[1][0] (hip torque) is -1.2; clamp it to action_lower -1.0, action_upper 1.5"),
      (1.6, "episode_0: actions[1][0] (hip torque) is 1.6"), (.nan, "episode_0: actions[1][0] (hip torque) is nan"),
    ] as [(Float, String)] {
      var dataset = described
      dataset.episodes[0].actions[2] = value
      let error = #expect(throws: DataError.self) { try dataset.check(file: "a.hdf5") }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    var dataset = described
    (dataset.episodes[0].actions[2], dataset.episodes[0].actions[3]) = (1.5, -2)
    try dataset.check(file: "a.hdf5")
  }

  @Test func `channels that make no sense are refused by name and number`() {
    let harms: [(words: String, harm: (inout Dataset) -> Void)] = [
      (
        "observation channel 1 ('hip'): name is 'hip', as that of channel 0", { $0.observationChannels[1].name = "hip" }
      ),
      ("observation channel 0 ('h\nip'): name has characters", { $0.observationChannels[0].name = "h\nip" }),
      ("observation channel 2 ('Höhe'): lower is 0.0, not below upper, -1.0", { $0.observationChannels[2].upper = -1 }),
      ("action channel 0 ('hip torque'): lower is 2.0, not below upper, 1.5", { $0.actionChannels[0].lower = 2 }),
      ("action channel 1 ('knee torque'): upper is inf", { $0.actionChannels[1].upper = .infinity }),
      ("action channel 1 ('knee torque'): lower is nan", { $0.actionChannels[1].lower = .nan }),
      ("action channel 0 ('hip torque'): slew is 0.0", { $0.actionChannels[0].slew = 0 }),
      ("action channel 0 ('hip torque'): slew is nan", { $0.actionChannels[0].slew = .nan }),
    ]
    for (words, harm) in harms {
      var dataset = described
      harm(&dataset)
      let error = #expect(throws: DataError.self) { try dataset.check(file: "a.hdf5") }
      #expect(error?.description.hasPrefix("a.hdf5: " + words) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `attributes that do not fit the channels are refused by name`() throws {
    for (name, values, words) in [
      ("action_lower", [-1.0], "attribute 'action_lower' has 1 numbers for 2 channels"),
      ("action_slew", [1, 2, 3], "attribute 'action_slew' has 3 numbers for 2 channels"),
      ("observation_upper", [1], "attribute 'observation_upper' has 1 numbers for 3 channels"),
      ("observation_size", [1e6], "observation_size is 1000000; a model can have 1 ... 1024"),
    ] as [(String, [Double], String)] {
      let file = try ForeignFile()
      file.setAttribute(name, of: "/", values, type: hdf5_float64())
      #expect(file.complaint.contains(words), "\(file.complaint)")
    }
  }

  @Test func `lower and upper limits alone say what an action may be, one that needs no zero included`() throws {
    let file = try ForeignFile()
    file.change { id in H5Adelete(id, "action_limit") }
    #expect(file.complaint.contains("attribute 'action_limit' is missing"))
    file.setAttribute("action_lower", of: "/", [-2.0, -1], type: hdf5_float64())
    file.setAttribute("action_upper", of: "/", [1.0, 3], type: hdf5_float64())
    let dataset = try Dataset.load(path: file.path)
    #expect(dataset.actionChannels.map(\.range) == ["-2.0 … 1.0", "-1.0 … 3.0"])
    #expect(dataset.actionLimit == 3)
  }
}
