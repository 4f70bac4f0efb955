// Writing safetensors: a header in JSON, then the tensors.

import FoundationEssentials

/// Gathers tensors and writes them as one safetensors file that every reader of the format opens.
///
/// Real-time: no.
public struct SafetensorsWriter {
  private struct Tensor {
    let name: String
    let type: TensorType
    let shape: [Int]
    let bytes: [UInt8]
  }

  /// Becomes `__metadata__`.
  public var metadata: [String: String]
  private var tensors: [Tensor] = []

  /// A file without tensors yet. Real-time: no.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds `values`, row-major with `shape`, rounded to `type` (to nearest, ties to even). Real-time: no.
  ///
  /// Precondition: as many values as the shape says, a name not used before, and values that are finite in `type`. A
  /// violation is a defect of the caller: what is trained is checked where it is trained.
  public mutating func add(_ name: String, shape: [Int], type: TensorType, values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "tensor \(name): \(values.count) values for shape \(shape)")
    precondition(!tensors.contains { $0.name == name }, "tensor \(name) twice")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * type.bytes)
    for value in values {
      switch type {
      case .float16:
        let half = Float16(value)
        precondition(half.isFinite, "tensor \(name): \(value) does not fit fp16")
        withUnsafeBytes(of: half.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      case .float32:
        precondition(value.isFinite, "tensor \(name): \(value)")
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    tensors.append(Tensor(name: name, type: type, shape: shape, bytes: bytes))
  }

  /// Writes the file; an interrupted write leaves the old file, or none. Real-time: no.
  ///
  /// - Throws: `ModelError.system` where the file cannot be written.
  public func write(to path: String) throws(ModelError) {
    try OutputFile(path).write(serialised())
  }

  /// The file's bytes: tensors fp32 ones first, which keeps every tensor aligned.
  package func serialised() -> [UInt8] {
    var header: [String: Field] = ["__metadata__": .metadata(metadata)]
    var data: [UInt8] = []
    for tensor in tensors.filter({ $0.type == .float32 }) + tensors.filter({ $0.type == .float16 }) {
      let end = data.count + tensor.bytes.count
      header[tensor.name] = .tensor(dtype: tensor.type.rawValue, shape: tensor.shape, offsets: [data.count, end])
      data += tensor.bytes
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let encoded = try? encoder.encode(header) else { preconditionFailure("strings and integers always encode") }
    var json = [UInt8](encoded)
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json + data
  }

  private enum Field: Encodable {
    case metadata([String: String])
    case tensor(dtype: String, shape: [Int], offsets: [Int])

    enum Keys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .metadata(let fields):
        var container = encoder.singleValueContainer()
        try container.encode(fields)
      case .tensor(let dtype, let shape, let offsets):
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(dtype, forKey: .dtype)
        try container.encode(shape, forKey: .shape)
        try container.encode(offsets, forKey: .dataOffsets)
      }
    }
  }
}
