// Lets each frame of the peer's present epoch through once and in order, and counts the gaps.

import CRobotProtocol

/// What a Status says; see StatusCode in robot.proto. Real-time: yes, a value.
public enum StatusCode: UInt32, Sendable { case unspecified, refused, busy, unknownPeer, goodbye }

/// The last sequence number seen from the peer.
struct SequenceFilter {
  private var last: UInt32 = 0

  /// Starts counting at `sequence`, the number of an accepted Hello or Description.
  @_noAllocation @_noLocks
  init(startingAt sequence: UInt32) {
    last = sequence
  }

  /// Why a frame is not newer than all before it; nil if it is. `isQuiet`: the peer was not heard for so long that the
  /// counting may have been led astray by a number that was not its own, and begins anew.
  @_noAllocation @_noLocks
  func objection(to sequence: UInt32, isQuiet: Bool) -> Rejection? {
    let distance = Int32(bitPattern: sequence &- last)
    if distance == 0 { return .duplicate }
    return distance < 0 && !isQuiet ? .stale : nil
  }

  /// Notes a frame that has been let through and has kept every other rule; `lost` grows by the numbers it leaves out.
  @_noAllocation @_noLocks
  mutating func note(_ sequence: UInt32, lost: inout UInt64) {
    let distance = Int32(bitPattern: sequence &- last)
    guard distance > 0 else {
      last = sequence
      return
    }
    // 0 is no sequence number: a wrap is one step shorter than it looks.
    let wrapped: UInt64 = sequence < last ? 1 : 0
    let gap = rp_wide(UInt32(distance)) - 1
    // What a peer claims may add up to anything.
    lost &+= gap - min(gap, wrapped)
    last = sequence
  }
}
