// Reading safetensors: an 8-byte length, a JSON header, then the tensors. Nothing in the file is trusted until checked.

import FoundationEssentials
import Glibc

/// Number formats that our files use. Real-time: no.
public enum TensorType: String, Sendable {
  case float16 = "F16"
  case float32 = "F32"

  var bytes: Int { self == .float16 ? 2 : 4 }
}

/// A safetensors file, read whole and checked: header size, JSON, types, shapes, bounds, gaps, overlap.
///
/// Finiteness is checked when a tensor is asked for. Real-time: no (allocates; for start-up only).
public final class SafetensorsFile {
  /// Type and shape of a tensor, and its place in the file. Real-time: no.
  public struct Entry: Equatable, Sendable {
    /// Format of its numbers.
    public let type: TensorType
    /// Size of each dimension, the slowest first.
    public let shape: [Int]
    /// Byte range in the data section.
    let begin: Int, end: Int
  }

  /// The file, as the user named it.
  public let path: String
  /// The file's `__metadata__`.
  public let metadata: [String: String]
  /// The tensors by name.
  public let entries: [String: Entry]
  private let contents: [UInt8]
  /// Where the data section begins in `contents`.
  private let dataStart: Int

  /// Files above this size are refused before they are read: our models are a few megabytes.
  public static let largestFile = 1 << 30
  /// The format's own limit for its header.
  static let largestHeader = 100_000_000

  /// Opens and checks `path`. Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be read or is not sound.
  public convenience init(path: String) throws(ModelError) {
    try self.init(path: path, contents: readFile(path))
  }

  /// Checks `contents` as if read from `path`; the entry for fuzzing.
  package init(path: String, contents: [UInt8]) throws(ModelError) {
    guard contents.count >= 8 else {
      throw .damaged(file: path, reason: "\(contents.count) bytes, too short for a header")
    }
    guard contents[..<8] != [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] else {
      throw .invalid(
        file: path, field: "format", found: "HDF5, as data sets are",
        expected:
          "safetensors: 'metadiffuser warm-start' records a warm start, "
          + "'metadiffuser train' makes a model of a data set"
      )
    }
    let declared = (0..<8).reduce(UInt64(0)) { $0 | UInt64(contents[$1]) << UInt64(8 * $1) }
    guard declared <= UInt64(Self.largestHeader), Int(declared) <= contents.count - 8 else {
      throw .damaged(file: path, reason: "header of \(declared) bytes in a file of \(contents.count)")
    }
    let headerEnd = 8 + Int(declared)
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(contents[8..<headerEnd]))
    } catch {
      throw .damaged(file: path, reason: "the header is not the JSON that the format prescribes")
    }
    let dataCount = contents.count - headerEnd
    var entries: [String: Entry] = [:]
    for (name, raw) in header.tensors {
      guard let type = TensorType(rawValue: raw.dtype) else {
        throw .invalid(file: path, field: name, found: "of type \(raw.dtype)", expected: "F16 or F32")
      }
      guard raw.shape.count <= 8, raw.shape.allSatisfy({ $0 >= 0 && $0 <= 1 << 30 }) else {
        throw .damaged(file: path, reason: "tensor '\(name)' has shape \(raw.shape)")
      }
      var bytes = type.bytes
      for size in raw.shape {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
        guard !overflow else { throw .damaged(file: path, reason: "tensor '\(name)' has shape \(raw.shape)") }
        bytes = product
      }
      guard raw.dataOffsets.count == 2, raw.dataOffsets[0] >= 0, raw.dataOffsets[0] <= raw.dataOffsets[1],
        raw.dataOffsets[1] <= dataCount
      else {
        throw .damaged(
          file: path, reason: "tensor '\(name)' lies at \(raw.dataOffsets), outside the \(dataCount) bytes of data")
      }
      guard raw.dataOffsets[1] - raw.dataOffsets[0] == bytes else {
        throw .damaged(
          file: path,
          reason: "tensor '\(name)' takes \(raw.dataOffsets[1] - raw.dataOffsets[0]) bytes, its shape \(bytes)")
      }
      entries[name] = Entry(type: type, shape: raw.shape, begin: raw.dataOffsets[0], end: raw.dataOffsets[1])
    }
    // The format wants the data section covered without holes; that also rules out overlap.
    var covered = 0
    for (name, entry) in entries.sorted(by: { ($0.value.begin, $0.value.end) < ($1.value.begin, $1.value.end) }) {
      guard entry.begin == covered else {
        throw .damaged(
          file: path, reason: "tensor '\(name)' begins at \(entry.begin), not at \(covered) (overlap or hole)")
      }
      covered = entry.end
    }
    guard covered == dataCount else {
      throw .damaged(file: path, reason: "\(dataCount - covered) bytes behind the last tensor")
    }
    self.path = path
    self.metadata = header.metadata
    self.entries = entries
    self.contents = contents
    dataStart = headerEnd
  }

  /// The values of `name` as fp32, row-major. Real-time: no.
  ///
  /// - Throws: `ModelError` unless the tensor is there, its shape is `shape` and every value is finite.
  public func tensor(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
    let entry = try entry(name, shape: shape)
    let values: [Float] =
      switch entry.type {
      case .float16: numbers(entry, as: Float16.self).map { Float($0) }
      case .float32: numbers(entry, as: Float.self)
      }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw .invalid(file: path, field: name, found: "\(values[bad]) at element \(bad)", expected: "finite numbers")
    }
    return values
  }

  /// The values of `name` as fp16, row-major. Real-time: no.
  ///
  /// - Throws: `ModelError` unless the tensor is there, its shape is `shape` and every value is finite and fits.
  public func halves(_ name: String, shape: [Int]) throws(ModelError) -> [Float16] {
    let entry = try entry(name, shape: shape)
    guard entry.type == .float16 else {
      let values = try tensor(name, shape: shape)
      let halves = values.map { Float16($0) }
      if let bad = halves.firstIndex(where: { !$0.isFinite }) {
        throw .invalid(file: path, field: name, found: "\(values[bad])", expected: "numbers that fit fp16")
      }
      return halves
    }
    // As they lie in the file: a model's weights are copied, not converted one by one.
    let halves = numbers(entry, as: Float16.self)
    var largestExponent: UInt16 = 0
    for half in halves { largestExponent = max(largestExponent, half.bitPattern & 0x7C00) }
    if largestExponent == 0x7C00, let bad = halves.firstIndex(where: { !$0.isFinite }) {
      throw .invalid(file: path, field: name, found: "\(halves[bad]) at element \(bad)", expected: "finite numbers")
    }
    return halves
  }

  private func entry(_ name: String, shape: [Int]) throws(ModelError) -> Entry {
    guard let entry = entries[name] else { throw .missing(file: path, field: name) }
    guard entry.shape == shape else {
      throw .invalid(file: path, field: name, found: "of shape \(entry.shape)", expected: "\(shape)")
    }
    return entry
  }

  /// The numbers of a tensor, copied as they are: the format is little-endian, and so is every processor we run on.
  private func numbers<Number: BitwiseCopyable>(_ entry: Entry, as type: Number.Type) -> [Number] {
    let bytes = dataStart + entry.begin..<dataStart + entry.end
    let count = bytes.count / MemoryLayout<Number>.size
    return [Number](unsafeUninitializedCapacity: count) { numbers, initialized in
      contents.withUnsafeBytes { UnsafeMutableRawBufferPointer(numbers).copyMemory(from: .init(rebasing: $0[bytes])) }
      initialized = count
    }
  }

  /// A metadata field that must be there. Real-time: no.
  ///
  /// - Throws: `ModelError.missing` where it is not.
  public func field(_ name: String) throws(ModelError) -> String {
    guard let text = metadata[name] else { throw .missing(file: path, field: "__metadata__.\(name)") }
    return text
  }

  /// A metadata field that must be a whole number in `range`. Real-time: no.
  ///
  /// - Throws: `ModelError` where it is missing or something else.
  public func integer(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
    let text = try field(name)
    guard let value = Int(text), range.contains(value) else {
      throw .invalid(
        file: path, field: "__metadata__.\(name)", found: "'\(text)'",
        expected: "\(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// A metadata field that must be a number in `range`. Real-time: no.
  ///
  /// - Throws: `ModelError` where it is missing or something else.
  public func number(_ name: String, in range: ClosedRange<Double>) throws(ModelError) -> Double {
    let text = try field(name)
    guard let value = Double(text), value.isFinite, range.contains(value) else {
      throw .invalid(
        file: path, field: "__metadata__.\(name)", found: "'\(text)'",
        expected: "\(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }
}

/// The header's JSON: tensors by name, and `__metadata__`.
private struct Header: Decodable {
  struct Tensor: Decodable {
    let dtype: String
    let shape: [Int]
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  var tensors: [String: Tensor] = [:]
  var metadata: [String: String] = [:]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
      }
    }
  }
}

/// The whole of a regular file.
func readFile(_ path: String) throws(ModelError) -> [UInt8] {
  func failed(_ operation: String) -> ModelError {
    .system(file: path, operation: operation, reason: String(cString: strerror(errno)))
  }
  // Non-blocking, so that a pipe is refused instead of waited for.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw failed("open") }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw failed("read") }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw .system(file: path, operation: "read", reason: "not a regular file")
  }
  let size = Int(status.st_size)
  guard size <= SafetensorsFile.largestFile else {
    throw .damaged(file: path, reason: "\(size) bytes, more than the \(SafetensorsFile.largestFile) a model may have")
  }
  var failure: ModelError?
  let contents = [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
    while filled < size, failure == nil {
      let count = read(descriptor, bytes.baseAddress! + filled, size - filled)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { failure = failed("read") }
      if count == 0 { failure = .damaged(file: path, reason: "it shrank while being read") }
      filled += max(0, count)
    }
  }
  if let failure { throw failure }
  return contents
}
