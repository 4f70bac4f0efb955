// The container: what is written is read back, and every kind of damage is refused by name.

import Glibc
import PlannerModel
import PlannerRuntime
import Testing

private func sample() -> SafetensorsWriter {
  var writer = SafetensorsWriter(metadata: ["family": "point-robot", "horizon": "16"])
  writer.add("weight", shape: [2, 3], type: .float16, values: [0, 1, -2.5, 0.1, 65504, -1e-7])
  writer.add("statistics", shape: [2], type: .float32, values: [3.25, 1e-9])
  return writer
}

@Suite struct SafetensorsTests {
  @Test func `values come back rounded to their type`() throws {
    let path = "safetensors-test-\(getpid()).safetensors"
    defer { unlink(path) }
    try sample().write(to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["family": "point-robot", "horizon": "16"])
    #expect(try file.tensor("statistics", shape: [2]) == [3.25, 1e-9])
    #expect(
      try file.tensor("weight", shape: [2, 3]) == [0, 1, -2.5, Float(Float16(0.1)), 65504, Float(Float16(-1e-7))])
  }

  @Test func `every truncation is refused`() {
    let bytes = sample().serialised()
    for length in 0..<bytes.count {
      #expect(throws: ModelError.self) { try SafetensorsFile(path: "cut", contents: Array(bytes[..<length])) }
    }
  }

  @Test func `damage never crashes and never gives non-finite numbers`() {
    let bytes = sample().serialised()
    var random = RandomSource(seed: 7)
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0...random.index(below: 3) {
        damaged[random.index(below: damaged.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let file = try? SafetensorsFile(path: "damaged", contents: damaged) else { continue }
      for (name, entry) in file.entries {
        guard let values = try? file.tensor(name, shape: entry.shape) else { continue }
        #expect(values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test func `wrong shape, type and non-finite values are named`() throws {
    let bytes = sample().serialised()
    let file = try SafetensorsFile(path: "m", contents: bytes)
    #expect(
      throws: ModelError.invalid(file: "m", field: "weight", found: "of shape [2, 3]", expected: "[3, 2]")
    ) { try file.tensor("weight", shape: [3, 2]) }
    #expect(throws: ModelError.missing(file: "m", field: "bias")) { try file.tensor("bias", shape: [1]) }
    // The last value is fp16 and lies at the end of the file: an exponent of all ones is not finite.
    var poisoned = bytes
    poisoned[poisoned.count - 1] = 0x7C
    let bad = try SafetensorsFile(path: "m", contents: poisoned)
    #expect(throws: ModelError.self) { try bad.tensor("weight", shape: [2, 3]) }
  }

  @Test func `overlap, holes and foreign files are refused`() {
    func file(_ json: String, dataBytes: Int) -> [UInt8] {
      let header = Array(json.utf8)
      return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
        + [UInt8](repeating: 0, count: dataBytes)
    }
    let tensor = { (begin: Int, end: Int) in #"{"dtype":"F32","shape":[1],"data_offsets":[\#(begin),\#(end)]}"# }
    let cases = [
      file(#"{"a":\#(tensor(0, 4)),"b":\#(tensor(0, 4))}"#, dataBytes: 4),
      file(#"{"a":\#(tensor(0, 4)),"b":\#(tensor(8, 12))}"#, dataBytes: 12),
      file(#"{"a":\#(tensor(0, 4))}"#, dataBytes: 8),
      file(#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, dataBytes: 8),
      file(#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, dataBytes: 4),
      file(#"{"a":{"dtype":"F32","shape":[1073741824,1073741824,1073741824],"data_offsets":[0,4]}}"#, dataBytes: 4),
      file("[1, 2]", dataBytes: 0),
      Array("\u{7f}ELF some other program's file, long enough to look at".utf8),
    ]
    for contents in cases {
      #expect(throws: ModelError.self) { try SafetensorsFile(path: "foreign", contents: contents) }
    }
  }

  @Test func `a data set is called one`() {
    let start: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let error = #expect(throws: ModelError.self) {
      try SafetensorsFile(path: "logs.hdf5", contents: start + [UInt8](repeating: 0, count: 100))
    }
    #expect(error?.description.contains("logs.hdf5") == true && error?.description.contains("HDF5") == true)
  }

  @Test func `a missing file and a folder are system errors`() {
    #expect(throws: ModelError.self) { try SafetensorsFile(path: "no-such-file") }
    #expect(throws: ModelError.self) { try SafetensorsFile(path: "/") }
  }

  @Test func `a failed write leaves nothing behind`() {
    #expect(throws: ModelError.self) { try sample().write(to: "no-such-folder/x.safetensors") }
    #expect(access("no-such-folder", F_OK) != 0)
  }
}
