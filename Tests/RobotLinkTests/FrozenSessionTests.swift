// A session as version 0.9.0 spoke it, before Descriptions had channels (Tests/Frozen, recorded between metadiffuserd
// and a simulated robot): each end of today understands every frame of the other end of then.

import Foundation
import RobotLink
import Testing

@Suite struct FrozenSessionTests {
  /// Every datagram in order: a byte (0: from the controller), the length as 16 bits, the datagram.
  private func frames() throws -> [(isRobots: Bool, bytes: [UInt8])] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Frozen/session.frames")
    var rest = [UInt8](try Data(contentsOf: path))[...]
    var frames: [(isRobots: Bool, bytes: [UInt8])] = []
    while rest.count > 3 {
      let (sender, length) = (
        rest[rest.startIndex], Int(rest[rest.startIndex + 1]) | Int(rest[rest.startIndex + 2]) << 8
      )
      rest = rest.dropFirst(3)
      frames.append((sender == 1, Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return frames
  }

  /// The number of the start in a frame: its first field.
  private func epoch(_ bytes: [UInt8]) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[1 + $1]) << UInt32(8 * $1) } }

  private let profile = RobotProfile(
    family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000)

  @Test func `a controller of today follows an old robot, with one limit for all channels`() throws {
    let frames = try frames()
    var controller = ControllerSession(
      profile: profile, model: "m", epoch: epoch(frames[0].bytes), silenceNanoseconds: 1_000_000_000,
      channels: ChannelTable(
        observation: ["x", "y"].map { LinkChannel(name: $0, unit: "m") },
        action: ["x", "y"].map { LinkChannel(name: $0, unit: "m", lower: -0.1, upper: 0.1) }))
    var observation = ObservationMessage()
    var observations = 0
    _ = controller.poll(now: 1)
    for (number, frame) in frames.filter(\.isRobots).enumerated() {
      let event = frame.bytes.withUnsafeBytes { controller.receive($0, now: 2, observation: &observation) }
      if number == 0 {
        #expect(event == .connected)
        #expect(controller.robot?.name.description == "simulated point-robot")
        #expect(controller.robot?.limits[1].lower == -0.1 && controller.robot?.limits[1].upper == 0.1)
        #expect(controller.robot?.limits[1].slewPerSecond == .infinity)
      }
      if event == .observation { observations += 1 }
    }
    #expect(observations == 28)
    // The clock's answer is to another controller's question.
    let rejected = controller.counters.rejected
    #expect(rejected <= 1)
  }

  @Test func `a robot of today, with channels, follows an old controller`() throws {
    let frames = try frames()
    let robots = try #require(frames.first { $0.isRobots })
    var robot = RobotSession(
      description: RobotDescription(
        profile: profile, name: "r", actionLimit: 0.1, episodeLength: 20, lockstep: true),
      epoch: epoch(robots.bytes), silenceNanoseconds: 1_000_000_000,
      channels: ChannelTable(
        observation: ["x", "y"].map { LinkChannel(name: $0, unit: "m") },
        action: ["x", "y"].map { LinkChannel(name: $0, unit: "m", lower: -0.1, upper: 0.1) }))
    var action = ActionMessage()
    var actions = 0
    for frame in frames where !frame.isRobots {
      let event = frame.bytes.withUnsafeBytes {
        robot.receive($0, from: PeerAddress(host: 1, port: 2), now: 1, action: &action)
      }
      if event == .action { actions += 1 }
      let isShort = robot.reply.count <= frame.bytes.count
      #expect(isShort)
    }
    #expect(actions == 28)
    let rejected = robot.counters.rejected
    #expect(rejected == 0)
  }
}
