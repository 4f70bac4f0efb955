// Changes the values inside a frame and seals it again, so that only what they mean is wrong.

import CRobotProtocol
import Foundations

/// Takes frames apart and rebuilds them with other states and commands.
final class FrameRewriter {
  private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 14)
  private let arena = UnsafeMutablePointer<rp_arena>.allocate(capacity: 1)
  private var output = [UInt8](repeating: 0, count: 8192)

  init() { arena.initialize(to: rp_arena(bytes: memory, capacity: 1 << 14, used: 0, failures: 0)) }

  deinit {
    memory.deallocate()
    arena.deallocate()
  }

  /// `frame` with its state, or its command and the commands after it, as `change` leaves them; `frame` itself if it
  /// carries neither or is damaged.
  func rewrite(_ frame: [UInt8], _ change: (UnsafeMutableBufferPointer<Float>) -> Void) -> [UInt8] {
    guard rp_is_sealed(frame, frame.count) != 0, let parsed = rp_unpack(arena, frame, frame.count - Int(RP_SEAL_BYTES))
    else { return frame }
    switch parsed.pointee.body_case {
    case ROBOT__FRAME__BODY_OBSERVATION:
      let message = parsed.pointee.observation!
      change(UnsafeMutableBufferPointer(start: message.pointee.state, count: message.pointee.n_state))
    case ROBOT__FRAME__BODY_ACTION:
      let message = parsed.pointee.action!
      let command = UnsafeMutableBufferPointer(start: message.pointee.command, count: message.pointee.n_command)
      let later = UnsafeMutableBufferPointer(
        start: message.pointee.later_commands, count: message.pointee.n_later_commands)
      var joined = Array(command) + later
      joined.withUnsafeMutableBufferPointer { change($0) }
      _ = command.update(from: joined.prefix(command.count))
      _ = later.update(from: joined.dropFirst(command.count))
    default: return frame
    }
    let count = rp_pack(parsed, &output, output.count - Int(RP_SEAL_BYTES))
    return Array(output[..<rp_seal(&output, count)])
  }
}
