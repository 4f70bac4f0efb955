// Why libhdf5 refused something, in words that a user can act on: sound files that it cannot read are not damaged ones.

import CHDF5

/// The library's own account of a failure, innermost cause first.
struct HDF5Failure {
  let text: String

  /// Of the last call that failed.
  static var last: HDF5Failure {
    var buffer = [CChar](repeating: 0, count: 4096)
    hdf5_cause(&buffer, buffer.count)
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return HDF5Failure(text: bytes.isEmpty ? "HDF5 does not say why" : String(decoding: bytes, as: UTF8.self))
  }

  /// The error of a file that is sound, or whose damage has a name; nil where the account says nothing that helps.
  func error(file: String, place: String = "", field: String = "the file") -> DataError? {
    func invalid(_ problem: String, _ cure: String) -> DataError {
      .invalid(file: file, place: place, field: field, problem: problem, cure: cure)
    }
    if text.contains("unable to lock file") {
      return .system(
        file: file, operation: "open",
        reason: "another program has it open for writing; wait until it has closed it, or end it")
    }
    if text.contains("already open for") {
      return .system(
        file: file, operation: "open",
        reason: "a program has it open for writing, or was killed while it had; if none has, take its mark off: "
          + "h5clear -s '\(file)' (Debian package hdf5-tools), and look whether the last episodes are whole")
    }
    if let filter = quoted(after: "required filter ") {
      return invalid(
        "is compressed with the filter '\(filter)', which HDF5 does not have here",
        "write it with compression='gzip', or with none")
    }
    if text.contains("filter") && text.contains("not registered") {
      return invalid(
        "is compressed with a filter that HDF5 does not have here", "write it with compression='gzip', or with none")
    }
    if text.contains("version number") || text.contains("bad version") || text.contains("unknown version") {
      return invalid(
        "is in a newer format than HDF5 \(H5_VERS_MAJOR).\(H5_VERS_MINOR) reads, which is here",
        "write it without libver='latest'; h5py.File(..., libver=('earliest', 'v110')) holds it back")
    }
    if text.contains("truncated file") {
      return .damaged(
        file: file,
        reason: "is truncated: it ends before what its header promises, as when a copy is cut off or a writer killed")
    }
    return nil
  }

  /// What stands between single quotes after `words`.
  private func quoted(after words: String) -> Substring? {
    guard let start = text.firstRange(of: words + "'")?.upperBound else { return nil }
    return text[start...].prefix { $0 != "'" }
  }
}
