// Other people's formats: what is in them arrives, what they do not say is asked for, all at once.

import CHDF5
import Foundation
import OfflineData
import Testing

@Suite struct MinariImportTests {
  /// The sample as Minari keeps data sets, with a goal among the entries of `infos` and one among the observations.
  private func withFolder(_ metadata: String?, _ body: (_ folder: String) throws -> Void) throws {
    let file = try ForeignFile()
    for (episode, rows) in [(0, 5), (1, 2)] {
      file.change { id in
        for group in ["infos", "seen"] { H5Gclose(H5Gcreate2(id, "episode_\(episode)/\(group)", 0, 0, 0)) }
      }
      let goal: [Float] = (0..<rows).flatMap { _ in [Float(episode), -0.5] }
      file.setArray("episode_\(episode)/infos/goal", goal, type: hdf5_float32(), shape: [rows, 2])
      file.setArray("episode_\(episode)/seen/desired", goal, type: hdf5_float32(), shape: [rows, 2])
      file.change { id in
        H5Lmove(id, "episode_\(episode)/observations", id, "episode_\(episode)/seen/arm", 0, 0)
        H5Lmove(id, "episode_\(episode)/seen", id, "episode_\(episode)/observations", 0, 0)
      }
    }
    let folder = URL(fileURLWithPath: file.path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: file.path, toPath: folder + "/data/main_data.hdf5")
    try metadata?.write(toFile: folder + "/data/metadata.json", atomically: true, encoding: .utf8)
    try body(folder)
  }

  private let metadata = #"""
    {"dataset_id": "lab/arm/human-v2", "minari_version": "0.5.4",
     "action_space": "{\"type\": \"Box\", \"low\": [-1.0, -2.0], \"high\": [1.5, 1.0], \"shape\": [2]}",
     "observation_space": "{\"type\": \"Dict\", \"subspaces\": {\"arm\": {\"type\": \"Box\", \#
    \"low\": [-3.0, -Infinity, 0], \"high\": [3.0, Infinity, 1], \"shape\": [3]}}}"}
    """#

  private func request(task: [String] = ["observations/desired"]) -> ImportRequest {
    var request = ImportRequest()
    request.periodNanoseconds = 20_000_000
    request.taskFrom = task
    return request
  }

  @Test func `dictionary observations become named channels, and the task is none of them`() throws {
    try withFolder(metadata) { folder in
      let dataset = try Dataset.importing(minari: folder, request())
      let sample = sampleDataset()
      #expect(dataset.family == "lab-arm-human-v2")
      #expect(dataset.observationChannels.map(\.name) == ["arm.0", "arm.1", "arm.2"])
      #expect(dataset.actionLimit == 2)
      // Each channel has the limits that its space gives it.
      #expect(dataset.actionChannels.map(\.range) == ["-1.0 … 1.5", "-2.0 … 1.0"])
      #expect(dataset.observationChannels.map(\.range) == ["±3.0", "±inf", "0.0 … 1.0"])
      #expect(dataset.episodes.map(\.task) == [0, 1])
      #expect(dataset.episodes.map(\.parameters) == [[0, -0.5], [1, -0.5]])
      for (found, expected) in zip(dataset.episodes, sample.episodes) {
        #expect(found.observations == expected.observations)
        #expect(found.actions == expected.actions)
        #expect(found.rewards == expected.rewards)
        #expect(found.terminated == expected.terminated)
      }
      try dataset.check(file: "imported")
    }
  }

  @Test(arguments: [["infos/goal"], ["task"], ["episode"]])
  func `a task may be told from infos, from an attribute, or not at all`(key: [String]) throws {
    try withFolder(metadata) { folder in
      let dataset = try Dataset.importing(minari: folder, request(task: key))
      #expect(dataset.episodes.map(\.task) == [0, 1])
      // The goal among the observations is a channel like the others then.
      #expect(dataset.observationSize == 5)
    }
  }

  @Test func `all that is missing is listed at once, with what there is instead`() throws {
    try withFolder(#"{"action_space": {"low": "-inf", "high": "inf"}}"#) { folder in
      let error = #expect(throws: ImportError.self) { try Dataset.importing(minari: folder, ImportRequest()) }
      let text = error.map { "\($0)" } ?? ""
      for words in ["3 things", "--period", "--task-from", "infos/goal", "observations/desired", "--action-limit"] {
        #expect(text.contains(words), "\(text)")
      }
      #expect(throws: ImportError.self) { try Dataset.importing(minari: folder, request(task: ["infos/aim"])) }
    }
  }

  @Test func `a folder without Minari's files is refused`() throws {
    try withFolder(nil) { folder in
      #expect(throws: ImportError.self) { try Dataset.importing(minari: folder, request()) }
      #expect(throws: ImportError.self) { try Dataset.importing(minari: "/nowhere", request()) }
    }
  }
}

@Suite struct CSVImportTests {
  private let columns = {
    var columns = CSVColumns(observations: ["q", "dq"], actions: ["u"], reward: "r")
    columns.episode = "run"
    columns.terminated = "fell"
    return columns
  }()

  private let text = """
    run,t,q,dq,u,r,goal,fell
    a,0, 0.0,1,-0.5,2,7,0
    a,1,0.1,2,0.25,3,7,0
    a,2,0.2,3,9,9,7,true
    b,0,1,1,0.75,1,8,0
    b,1,2,2,0,0,8,false

    """

  private func importing(_ text: String, task: [String] = ["goal"], family: String? = "arm") throws -> Dataset {
    var result: Dataset?
    try withTemporaryFolder { folder in
      try text.write(toFile: folder + "/log.csv", atomically: true, encoding: .utf8)
      var request = ImportRequest()
      request.periodNanoseconds = 10_000_000
      request.taskFrom = task
      request.family = family
      result = try Dataset.importing(csv: [folder + "/log.csv"], columns, request)
    }
    return result!
  }

  @Test func `rows become steps, and the last of an episode says where it led`() throws {
    let dataset = try importing(text)
    #expect(dataset.episodes.count == 2)
    #expect(dataset.episodes[0].observations == [0, 1, 0.1, 2, 0.2, 3])
    #expect(dataset.episodes[0].actions == [-0.5, 0.25])
    #expect(dataset.episodes[0].rewards == [2, 3])
    #expect(dataset.episodes.map(\.terminated) == [true, false])
    #expect(dataset.episodes.map(\.parameters) == [[7], [8]])
    #expect(dataset.actionLimit == 0.75)
    #expect(dataset.actionChannels.map(\.name) == ["u"])
    #expect(dataset.observationChannels.map(\.name) == ["q", "dq"])
    try dataset.check(file: "imported")
  }

  @Test func `a table that does not fit is refused by line and column`() throws {
    for (broken, words) in [
      (text.replacingOccurrences(of: "0.25", with: "fast"), "column 'u' is 'fast'"),
      (text.replacingOccurrences(of: "b,0,1,1,", with: "b,0,1,"), "line 5 has 7 cells"),
      (text.replacingOccurrences(of: "dq", with: "qd"), "column 'dq'"),
      (text.replacingOccurrences(of: "0.25", with: "inf"), "no finite number"),
      ("run,run\n1,2\n", "two columns called 'run'"), ("", "no rows"),
    ] {
      let error = #expect(throws: ImportError.self) { try importing(broken) }
      #expect(error.map { "\($0)".contains(words) } == true, "\(words): \(error.map { "\($0)" } ?? "")")
    }
    #expect(throws: ImportError.self) { try importing(text, task: []) }
    #expect(throws: ImportError.self) { try importing(text, family: nil) }
  }

  @Test func `a map of columns with a misspelt key is refused`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/map.json"
      for (map, words) in [
        (#"{"observations": ["q"], "actions": ["u"], "reward": "r", "episodes": "run"}"#, "'episodes' is no key"),
        (#"{"observations": "q", "actions": ["u"], "reward": "r"}"#, "arrays of column names"),
        (#"{"observations": [], "actions": ["u"], "reward": "r"}"#, "one column at least"), ("[]", "no JSON object"),
      ] {
        try map.write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: ImportError.self) { try CSVColumns(path: path) }
        #expect(error.map { "\($0)".contains(words) } == true, "\(words)")
      }
    }
  }
}
