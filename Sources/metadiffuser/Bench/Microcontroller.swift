// The microcontroller of a bench: the firmware's image in QEMU, its link a pseudo-terminal and its bus a socket.

import Foundation

/// A bench cannot be set up, or a part of it has ended.
struct BenchError: Error, CustomStringConvertible {
  let description: String
}

/// QEMU running the firmware. Each start makes a new pseudo-terminal; a symbolic link in `folder` follows it. The bus needs none: a
/// socket is faster.
final class Microcontroller {
  private let image: String
  private let folder: URL
  private var process: Process? = nil
  /// The link's far end, kept open: QEMU looks only once a second for somebody who opens a terminal that nobody had open.
  private var terminal: Int32 = -1

  static let program = "qemu-system-arm"
  var linkPath: String { folder.appendingPathComponent("uart0").path }
  var busPath: String { folder.appendingPathComponent("uart1").path }
  var processID: pid_t? { process?.processIdentifier }

  init(image: String, folder: URL) throws {
    guard FileManager.default.isReadableFile(atPath: image) else {
      throw BenchError(description: "\(image) is missing; 'make firmware' makes it")
    }
    self.image = image
    self.folder = folder
  }

  deinit { stop() }

  /// Switches it on.
  func start() throws {
    let output = Pipe()
    let qemu = Process()
    qemu.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    qemu.arguments = [
      Self.program, "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-kernel", image, "-serial", "pty",
      "-chardev", "socket,id=bus,path=\(busPath),server=on,wait=off", "-serial", "chardev:bus",
    ]
    qemu.standardOutput = output
    qemu.standardError = output
    qemu.standardInput = FileHandle.nullDevice
    try qemu.run()
    process = qemu
    var text = ""
    while !text.contains("(label serial0)") || !text.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { throw BenchError(description: "\(Self.program) ended: \(text)") }
      text += String(decoding: data, as: UTF8.self)
    }
    guard let path = text.split(separator: " ").first(where: { $0.hasPrefix("/dev/") }) else {
      throw BenchError(description: "\(Self.program) names no terminal: \(text)")
    }
    try? FileManager.default.removeItem(atPath: linkPath)
    try FileManager.default.createSymbolicLink(atPath: linkPath, withDestinationPath: String(path))
    terminal = open(String(path), O_RDWR | O_NOCTTY | O_CLOEXEC)
    hurry(qemu.processIdentifier)
  }

  /// QEMU stands in for hardware, which waits for no processor: real time for its threads, where the machine grants it.
  private func hurry(_ process: pid_t) {
    var priority = sched_param()
    priority.sched_priority = 20
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    for thread in threads.compactMap({ pid_t($0) }) { _ = sched_setscheduler(thread, SCHED_FIFO, &priority) }
  }

  /// Cuts its power.
  func stop() {
    if let process, process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    process = nil
    if terminal >= 0 { close(terminal) }
    terminal = -1
  }
}
