// What a file is, by its content: names lie, first bytes and metadata do not.

import Foundation
import Learning
import PlannerModel

/// The kinds of file that this program reads.
package enum FileKind {
  case model(SafetensorsFile)
  case expert(SafetensorsFile)
  case baseline(SafetensorsFile)
  case warmStart
  case dataset

  /// Recognises the file at `path`. Throws what reading it throws, and `ForeignFileError`.
  package init(path: String) throws {
    let content: Data
    do {
      content = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      // Opening it as a model says why it cannot be read: absent, a folder, no permission.
      _ = try SafetensorsFile(path: path)
      throw error
    }
    if Self.isDataset(content) {
      self = .dataset
    } else if Self.isSafetensors(content) {
      self = try Self.tensors(SafetensorsFile(path: path))
    } else {
      throw ForeignFileError(path: path, found: Self.guess(content))
    }
  }

  /// HDF5's signature lies at 0, or behind a user block of 512, 1 024, 2 048 ... bytes. Our seal counts too: what
  /// follows it may be damaged, and then its reader says so.
  private static func isDataset(_ content: Data) -> Bool {
    if content.starts(with: "metadiffuser data set".utf8) { return true }
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    var offset = 0
    while offset + signature.count <= content.count {
      if content.dropFirst(offset).starts(with: signature) { return true }
      offset = offset == 0 ? 512 : 2 * offset
    }
    return false
  }

  /// Eight bytes of length, below what a header may have, then a JSON object.
  private static func isSafetensors(_ content: Data) -> Bool {
    content.count > 8 && content[8] == UInt8(ascii: "{") && content[4..<8].allSatisfy { $0 == 0 }
  }

  private static func tensors(_ file: SafetensorsFile) throws(ModelError) -> FileKind {
    if file.metadata["kind"] == "expert" { return .expert(file) }
    if file.metadata["kind"] == BaselineModel.kind { return .baseline(file) }
    switch file.metadata["format"] {
    case ModelDescription.format: return .model(file)
    case WarmStart.format: return .warmStart
    case let other:
      throw .invalid(
        file: file.path, field: "__metadata__.format", found: other.map { "'\($0)'" } ?? "missing",
        expected: "'\(ModelDescription.format)' or '\(WarmStart.format)': this safetensors file is another program's, "
          + "or another version's")
    }
  }

  private static func guess(_ content: Data) -> String {
    if content.isEmpty { return "is empty" }
    if content.starts(with: "MDCHECK".utf8) { return "is a checkpoint, which only the training that wrote it reads" }
    return "is neither safetensors nor HDF5"
  }
}

/// A file that is none of ours; exit status 65.
package struct ForeignFileError: Error, CustomStringConvertible {
  package let path: String, found: String

  package var description: String {
    "\(path): content \(found); give a model, an expert, a baseline, a warm start (safetensors) or a data set (HDF5)"
  }
}
