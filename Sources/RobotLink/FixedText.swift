// Text in a value of fixed size, so that names and messages of a hand-shake need no heap.

/// UTF-8 text of at most 159 bytes; what does not fit is cut off. Real-time: yes.
public struct FixedText: Sendable, Equatable {
  private(set) var bytes = InlineArray<160, UInt8>(repeating: 0)
  private(set) var count = 0

  /// The empty text. Real-time: yes.
  @_noAllocation @_noLocks
  public init() {}

  /// A text of the program's own. Real-time: yes.
  @_noAllocation @_noLocks
  public init(fixed text: StaticString) {
    append(text)
  }

  /// Copies a C string; nil if it has more than `limit` bytes.
  @_noAllocation @_noLocks
  init?(_ text: UnsafePointer<CChar>, limit: Int) {
    var length = 0
    while text[length] != 0 {
      if length == limit { return nil }
      length += 1
    }
    // Delegating, since Swift 6.3.1's optimiser drops changes made after the stored properties' own initial values
    // here.
    self.init()
    for index in 0..<length { append(UInt8(bitPattern: text[index])) }
  }

  @_noAllocation @_noLocks
  mutating func append(_ byte: UInt8) {
    if count < LinkLimits.textBytes {
      bytes[count] = byte
      count += 1
    }
  }

  @_noAllocation @_noLocks
  mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
  }

  @_noAllocation @_noLocks
  mutating func append(_ text: borrowing FixedText) {
    for index in 0..<text.count { append(text.bytes[index]) }
  }

  /// Appends `text` between quotation marks.
  @_noAllocation @_noLocks
  mutating func append(quoted text: borrowing FixedText) {
    append(UInt8(ascii: "'"))
    append(text)
    append(UInt8(ascii: "'"))
  }

  /// Appends `number` in decimal digits.
  @_noAllocation @_noLocks
  mutating func append(_ number: UInt64) {
    var power: UInt64 = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      append(UInt8(truncatingIfNeeded: 48 + number / power % 10))
      power /= 10
    }
  }

  /// Writes the text and a zero byte to `target`, which has room for 160 bytes.
  @_noAllocation @_noLocks
  func copy(to target: UnsafeMutablePointer<CChar>) {
    for index in 0..<160 { target[index] = CChar(bitPattern: bytes[index]) }
  }

  /// Writes at most `limit` bytes of the text and a zero byte to `target`.
  @_noAllocation @_noLocks
  func copy(to target: UnsafeMutablePointer<CChar>, bytes limit: Int) {
    let length = min(count, limit)
    for index in 0..<length { target[index] = CChar(bitPattern: bytes[index]) }
    target[length] = 0
  }

  @_noAllocation @_noLocks
  public static func == (left: FixedText, right: FixedText) -> Bool {
    if left.count != right.count { return false }
    for index in 0..<left.count where left.bytes[index] != right.bytes[index] { return false }
    return true
  }

  /// Whether there is no text. Real-time: yes.
  public var isEmpty: Bool { count == 0 }
}
