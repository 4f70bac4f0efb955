// A short hash that tells one input of a computation from another: files, tensors, settings.

import FoundationEssentials

/// FNV-1a, 64 bits (Fowler, Noll and Vo): against confusion, not against malice. Real-time: no.
public struct Fingerprint: Equatable, Sendable {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The hash of nothing. Real-time: no.
  public init() {}

  /// The hash of a file's bytes. Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be read.
  public init(path: String) throws(ModelError) {
    try readFile(path).withUnsafeBytes { add(bytes: $0) }
  }

  /// The hash of a text. Real-time: no.
  public init(_ text: String) { add(text) }

  /// Adds a text and its end. Real-time: no.
  public mutating func add(_ text: String) {
    for byte in text.utf8 { add(word: UInt64(byte)) }
    add(word: 0x100)
  }

  /// Adds bytes. Real-time: no.
  public mutating func add(bytes: UnsafeRawBufferPointer) { for byte in bytes { add(word: UInt64(byte)) } }

  /// Adds one word. Real-time: no.
  public mutating func add(word: UInt64) { hash = (hash ^ word) &* 0x100_0000_01B3 }

  /// The hash of what was added so far. Real-time: no.
  public var value: UInt64 { hash }

  /// The hash in hexadecimal digits. Real-time: no.
  public var text: String { String(hash, radix: 16) }
}
