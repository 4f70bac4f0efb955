// `metadiffuser train`: from a log to a model file, and from bad input to nothing.

import Foundation
import PlannerModel
import Testing

@Suite struct TrainTests {
  let workplace = try! Workplace()

  /// A few steps of the smallest nets: enough to walk the whole way.
  private let brief = [
    "--steps", "2", "--world-model-steps", "2", "--horizon", "8", "--channels", "16,32", "--context-size", "4",
  ]

  @Test func `a log becomes a model that inspect finds healthy, with its provenance`() throws {
    try workplace.writeDataset("log.hdf5")
    let arguments = ["train", "--data", "log.hdf5", "--seed", "3", "-o", "m.safetensors", "--json"] + brief
    #expect(try run(arguments, in: workplace.folder).status == 0)
    #expect(try workplace.files() == ["log.hdf5", "m.safetensors", "m.safetensors.checkpoint.csv"])
    let report = try run(["inspect", workplace.path("m.safetensors"), "--json"]).json()
    #expect(report["family"] as? String == "arm")
    #expect(report["period_ms"] as? Double == 20)
    #expect(report["warnings"] as? [String] == [])
    let provenance = try #require(report["provenance"] as? [String: String])
    #expect(provenance["seed"] == "3")
    #expect(provenance["command"]?.contains("--data log.hdf5 --seed 3") == true)
    #expect(provenance["dataset.seed"] == "1")
  }

  @Test func `a damaged data set is refused, and nothing is written`() throws {
    try workplace.writeDataset("good.hdf5")
    let whole = try workplace.bytes("good.hdf5")
    let path = workplace.path("a.hdf5")
    var flipped = whole
    flipped[whole.count / 2] ^= 0x10
    for (content, words) in [
      (whole.prefix(whole.count / 2), "has changed since it was written"),
      (flipped, "has changed since it was written"),
      (Data(whole.dropFirst(512).prefix(1000)), "is truncated"),
      (Data("x,y\n1,2\n".utf8), "is not an HDF5 file"),
    ] {
      try workplace.write("a.hdf5", content)
      try expectRefusal(
        ["train", "--data", path, "-o", "m.safetensors"], status: 65, "\(path): ", words, in: workplace.folder)
      #expect(try workplace.files() == ["a.hdf5", "good.hdf5"])
    }
    let missing = workplace.path("none.hdf5")
    try expectRefusal(
      ["train", "--data", missing, "-o", "m.safetensors"], status: 1, "\(missing): cannot open", in: workplace.folder)
    #expect(try workplace.files() == ["a.hdf5", "good.hdf5"])
  }

  @Test(
    arguments: [
      (["--steps", "many"], "--steps"), (["--steps=-1"], "denoiserSteps: is -1, expected 1...100000000"),
      (["--channels", "16,x"], "--channels"),
      (["--channels", "15"], "channels: is 15, expected 1...6 multiples of 8 in 16...1024"),
      (["--horizon", "9", "--channels", "16,32"], "horizon"),
      (["--context-size", "0"], "contextSize: is 0, expected 1...256"),
      (["--best-episodes", "0"], "bestEpisodes: is 0.0, expected above 0, at most 1"),
    ])
  func `a setting that training cannot work with is wrong usage`(options: [String], words: String) throws {
    try workplace.writeDataset("log.hdf5")
    try expectRefusal(
      ["train", "--data", "log.hdf5", "-o", "m.safetensors"] + options, status: 64, words, in: workplace.folder)
    #expect(try workplace.files() == ["log.hdf5"])
  }
}
