// A link of your own: anything that carries frames may replace UDP and serial lines.

import CDatagram

/// One end of a link of your own: shared memory, a bus, a radio. A frame is at most `LinkLimits.datagramBytes` bytes
/// and arrives whole or not at all; frames may be lost, doubled, damaged or out of order, which the sessions notice.
///
/// Every method is called within the control cycle: none may allocate, lock, log or block. An object belongs to one
/// endpoint, which calls it from one thread. Real-time: yes, `name` excepted.
public protocol FrameTransport: AnyObject {
  /// What messages call the link; asked for when a loop is made. Real-time: no.
  var name: String { get }

  /// Takes a frame that has come into `buffer`, without waiting: its size, which is larger than the buffer's if it was
  /// cut; 0: none has come. Real-time: yes.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int

  /// Sends a frame without waiting; false if it was not taken. Real-time: yes.
  func send(_ frame: UnsafeRawBufferPointer) -> Bool

  /// Waits until a frame has come or CLOCK_MONOTONIC shows `nanoseconds`. Real-time: yes (it waits, and only for that).
  func wait(until nanoseconds: UInt64)
}

/// A `FrameTransport` as the endpoints call it: through C pointers, so that no existential is opened or copied.
package struct OwnTransport: ~Copyable {
  private let calls: UnsafeMutablePointer<dg_transport>

  /// What the pointers lead to.
  private final class Owner {
    let transport: any FrameTransport
    init(_ transport: any FrameTransport) { self.transport = transport }
  }

  package init(_ transport: any FrameTransport) {
    calls = .allocate(capacity: 1)
    calls.initialize(
      to: dg_transport(
        owner: Unmanaged.passRetained(Owner(transport)).toOpaque(),
        receive: { owner, bytes, capacity in
          let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: capacity)
          return max(0, Self.transport(owner).receive(into: buffer))
        },
        send: { owner, bytes, count in
          Self.transport(owner).send(UnsafeRawBufferPointer(start: bytes, count: count))
        },
        wait: { owner, nanoseconds in Self.transport(owner).wait(until: nanoseconds) }))
  }

  deinit {
    Unmanaged<Owner>.fromOpaque(calls.pointee.owner).release()
    calls.deallocate()
  }

  private static func transport(_ owner: UnsafeMutableRawPointer?) -> any FrameTransport {
    Unmanaged<Owner>.fromOpaque(owner!).takeUnretainedValue().transport
  }

  @_noAllocation @_noLocks
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
    let count = dg_transport_receive(calls, buffer.baseAddress, buffer.count)
    // Whatever it says: more than there is room for is a frame that was cut.
    return count == 0 ? .nothing : .frame(min(count, buffer.count + 1))
  }

  @_noAllocation @_noLocks
  func send(_ frame: UnsafeRawBufferPointer) -> Bool { dg_transport_send(calls, frame.baseAddress, frame.count) }

  @_noAllocation @_noLocks
  func wait(until nanoseconds: UInt64) { dg_transport_wait(calls, nanoseconds) }
}
