// The seal on a data set: a checksum over the file, checked before libhdf5, which crashes on some damaged files, sees
// it.

import Foundation
import PlannerModel

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
    let isWhole = content.dropFirst(size).withUnsafeBytes { content.prefix(size).elementsEqual(line(before: $0)) }
    guard isWhole else {
      throw .damaged(
        file: path,
        reason: "has changed since it was written (if that was on purpose, take the seal off:"
          + " dd if=/dev/zero of=FILE bs=\(size) count=1 conv=notrunc)")
    }
  }

  /// The seal of a file that goes on with `content`.
  package static func bytes(before content: [UInt8]) -> [UInt8] {
    content.withUnsafeBytes { line(before: $0) }
  }

  private static func line(before content: UnsafeRawBufferPointer) -> [UInt8] {
    var checksum = Fingerprint()
    checksum.add(bytes: content)
    let text = Array((mark + checksum.text + "\n").utf8)
    return text + [UInt8](repeating: 0, count: size - text.count)
  }
}
