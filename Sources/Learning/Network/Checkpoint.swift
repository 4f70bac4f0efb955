// A training state on disk: named sections of bytes in one file, replaced as a whole so that no run leaves a broken
// one.

import Foundation
import PlannerModel
import PlannerRuntime

/// Named sections of plain numbers. A checkpoint is read by the same program on the same kind of machine that wrote it;
/// models that leave the machine are safetensors. Real-time: no.
public struct Checkpoint {
  private var sections: [String: Data] = [:]
  /// Before it stands what the file is, and the checksum of the rest.
  private static let magic = Array("MDCHECK2".utf8)
  private static let headSize = 16

  public init() {}

  /// Stores plain numbers (no references inside) under `name`.
  public mutating func set<Number: BitwiseCopyable>(_ name: String, _ values: UnsafeBufferPointer<Number>) {
    sections[name] = Data(buffer: values)
  }

  /// Stores plain numbers under `name`.
  public mutating func set<Number: BitwiseCopyable>(_ name: String, _ values: [Number]) {
    values.withUnsafeBufferPointer { set(name, $0) }
  }

  /// Stores a flat buffer.
  public mutating func set(_ name: String, _ buffer: FloatBuffer) {
    set(name, UnsafeBufferPointer(start: buffer.pointer, count: buffer.count))
  }

  /// Stores a random source with its whole state.
  public mutating func set(_ name: String, _ random: RandomSource) {
    set(name, [random.s0, random.s1, random.s2, random.s3, UInt64(random.spare.bitPattern), random.hasSpare ? 1 : 0])
  }

  /// Stores an optimiser: step and both moments.
  public mutating func set(_ name: String, _ adam: Adam) {
    set("\(name).step", [Int64(adam.step)])
    set("\(name).first", adam.firstMoment)
    set("\(name).second", adam.secondMoment)
  }

  /// The numbers under `name`; nil when there are none or their size does not fit.
  public func numbers<Number: BitwiseCopyable>(_ name: String, as type: Number.Type = Number.self) -> [Number]? {
    guard let data = sections[name], data.count % MemoryLayout<Number>.stride == 0 else { return nil }
    return data.withUnsafeBytes { bytes in
      [Number](unsafeUninitializedCapacity: bytes.count / MemoryLayout<Number>.stride) { target, count in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        count = target.count
      }
    }
  }

  /// The numbers under `name`, which must be `count` many.
  public func numbers<Number: BitwiseCopyable>(
    _ name: String, count: Int, as type: Number.Type = Number.self, path: String
  ) throws(LearningError) -> [Number] {
    guard let values: [Number] = numbers(name), values.count == count else {
      throw .file(
        path: path, problem: "section '\(name)' is not \(count) numbers: it belongs to another run, delete it")
    }
    return values
  }

  /// Puts the section's values into `buffer`.
  public func restore(_ name: String, into buffer: FloatBuffer, path: String) throws(LearningError) {
    buffer.assign(try numbers(name, count: buffer.count, path: path))
  }

  /// The random source stored under `name`.
  public func random(_ name: String, path: String) throws(LearningError) -> RandomSource {
    let words: [UInt64] = try numbers(name, count: 6, path: path)
    var random = RandomSource(seed: 0)
    (random.s0, random.s1, random.s2, random.s3) = (words[0], words[1], words[2], words[3])
    random.spare = Float(bitPattern: UInt32(truncatingIfNeeded: words[4]))
    random.hasSpare = words[5] == 1
    return random
  }

  /// Continues `adam` from its stored state.
  public func restore(_ name: String, into adam: Adam, path: String) throws(LearningError) {
    let count = adam.firstMoment.count
    let step: [Int64] = try numbers("\(name).step", count: 1, path: path)
    adam.restore(
      step: Int(step[0]), firstMoment: try numbers("\(name).first", count: count, path: path),
      secondMoment: try numbers("\(name).second", count: count, path: path))
  }

  /// Writes all sections to a temporary file beside `path`, then renames it.
  public func save(path: String) throws(LearningError) {
    var file: [UInt8] = []
    func append(_ number: Int) { withUnsafeBytes(of: UInt64(number)) { file.append(contentsOf: $0) } }
    append(sections.count)
    for (name, bytes) in sections.sorted(by: { $0.key < $1.key }) {
      append(name.utf8.count)
      file.append(contentsOf: name.utf8)
      append(bytes.count)
      file.append(contentsOf: bytes)
    }
    try LearningError.writing(path) { () throws(ModelError) in
      try OutputFile(path).write(Self.magic + Self.checksum(file), file)
    }
  }

  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var sum = Fingerprint()
    bytes.withUnsafeBytes { sum.add(bytes: $0) }
    return withUnsafeBytes(of: sum.value) { Array($0) }
  }

  /// Reads a checkpoint; every length is checked against the file's.
  public static func load(path: String) throws(LearningError) -> Checkpoint {
    guard let file = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
      throw .file(path: path, problem: "cannot be read")
    }
    var position = 0
    func take(_ count: UInt64) -> Data? {
      guard count <= UInt64(file.count - position) else { return nil }
      defer { position += Int(count) }
      return file.subdata(in: position..<position + Int(count))
    }
    func number() -> UInt64? { take(8)?.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } }
    var checkpoint = Checkpoint()
    guard let start = take(8), Array(start.dropLast()) == magic.dropLast() else {
      throw .file(path: path, problem: "is not a checkpoint: delete it to start anew")
    }
    guard Array(start) == magic else {
      throw .file(path: path, problem: "is another version's checkpoint: delete it to start anew")
    }
    guard let sum = take(8), Array(sum) == checksum(Array(file.dropFirst(headSize))), let count = number() else {
      throw .file(
        path: path, problem: "the checkpoint is damaged, its checksum does not fit: delete it to start anew")
    }
    for _ in 0..<count {
      guard let nameLength = number(), let name = take(nameLength), let length = number(), let bytes = take(length)
      else {
        throw .file(path: path, problem: "the checkpoint is truncated: delete it to start anew")
      }
      checkpoint.sections[String(decoding: name, as: UTF8.self)] = bytes
    }
    return checkpoint
  }
}
