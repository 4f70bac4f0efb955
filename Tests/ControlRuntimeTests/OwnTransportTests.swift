// The loop over a link that is neither UDP nor a serial line: two queues of frames in memory.

import ControlRuntime
import Failsafe
import RobotLink
import Testing

/// One end of the queues; what is sent comes to the other end when that asks.
private final class Mailbox: FrameTransport {
  let name = "mailbox"
  unowned(unsafe) var other: Mailbox!
  var frames: [[UInt8]] = []
  /// What `receive` says the next frame's size is; nil: the truth.
  var claimedSize: Int?
  var isFull = false

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if let claimedSize {
      self.claimedSize = nil
      return claimedSize
    }
    guard !frames.isEmpty else { return 0 }
    let frame = frames.removeFirst()
    buffer.copyBytes(from: frame.prefix(buffer.count))
    return frame.count
  }

  func send(_ frame: UnsafeRawBufferPointer) -> Bool {
    if isFull { return false }
    other.frames.append(Array(frame))
    return true
  }

  func wait(until nanoseconds: UInt64) { sleepUntil(min(nanoseconds, monotonicNanoseconds() + 1_000_000)) }
}

@Suite struct OwnTransportTests {
  private let near = Mailbox(), far = Mailbox()
  private let profile = RobotProfile(
    family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: rigPeriod)

  private func soon() -> UInt64 { monotonicNanoseconds() + 5_000_000_000 }

  /// A loop at one end and a robot at the other, connected.
  private func connected() throws -> (loop: ControlLoop, robot: RobotBox) {
    (near.other, far.other) = (far, near)
    let loop = try ControlLoop(model: try makeModel(), options: ControlOptions(), transport: near)
    let robot = RobotBox(
      RobotEndpoint(
        over: far,
        description: RobotDescription(
          profile: profile, name: "own", actionLimit: 0.05, episodeLength: 5, lockstep: true),
        silenceNanoseconds: 60_000_000_000))
    // The first turn says Hello.
    _ = loop.runOnce(until: 0)
    try #require(robot.endpoint.next(until: soon()) == .connected)
    _ = loop.runOnce(until: soon())
    try #require(loop.status.isConnected)
    return (loop, robot)
  }

  /// A robot's end that can be handed on.
  private final class RobotBox {
    var endpoint: RobotEndpoint
    var observation = ObservationMessage()
    init(_ endpoint: consuming RobotEndpoint) { self.endpoint = endpoint }
  }

  private func mode(_ loop: ControlLoop, _ robot: RobotBox, step: UInt32) -> CommandMode? {
    robot.observation.step = step
    robot.endpoint.send(robot.observation)
    _ = loop.runOnce(until: soon())
    return robot.endpoint.next(until: monotonicNanoseconds()) == .action ? robot.endpoint.action.mode : nil
  }

  @Test func `a robot is found, driven by plans with entries to bridge a lost one, and left`() throws {
    let (loop, robot) = try connected()
    for step in 0..<5 as Range<UInt32> { #expect(mode(loop, robot, step: step) == .plan) }
    #expect(loop.counters.rejected == 0)
    #expect(loop.address.description == "mailbox")
    robot.endpoint.sayGoodbye()
    _ = loop.runOnce(until: soon())
    #expect(!loop.status.isConnected)
  }

  @Test func `sizes that the transport makes up and frames that it damages or refuses stop nothing`() throws {
    let (loop, robot) = try connected()
    #expect(mode(loop, robot, step: 0) == .plan)
    for size in [Int.max, LinkLimits.datagramBytes + 1] {
      near.claimedSize = size
      _ = loop.runOnce(until: 0)
    }
    #expect(loop.counters[.tooLong] == 2)
    near.claimedSize = Int.min
    _ = loop.runOnce(until: 0)
    near.frames.append([UInt8](repeating: 0x5A, count: 100))
    _ = loop.runOnce(until: 0)
    #expect(loop.counters[.checksum] == 1)
    near.isFull = true
    #expect(mode(loop, robot, step: 1) == nil)
    #expect(loop.counters.sendFailures == 1)
    near.isFull = false
    #expect(mode(loop, robot, step: 2) == .plan)
  }

  @Test func `an address alone opens no own transport`() throws {
    #expect(throws: ControlError.self) {
      try ControlLoop(model: try makeModel(), options: ControlOptions(), address: .own(name: "mailbox"))
    }
  }
}
