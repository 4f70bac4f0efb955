// The seal on a data set: a checksum over the file, checked before libhdf5, which crashes on some damaged files, sees it.

import Foundation

/// The first bytes of a file that we wrote: a line of text with the checksum of all that follows.
/// Files without a seal come from other programs and are read as they are.
package enum FileSeal {
  /// Bytes before the HDF5 file proper; HDF5 looks for its own signature at 0, 512, 1 024 ...
  package static let size = 512
  private static let mark = "metadiffuser data set, HDF5 from byte 512 on, FNV-1a "

  /// Throws when the file cannot be read, or is not what its seal says.
  static func verify(_ path: String) throws(DataError) {
    let content: Data
    do {
      content = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw .system(file: path, operation: "open", reason: error.localizedDescription)
    }
    guard content.starts(with: mark.utf8) else { return }
    guard content.prefix(size) == line(for: content) else {
      throw .damaged(
        file: path,
        reason: "has changed since it was written (if that was on purpose, take the seal off:"
          + " dd if=/dev/zero of=FILE bs=\(size) count=1 conv=notrunc)")
    }
  }

  /// Seals the finished file at `path` and hands it to the disk; errors name it `file`.
  package static func write(_ path: String, file: String) throws(DataError) {
    do {
      let url = URL(fileURLWithPath: path)
      let seal = line(for: try Data(contentsOf: url, options: .mappedIfSafe))
      let handle = try FileHandle(forUpdating: url)
      try handle.write(contentsOf: seal)
      try handle.synchronize()
      try handle.close()
    } catch {
      throw .system(file: file, operation: "write", reason: error.localizedDescription)
    }
  }

  private static func line(for content: Data) -> Data {
    let text = mark + String(checksum(content.dropFirst(size)), radix: 16) + "\n"
    return Data(text.utf8) + Data(repeating: 0, count: size - text.utf8.count)
  }

  /// FNV-1a, 64 bits (Fowler, Noll and Vo).
  private static func checksum(_ bytes: Data) -> UInt64 {
    bytes.withUnsafeBytes { $0.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
  }
}
