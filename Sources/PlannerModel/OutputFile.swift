// A file that a command is to write: found unfit before the work, not after it, and replaced whole or not at all.

import Glibc

/// Where a result goes. A symbolic link is followed, and what it leads to is replaced; what is no regular file is
/// refused, since a rename would put a file in a device's place. Real-time: no.
public struct OutputFile: Sendable {
  /// As the user named it; errors do too.
  public let path: String
  /// Where the links end.
  private let target: String
  /// Permissions of the file that is replaced.
  private let mode: mode_t?

  /// The file to write at `path`. Real-time: no.
  ///
  /// - Throws: `ModelError.system` if `path` is there and is no regular file, or cannot be written or looked at.
  public init(_ path: String) throws(ModelError) {
    self.path = path
    target = try Self.followLinks(path)
    var status = stat()
    guard stat(target, &status) == 0 else {
      mode = nil
      if errno != ENOENT { throw Self.error(path, "create", errno) }
      if path.isEmpty || path.hasSuffix("/") { throw Self.error(path, "create", EISDIR) }
      return
    }
    mode = status.st_mode & 0o777
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      let name = [S_IFDIR: "a folder", S_IFIFO: "a pipe", S_IFSOCK: "a socket"][kind] ?? "a device"
      throw .system(file: path, operation: "create", reason: "it is \(name); give the name of a file")
    }
    guard access(target, W_OK) == 0 else { throw Self.error(path, "write", errno) }
  }

  /// Finds out before the work whether its result can be written after it: makes the folders that are missing, and
  /// takes and gives back room for `bytes`. The file itself is not touched. Real-time: no.
  ///
  /// - Throws: `ModelError.system` where a folder, the file or that much room cannot be had.
  @discardableResult
  public static func prepare(_ path: String, bytes: Int = 4096) throws(ModelError) -> OutputFile {
    try makeFolder(of: path)
    let file = try OutputFile(path)
    try file.withTemporary { (descriptor, _) throws(ModelError) in
      let code = posix_fallocate(descriptor, 0, off_t(max(bytes, 1)))
      if code != 0 && code != EOPNOTSUPP && code != EINVAL { throw error(path, "write \(bytes) bytes", code) }
    }
    return file
  }

  /// Replaces the file by `pieces`, one after the other. A failure leaves the old file, or none. Real-time: no.
  ///
  /// - Throws: `ModelError.system` where the system refuses.
  public func write(_ pieces: [UInt8]...) throws(ModelError) {
    try withTemporary { (descriptor, temporary) throws(ModelError) in
      for piece in pieces { try write(piece, to: descriptor) }
      guard fsync(descriptor) == 0 else { throw failed("write") }
      // What lies there may be another thing by now.
      _ = try OutputFile(target)
      guard rename(temporary, target) == 0 else { throw failed("replace") }
    }
  }

  /// Replaces the file by `text`. Real-time: no.
  ///
  /// - Throws: `ModelError.system` where the system refuses.
  public func write(_ text: String) throws(ModelError) { try write(Array(text.utf8)) }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(ModelError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failed("write") }
      offset += count
    }
  }

  /// Runs `body` with a new file beside the target, which is gone afterwards unless `body` has renamed it.
  private func withTemporary(_ body: (_ descriptor: Int32, _ path: String) throws(ModelError) -> Void)
    throws(ModelError)
  {
    let temporary = "\(target).\(getpid()).partial"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed("create") }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    if let mode { fchmod(descriptor, mode) }
    try body(descriptor, temporary)
  }

  private func failed(_ operation: String) -> ModelError { Self.error(path, operation, errno) }

  private static func error(_ path: String, _ operation: String, _ code: Int32) -> ModelError {
    .system(file: path, operation: operation, reason: String(cString: strerror(code)))
  }

  /// Where `path` leads, also if nothing is there yet.
  private static func followLinks(_ path: String) throws(ModelError) -> String {
    var place = path
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(place, &buffer, buffer.count - 1)
      // What can be opened but has no name, such as the pipe behind /dev/stdout, is judged as it is.
      guard count > 0, !place.hasPrefix("/proc/") else { return place }
      let link = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let folder = place.lastIndex(of: "/").map { place[...$0] } ?? ""
      place = link.hasPrefix("/") ? link : folder + link
    }
    throw error(path, "create", ELOOP)
  }

  private static func makeFolder(of path: String) throws(ModelError) {
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      let folder = String(path[..<slash])
      end = path.index(after: slash)
      if folder.isEmpty || mkdir(folder, 0o777) == 0 || errno == EEXIST { continue }
      // A folder above the one that is missing may be there without being writable.
      var status = stat()
      let code = errno
      if stat(folder, &status) != 0 { throw error(path, "create the folder of", code) }
    }
  }
}
