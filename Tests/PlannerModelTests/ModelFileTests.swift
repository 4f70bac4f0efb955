// Model files: what is written is read back, and what cannot be used is refused with the name of the field.

import Glibc
import PlannerModel
import PlannerRuntime
import Testing

/// A small model with every kind of tensor in it.
private let shape = PlannerShape(
  observationSize: 3, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10)
private let weights = PlannerWeights.random(shape, seed: 1)

private func sampleDescription() -> ModelDescription {
  var options = PlannerOptions()
  // Every setting that a test below replaces in the file, so that no default matters.
  options.candidates = 3
  options.coldSteps = 5
  options.warmSteps = 2
  options.guideStrength = 0.1
  options.guideRounds = 2
  options.conditionWeight = 1
  options.warmLevel = 0.25
  options.guide = .reward
  return ModelDescription(
    family: "arm", shape: shape, periodNanoseconds: 20_000_000, actionLimit: 1, options: options,
    provenance: ["seed": "1", "command": "train \"arm\" — März"])
}

/// A safetensors file as its header's JSON and its data, to be harmed and put together again.
private struct RawFile {
  var header: String
  var data: [UInt8]

  init() throws {
    let path = "model-file-test-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors"
    defer { unlink(path) }
    try LoadedModel.write(sampleDescription(), statistics: weights.statistics, to: path) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
    let bytes = try contents(of: path)
    let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    data = Array(bytes[(8 + length)...])
  }

  var bytes: [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
  }

  func load() throws(ModelError) -> LoadedModel {
    try LoadedModel(file: SafetensorsFile(path: "m", contents: bytes))
  }

  /// Replaces the one place where `old` stands in the header.
  mutating func replace(_ old: String, _ new: String) {
    precondition(header.ranges(of: old).count == 1, "\(old) stands \(header.ranges(of: old).count) times in the header")
    header.replace(old, with: new)
  }

  /// Sets element `index` of a tensor to the number with these bits, of two or four bytes.
  mutating func set<Bits: FixedWidthInteger>(_ tensor: String, _ index: Int, bits: Bits) throws {
    let entry = try #require(header.firstMatch(of: try Regex("\"\(tensor)\":\\{\"data_offsets\":\\[(\\d+),")))
    let begin = try #require(entry[1].substring.flatMap { Int($0) })
    for (offset, byte) in withUnsafeBytes(of: bits.littleEndian, { Array($0) }).enumerated() {
      data[begin + index * MemoryLayout<Bits>.size + offset] = byte
    }
  }
}

private func contents(of path: String) throws -> [UInt8] {
  let file = try #require(fopen(path, "r"))
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
}

/// The sample, whole.
private let pristine = try! RawFile()

@Suite struct ModelFileTests {
  @Test func `a model comes back as it was written`() throws {
    let model = try pristine.load()
    #expect(model.description == sampleDescription())
    #expect(model.weights.statistics == weights.statistics)
    #expect(model.weights.shape == shape)
    #expect(model.weights.actionLimit == 1)
    #expect(model.weights.tensors == weights.tensors)
  }

  @Test func `a file that does not say how its context is made means the pool, and an unknown way is refused`() throws {
    var file = pristine
    file.replace("\"context\":\"pool\"", "\"contexts\":\"pool\"")
    #expect(try file.load().description.shape.contextKind == .pool)
    // How a pool was trained, in files of before.
    file = pristine
    file.replace("\"context\":\"pool\"", "\"context\":\"contrastive\"")
    #expect(try file.load().description.shape.contextKind == .pool)
    file = pristine
    file.replace("\"context\":\"pool\"", "\"context\":\"tea\"")
    #expect(throws: ModelError.self) { try file.load() }
    // An oracle without parameters, and parameters without an oracle.
    file = pristine
    file.replace("\"context\":\"pool\"", "\"context\":\"oracle\"")
    #expect(throws: ModelError.self) { try file.load() }
    file = pristine
    file.replace("\"context\":\"pool\"", "\"parameter_count\":\"2\"")
    #expect(throws: ModelError.self) { try file.load() }
  }

  @Test func `weights are rounded to the nearest fp16`() throws {
    let path = "model-rounding-test-\(getpid()).safetensors"
    defer { unlink(path) }
    try LoadedModel.write(sampleDescription(), statistics: weights.statistics, to: path) { tensor in
      (0..<tensor.count).map { Float($0) / 3 }
    }
    for (name, values) in try LoadedModel(path: path).weights.tensors {
      for (index, value) in values.enumerated() {
        let exact = Float(index) / 3
        // Half a unit in the last of eleven binary places.
        #expect(abs(Float(value) - exact) <= exact / 2048, "\(name)[\(index)]")
      }
    }
  }

  @Test func `every missing tensor is named`() throws {
    let names = shape.tensors.map(\.name) + ["statistics.observation.mean", "statistics.reward.std"]
    for name in names {
      var file = pristine
      file.replace("\"\(name)\"", "\"other\"")
      #expect(throws: ModelError.missing(file: "m", field: name)) { try file.load() }
    }
  }

  @Test func `a tensor of another shape is named, with both shapes`() throws {
    var file = pristine
    file.replace("\"shape\":[128,9]", "\"shape\":[9,128]")
    #expect(
      throws: ModelError.invalid(
        file: "m", field: "encoder.transition.0.weight", found: "of shape [9, 128]", expected: "[128, 9]")
    ) { try file.load() }
  }

  @Test func `a weight that is not finite is named`() throws {
    for (bits, text) in [(UInt16(0x7E00), "nan"), (0x7C00, "inf"), (0xFC00, "-inf")] {
      var file = pristine
      try file.set("denoiser.head.output.weight", 3, bits: bits)
      #expect(
        throws: ModelError.invalid(
          file: "m", field: "denoiser.head.output.weight", found: "\(text) at element 3", expected: "finite numbers")
      ) { try file.load() }
    }
  }

  @Test func `small units are no defect`() throws {
    var file = pristine
    let own = weights.statistics
    for (name, values) in [
      ("observation.min", own.observationMin), ("observation.max", own.observationMax),
      ("observation.std", own.observationStd), ("difference.std", own.differenceStd),
    ] {
      for (index, value) in values.enumerated() {
        try file.set("statistics.\(name)", index, bits: (value * 1e-9).bitPattern)
      }
    }
    try file.set("statistics.reward.std", 0, bits: Float(1e-12).bitPattern)
    #expect(try file.load().weights.statistics.observationStd.allSatisfy { $0 < 1e-7 })
  }

  @Test func `statistics that would make numbers jump are refused by name`() throws {
    for name in ["observation.std", "action.std", "difference.std", "reward.std"] {
      // Rewards have no range in the file that tells whether theirs is small.
      for bad: Float in [0, -1, name == "reward.std" ? 1e-21 : 1e-9, .nan] {
        var file = pristine
        try file.set("statistics.\(name)", 0, bits: bad.bitPattern)
        let error = #expect(throws: ModelError.self) { try file.load() }
        #expect(error?.description.hasPrefix("m: 'statistics.\(name)' is ") == true)
      }
    }
    for name in ["observation", "action"] {
      var file = pristine
      try file.set("statistics.\(name).min", 1, bits: Float(9).bitPattern)
      let error = #expect(throws: ModelError.self) { try file.load() }
      #expect(error?.description == "m: 'statistics.\(name).min' is above the maximum, expected below it")
    }
  }

  @Test(
    arguments: [
      ("format", "metadiffuser-model/2", "metadiffuser-model/1"), ("format", "metadiffuser-model/2", "pt"),
      ("horizon", "8", "9"), ("horizon", "8", "-8"), ("horizon", "8", "eight"), ("channels", "16,32", "16,33"),
      ("channels", "16,32", ""), ("channels", "16,32", "16,x,32"), ("schedule", "cosine", "linear"),
      ("denoising_steps", "10", "0"), ("observation_size", "3", "100000"),
      ("period_nanoseconds", "20000000", "0"), ("action_limit", "1.0", "0"), ("action_limit", "1.0", "nan"),
      ("planner.candidates", "3", "0"), ("planner.cold_steps", "5", "11"), ("planner.warm_steps", "2", "4"),
      ("planner.warm_level", "0.25", "1.5"), ("planner.guide", "reward", "both"),
      ("planner.guide_strength", "0.1", "-1"), ("planner.guide_rounds", "2", "2.5"),
      ("planner.condition_weight", "1.0", "inf"),
    ])
  func `a setting out of range is refused by name`(field: String, good: String, bad: String) throws {
    var file = pristine
    file.replace("\"\(field)\":\"\(good)\"", "\"\(field)\":\"\(bad)\"")
    let error = #expect(throws: ModelError.self) { try file.load() }
    #expect(error?.description.hasPrefix("m: '__metadata__.\(field)' is ") == true, "\(error?.description ?? "loaded")")
  }

  @Test func `a missing setting is named`() throws {
    for field in ["format", "family", "channels", "period_nanoseconds", "planner.warm_level", "planner.guide"] {
      var file = pristine
      file.replace("\"\(field)\":", "\"other\":")
      #expect(throws: ModelError.missing(file: "m", field: "__metadata__.\(field)")) { try file.load() }
    }
  }

  @Test func `damage is refused, or what loads is finite and plans finite commands`() throws {
    let file = pristine
    let whole = file.bytes
    let headerEnd = whole.count - file.data.count
    // Half of the harm goes to the header and the statistics behind it, where there is more to break.
    let statisticsEnd = headerEnd + 4 * (7 * 3 + 4 * 2 + 2)
    var random = RandomSource(seed: 3)
    var loadedCount = 0
    for round in 0..<600 {
      var bytes = whole
      for _ in 0...random.index(below: 3) {
        let position = random.index(below: round % 2 == 0 ? statisticsEnd : bytes.count)
        bytes[position] ^= 1 << UInt8(random.index(below: 8))
      }
      guard let model = try? LoadedModel(file: SafetensorsFile(path: "m", contents: bytes)) else { continue }
      loadedCount += 1
      #expect(model.weights.tensors.values.allSatisfy { $0.allSatisfy(\.isFinite) })
      guard loadedCount % 8 == 0 else { continue }
      let options = model.description.options
      guard Planner.requiredBytes(model.weights, options: options) < 64 << 20 else { continue }
      var planner = try Planner(weights: model.weights, options: options)
      _ = planner.plan(
        observation: [Float](repeating: 0.5, count: planner.observationSize), budgetNanoseconds: .max)
      let limit = model.description.actionLimit
      for index in 0..<planner.actionSize { #expect(abs(planner.action(0)[index]) <= limit) }
    }
    #expect(loadedCount > 50, "the harm is too coarse to show anything")
  }

  // MARK: The bank of contexts

  private func write(_ bank: ContextBank) throws -> SafetensorsFile {
    let path = "model-bank-test-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors"
    defer { unlink(path) }
    try LoadedModel.write(sampleDescription(), statistics: weights.statistics, bank: bank, to: path) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
    return try SafetensorsFile(path: path)
  }

  private func sampleBank(parameters: Int = 2) -> ContextBank {
    var bank = ContextBank.random(shape, count: 5, seed: 6)
    bank.dynamicsScale = [0.1, 0.2, 0.3]
    bank.rewardScale = 0.25
    bank.dynamicsWeight = 0.5
    bank.rewardLimit = 3
    bank.parameters = (0..<5 * parameters).map { Float($0) }
    return bank
  }

  @Test(arguments: [0, 2]) func `a bank is read back as it was written, and makes the belief the default`(
    parameters: Int
  ) throws {
    let bank = sampleBank(parameters: parameters)
    let model = try LoadedModel(file: write(bank))
    #expect(model.weights.bank == bank)
    #expect(model.description.options.contextInference == .belief)
    let copy = "model-bank-copy-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors"
    defer { unlink(copy) }
    try model.write(to: copy, as: model.description)
    #expect(try LoadedModel(path: copy).weights.bank == bank)
  }

  @Test func `a model without a bank has none, and plans with its encoder`() throws {
    let model = try RawFile().load()
    #expect(model.weights.bank == nil)
    #expect(model.description.options.contextInference == .encoder)
  }

  @Test func `a bank that cannot be used is refused by the name of the field`() throws {
    func check(_ field: String, _ change: (inout ContextBank) -> Void) throws {
      var bank = sampleBank()
      change(&bank)
      let file = try write(bank)
      #expect {
        try LoadedModel(file: file)
      } throws: {
        "\($0)".contains("bank.\(field)")
      }
    }
    try check("reward.scale") { $0.rewardScale = 0 }
    try check("dynamics.scale") { $0.dynamicsScale[1] = -1 }
    try check("dynamics.weight") { $0.dynamicsWeight = 1.5 }
    try check("reward.weight") { $0.rewardWeight = -0.1 }
    try check("reward.limit") { $0.rewardLimit = 0 }
    try check("contexts") { $0.contexts[3] = 1.5 }
    try check("distances") { $0.distances[1] = -1 }
  }
}
