// Standard error or output as a program may find it when things go wrong: pipes and terminals that nobody reads.

import CSerialPort
import Foundation

/// Something to write to, in one of the states that have stopped or killed programs. Held until `release`.
final class Stream {
  enum State: String, CaseIterable {
    /// A pipe that is full, and whose reader reads nothing.
    case full
    /// A terminal whose output was stopped (Control-S).
    case stopped
    /// Nothing is open there.
    case closed
    /// A pipe whose reader has gone.
    case gone
  }

  /// The program's end; nil: what `Program` gives it.
  private(set) var far: FileHandle?
  /// Commands to start the program by.
  let wrapper: [String]
  private var near: Int32 = -1

  init(_ state: State) throws {
    wrapper = state == .closed ? ["sh", "-c", "exec \"$0\" \"$@\" 2>&-"] : []
    switch state {
    case .closed: break
    case .full, .gone:
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
      // Nobody else may hold an end: other tests start programs at the same time.
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      far = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
      if state == .gone {
        close(ends[0])
        return
      }
      near = ends[0]
      // The flag is the pipe's, not the descriptor's: the program must find it as it was.
      let flags = fcntl(ends[1], F_GETFL)
      _ = fcntl(ends[1], F_SETFL, flags | O_NONBLOCK)
      for count in [4096, 1] {
        while write(ends[1], [UInt8](repeating: 120, count: count), count) > 0 {}
      }
      _ = fcntl(ends[1], F_SETFL, flags)
    case .stopped:
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("tty-\(UUID().uuidString)").path
      var kept: Int32 = -1
      near = sp_open_pty(path, &kept)
      guard near >= 0 else { throw POSIXError(.EMFILE) }
      // Opened anew: a program's terminal is a blocking one.
      let terminal = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
      unlink(path)
      close(kept)
      guard terminal >= 0, tcflow(terminal, TCOOFF) == 0 else { throw POSIXError(.EIO) }
      far = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
    }
  }

  /// Gives it back; to be called at the test's end, so that nothing closes it earlier.
  func release() {
    far = nil
    if near >= 0 { close(near) }
    near = -1
  }

  deinit { release() }
}
