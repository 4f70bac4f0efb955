// The microcontroller of a test stand: the firmware's image in QEMU, its link a pseudo-terminal and its bus a socket.

import CSerialPort
import Foundation

/// QEMU running the firmware. Link and bus outlive it, as wires do: a terminal whose two ends this process keeps open,
/// at a symbolic link in `folder`, and a socket, which is faster, where no terminal is needed.
///
/// The terminal is this process's and not one of QEMU's own making because QEMU looks only once a second whether
/// it has been opened, and is deaf until then.
package final class Microcontroller {
  private let image: String
  private let folder: URL
  private var process: Process? = nil
  /// The terminal's two ends: QEMU's, and the controller's.
  private let near: Int32
  private var far: Int32 = -1

  package static let program = "qemu-system-arm"
  package var linkPath: String { folder.appendingPathComponent("uart0").path }
  package var busPath: String { folder.appendingPathComponent("uart1").path }
  private var errorsPath: String { folder.appendingPathComponent("qemu.log").path }
  package var processID: pid_t? { process?.processIdentifier }

  package init(image: String, folder: URL) throws {
    guard FileManager.default.isReadableFile(atPath: image) else {
      throw StandError(description: "\(image) is missing; 'make firmware' makes it")
    }
    self.image = image
    self.folder = folder
    near = sp_open_pty(folder.appendingPathComponent("uart0").path, &far)
    guard near >= 0 else {
      throw StandError(description: "no pseudo-terminal for the link: \(String(cString: strerror(-near)))")
    }
  }

  deinit {
    stop()
    for end in [near, far] where end >= 0 { sp_close(end) }
  }

  /// Switches it on.
  package func start() throws {
    unlink(busPath)
    // What was said to a processor without power it never hears.
    tcflush(far, TCOFLUSH)
    let qemu = Process()
    qemu.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    qemu.arguments = [
      Self.program, "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-kernel", image, "-serial", "stdio",
      "-chardev", "socket,id=bus,path=\(busPath),server=on,wait=off", "-serial", "chardev:bus",
    ]
    let link = FileHandle(fileDescriptor: near, closeOnDealloc: false)
    (qemu.standardInput, qemu.standardOutput) = (link, link)
    try Data().write(to: URL(fileURLWithPath: errorsPath))
    qemu.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorsPath))
    try qemu.run()
    process = qemu
    while access(busPath, F_OK) != 0 {
      guard qemu.isRunning else {
        let errors = (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? ""
        throw StandError(description: "\(Self.program) ended: \(errors)")
      }
      usleep(1000)
    }
    raisePriority(qemu.processIdentifier)
  }

  /// QEMU stands in for hardware, which waits for no processor: real time for its threads, where the machine grants it.
  private func raisePriority(_ process: pid_t) {
    var priority = sched_param()
    priority.sched_priority = 20
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    for thread in threads.compactMap({ pid_t($0) }) { _ = sched_setscheduler(thread, SCHED_FIFO, &priority) }
  }

  /// Cuts its power.
  package func stop() {
    if let process, process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    process = nil
  }
}
