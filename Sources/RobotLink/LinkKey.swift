// The key of a sealed link, and the file it is kept in: 32 random bytes that nobody but the file's owner can read.

import CSeal
import Glibc

/// A key that a robot and its controllers share. Real-time: no.
public struct LinkKey: Sendable {
  private let bytes: InlineArray<32, UInt8>

  /// Reads a key file: 32 bytes, or the same as 64 hexadecimal digits. Real-time: no.
  ///
  /// - Throws: `LinkError` unless it is a regular file of this user's that nobody else can read.
  public init(file path: String) throws(LinkError) {
    // Not to be held up by a pipe, nor to be led elsewhere.
    let file = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      let code = errno
      if code == ELOOP { throw .badKey(path, reason: "it is a symbolic link; name the file that it leads to") }
      throw .unreadableKey(path, cause: String(cString: strerror(code)))
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .unreadableKey(path, cause: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .badKey(path, reason: "it is no regular file") }
    guard status.st_uid == geteuid() else {
      throw .badKey(
        path,
        reason: "it belongs to user \(status.st_uid), who knows the key; make it yours: chown \(geteuid()) \(path)")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o7777, radix: 8)
      throw .badKey(path, reason: "its mode is 0\(mode): others may read or change it; chmod 600 \(path)")
    }
    // One byte more than the longest that is right: 64 digits and the end of a line.
    var text = [UInt8](repeating: 0, count: 66)
    let count = read(file, &text, text.count)
    guard count >= 0 else { throw .unreadableKey(path, cause: String(cString: strerror(errno))) }
    guard let key = Self.parse(text[..<count]) else {
      throw .badKey(
        path,
        reason: "it holds neither 32 bytes nor 64 hexadecimal digits; metadiffuserd make-key FILE makes a key")
    }
    self = try Self(bytes: key)
  }

  /// Throws where libsodium finds no source of chance.
  package init(bytes key: [UInt8]) throws(LinkError) {
    precondition(key.count == SealFormat.keyBytes)
    guard seal_start() == 0 else { throw .noEntropy }
    bytes = InlineArray { key[$0] }
  }

  /// A new key that nobody else has. Real-time: no.
  ///
  /// - Throws: `LinkError.noEntropy` where libsodium finds no source of chance.
  public static func random() throws(LinkError) -> LinkKey { try LinkKey(bytes: randomBytes()) }

  private static func randomBytes() throws(LinkError) -> [UInt8] {
    guard seal_start() == 0 else { throw .noEntropy }
    var bytes = [UInt8](repeating: 0, count: SealFormat.keyBytes)
    seal_random(&bytes, bytes.count)
    return bytes
  }

  /// Writes a new random key to `path`, as digits, readable by its owner only. Real-time: no.
  ///
  /// - Throws: `LinkError` if the file exists or cannot be written.
  public static func make(file path: String) throws(LinkError) {
    let key = try randomBytes()
    let digits = Array("0123456789abcdef".utf8)
    let text: [UInt8] = key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + [10]
    let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let code = errno
      if code == EEXIST { throw .badKey(path, reason: "it exists already; remove it, or choose another name") }
      throw .unreadableKey(path, cause: String(cString: strerror(code)))
    }
    let written = write(file, text, text.count)
    let isWhole = close(file) == 0 && written == text.count
    if !isWhole {
      unlink(path)
      throw .unreadableKey(path, cause: "it could not be written whole; is the disk full?")
    }
  }

  /// The key in memory of its own, which `returnStorage` gives back.
  func copied() -> UnsafeMutablePointer<UInt8> {
    let copy = takeStorage(repeating: UInt8(0), count: SealFormat.keyBytes)
    for index in 0..<SealFormat.keyBytes { copy[index] = bytes[index] }
    return copy
  }

  private static func parse(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    if text.count == SealFormat.keyBytes { return Array(text) }
    let digits = text.last == 10 ? text.dropLast() : text
    guard digits.count == 2 * SealFormat.keyBytes else { return nil }
    let values = digits.compactMap { digit -> UInt8? in
      switch digit {
      case 48...57: digit - 48
      case 97...102: digit - 87
      case 65...70: digit - 55
      default: nil
      }
    }
    guard values.count == digits.count else { return nil }
    return (0..<SealFormat.keyBytes).map { values[2 * $0] << 4 | values[2 * $0 + 1] }
  }
}
