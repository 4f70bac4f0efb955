// The firmware's application, cycle by cycle: it drives, it fails safe by itself, and it starts again when asked to.

import ActuatorBus
import Failsafe
import FirmwareApplication
import Foundations
import RobotLink
import Tasks
import Testing

@Suite("Firmware") struct FirmwareTests {
  private let half = [Float](repeating: 0.5, count: 6)

  @Test func `a request for a task is refused with a reason, and the robot drives on`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer([Float](repeating: 0.5, count: 6)) }
    rig.ask(task: 0, number: 5)
    let before = rig.observations
    rig.run(milliseconds: 300) { $0.answer([Float](repeating: 0.5, count: 6)) }
    #expect(rig.refusals == ["the robot has one task and takes no requests"])
    #expect(rig.isConnected && rig.observations > before + 3)
    #expect(rig.drive.mode == .plan && rig.command == [Float](repeating: 0.5, count: 6))
  }

  @Test func `it samples at its own rate, sends observations to a controller, and drives what that answers`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 500) { $0.answer(half) }
    #expect(rig.isConnected)
    #expect(rig.observations >= 8)
    #expect(rig.firstState == 0.25)
    #expect(rig.drive.mode == .plan)
    #expect(rig.command == half)
    #expect(rig.driveFrames >= 50)
    #expect(rig.drive.lapses == 0)
  }

  @Test func `the schema it states is the default one of its family`() {
    let robot = RobotConfiguration.halfCheetah
    let profile = RobotProfile(
      family: "\(robot.family)", observationSize: robot.observationSize, actionSize: robot.actionSize,
      periodNanoseconds: robot.periodNanoseconds)
    #expect(robot.schema == profile.schema)
  }

  @Test func `a controller that falls silent leaves it at the safe command within the stated time, latched`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    rig.run(milliseconds: 400, says: false)
    #expect(rig.drive.mode == .safe)
    #expect(rig.command.allSatisfy { $0 == 0 })
    #expect(rig.drive.lapses == 1)
    #expect(rig.drive.latches == 1)
    let limit = rig.application.robot.failsafeTimes.safeAfterNanoseconds(ahead: 0) / 1000
    #expect(UInt64(rig.drive.latchMicroseconds) <= limit)
  }

  @Test func `a lost or late answer is bridged by the entries that came along with the last, without a lapse`() {
    // Fast enough to be at each entry at once.
    var robot = FirmwareRig.configuration
    for index in 0..<64 { robot.limits[index].slewPerSecond = 200 }
    let rig = FirmwareRig(robot: robot)
    let later = [[Float](repeating: -0.25, count: 6), [Float](repeating: 0.75, count: 6)]
    rig.run(milliseconds: 300) { $0.answer(half, later: later) }
    // One answer is lost: its interval is the next entry's, until the answer after it comes.
    var lost = 0
    var driven: Set<Float> = []
    for _ in 0..<20 {
      rig.run(milliseconds: 5) { rig in
        lost += 1
        if lost != 1 { rig.answer(half, later: later) }
      }
      driven.insert(rig.command[0])
    }
    #expect(driven == [0.5, -0.25])
    #expect(rig.drive.mode == .plan)
    // Of three that come along the configured one is driven; then hold, ramp and SAFE.
    rig.run(milliseconds: 60) { $0.answer(half, later: later + [half]) }
    var modes: [CommandMode] = []
    var commands: [Float] = []
    for _ in 0..<46 {
      rig.run(milliseconds: 10, says: false)
      if modes.last != rig.drive.mode { modes.append(rig.drive.mode) }
      if rig.drive.mode == .earlierPlan, commands.last != rig.command[0] { commands.append(rig.command[0]) }
    }
    #expect(modes == [.plan, .earlierPlan, .hold, .ramp, .safe])
    #expect(commands == [-0.25])
    #expect(rig.command.allSatisfy { $0 == 0 })
    #expect(rig.drive.lapses == 1)
    #expect(UInt64(rig.drive.latchMicroseconds) <= rig.application.robot.safeAfterNanoseconds / 1000)
    #expect(UInt64(rig.drive.latchMicroseconds) > rig.application.robot.safeAfterNanoseconds / 1000 - 20_000)
  }

  @Test
  func `a step of the command is ramped: no drive frame moves an entry by more than the robot's slew limit allows`() {
    let rig = FirmwareRig()
    let robot = rig.application.robot
    rig.run(milliseconds: 300) { $0.answer([Float](repeating: -1, count: 6)) }
    #expect(rig.command == [Float](repeating: -1, count: 6))
    let most = robot.limits[0].slewPerSecond * 0.01 + 1e-5
    #expect(most < 2 * robot.limits[0].reach, "the limit is the whole range")
    var onTheWay = 0
    for _ in 0..<100 {
      let before = rig.command
      rig.run(milliseconds: 1) { $0.answer([Float](repeating: 1, count: 6)) }
      for (old, new) in zip(before, rig.command) { #expect(abs(new - old) <= most) }
      if abs(rig.command[0]) < 1, rig.command != before { onTheWay += 1 }
    }
    #expect(onTheWay >= 2)
    #expect(rig.command == [Float](repeating: 1, count: 6))
  }

  @Test func `the half-cheetah's channels are called what the family's are`() throws {
    let robot = RobotConfiguration.halfCheetah
    let family = try #require(try TaskFamily.shipped("cheetah-vel"))
    #expect((0..<robot.observationSize).map { "\(robot.sensors[$0])" } == family.observationChannels.map(\.name))
    #expect((0..<robot.actionSize).map { "\(robot.drives[$0])" } == family.actionChannels.map(\.name))
    for (index, channel) in family.actionChannels.enumerated() {
      #expect(robot.limits[index].lower == channel.lower && robot.limits[index].upper == channel.upper)
    }
    let rig = FirmwareRig()
    rig.run(milliseconds: 200)
    let limits = rig.controller.robot?.limits[5]
    #expect(limits == CommandLimits(lower: -1, upper: 1, slewPerSecond: 60))
  }

  @Test func `each channel keeps to its own limits and slew limit, those without zero included, to the way into SAFE`()
  {
    var robot = FirmwareRig.configuration
    robot.limits[0] = CommandLimits(lower: -0.2, upper: 0.9, slewPerSecond: 3)
    robot.limits[1] = CommandLimits(lower: 0.3, upper: 0.8, slewPerSecond: 20)
    robot.rest[1] = 0.3
    let rig = FirmwareRig(robot: robot)
    var commands = [rig.command]
    func drive(_ milliseconds: Int, _ wanted: [Float], says: Bool = true) {
      for _ in 0..<milliseconds {
        // Its sensors live.
        rig.state?[0] = Float(commands.count % 1000) / 1000
        rig.run(milliseconds: 1, says: says) { if says { $0.answer(wanted) } }
        commands.append(rig.command)
      }
    }
    // What the first channel may not do is refused as a whole; what both may do is reached at each one's own speed.
    drive(500, [0.5, 0.5, 0, 0, 0, 0])
    #expect(rig.command[0] == 0.5 && rig.command[1] == 0.5)
    for wanted in [[0.95, 0.8], [-0.1, 0.2]] as [[Float]] {
      drive(60, wanted + [0, 0, 0, 0])
      #expect(rig.command[0] == 0.5 && rig.command[1] == 0.5)
      drive(100, [0.5, 0.5, 0, 0, 0, 0])
    }
    for _ in 0..<4 {
      drive(600, [-0.2, 0.8, 1, -1, 0, 0])
      #expect(Array(rig.command.prefix(4)) == [-0.2, 0.8, 1, -1])
      drive(600, [0.9, 0.3, -1, 1, 0, 0])
      #expect(Array(rig.command.prefix(4)) == [0.9, 0.3, -1, 1])
    }
    drive(1000, [], says: false)
    #expect(rig.drive.mode == .safe)
    #expect(rig.command == [0, 0.3, 0, 0, 0, 0])
    let sent = commands.filter { !$0.isEmpty }
    for (before, now) in zip(sent, sent.dropFirst()) {
      for index in 0..<6 {
        let limits = robot.limits[index]
        #expect(now[index] >= limits.lower && now[index] <= limits.upper)
        #expect(abs(now[index] - before[index]) <= limits.slewPerSecond * 0.01 + 1e-5)
      }
    }
  }

  @Test func `sensors that fall silent stop the observations, and so the robot`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    rig.state = nil
    let before = rig.observations
    rig.run(milliseconds: 400) { $0.answer(half) }
    #expect(rig.observations == before)
    #expect(rig.drive.mode == .safe)
    #expect(rig.missedSamples >= 7)
  }

  @Test func `an action that is repeated for ever does not count as alive`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    // New frames, each answering the same old observation.
    var action = ActionMessage()
    action.answer(rig.observation)
    action.mode = .plan
    for index in 0..<6 { action.command[index] = 0.5 }
    for _ in 0..<40 {
      rig.run(milliseconds: 10, says: false)
      rig.toFirmware(rig.controller.encode(action))
    }
    #expect(rig.drive.mode == .safe)
  }

  @Test func `the rest of an old plan is followed to the plan's usable end and no further`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    var entry: UInt32 = 0
    rig.run(milliseconds: 350) {
      entry += 1
      $0.answer(half, mode: .earlierPlan, entry: entry)
    }
    #expect(rig.drive.mode == .earlierPlan)
    rig.run(milliseconds: 600) {
      entry += 1
      $0.answer(half, mode: .earlierPlan, entry: entry)
    }
    #expect(rig.drive.latches == 1)
  }

  @Test func `the last observation of an episode ends the plan without a lapse`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    rig.sensors.truncated = true
    rig.run(milliseconds: 200) { $0.answer(half, mode: .idle) }
    #expect(rig.drive.mode == .idle)
    #expect(rig.drive.lapses == 0)
    #expect(rig.command.allSatisfy { $0 == 0 })
  }

  @Test func `a pause of the processor ends in SAFE at once, without a jump`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 300) { $0.answer(half) }
    rig.now += 3_000_000_000
    rig.application.poll(now: rig.now)
    rig.exchange()
    #expect(rig.drive.mode == .safe)
    rig.run(milliseconds: 20, says: false)
    #expect(rig.command.allSatisfy { $0 == 0 })
  }
}
