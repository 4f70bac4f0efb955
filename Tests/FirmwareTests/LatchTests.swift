// A latched SAFE is lifted by a person and by nothing else; what latches it, and what the robot does meanwhile.

import ActuatorBus
import Failsafe
import FirmwareApplication
import RobotLink
import Testing

@Suite("Latch of the firmware") struct LatchTests {
  private let half = [Float](repeating: 0.5, count: 6)

  /// Driven, then left alone until SAFE has latched.
  private func latched(_ rig: FirmwareRig = FirmwareRig()) -> FirmwareRig {
    rig.run(milliseconds: 300) { $0.answer(half) }
    rig.run(milliseconds: 400, says: false)
    #expect(rig.drive.mode == .safe)
    #expect(rig.drive.latchReason == 1)
    return rig
  }

  private func expectStill(_ rig: FirmwareRig) {
    #expect(rig.drive.mode == .safe)
    #expect(rig.command.allSatisfy { $0 == 0 })
  }

  @Test func `no Hello, from the same controller or a restarted one, and no plan lifts a latch`() {
    let rig = latched()
    rig.run(milliseconds: 600) { $0.answer(half) }
    expectStill(rig)
    #expect(rig.latch == .silence)
    rig.restartController()
    rig.run(milliseconds: 600) { $0.answer(half) }
    #expect(rig.isConnected)
    #expect(rig.latch == .silence)
    expectStill(rig)
    #expect(rig.drive.latches == 1)
  }

  @Test func `a person at the controller lifts it: the next plan drives, 100 ms later at most`() {
    let rig = latched()
    rig.run(milliseconds: 200) { $0.answer(half, mode: .idle) }
    expectStill(rig)
    rig.run(milliseconds: 70) { $0.answer(half, mode: .idle, rearms: true) }
    #expect(rig.drive.mode == .idle)
    #expect(rig.drive.latchReason == 0)
    #expect(rig.command.allSatisfy { $0 == 0 })
    rig.run(milliseconds: 100) { $0.answer(half) }
    #expect(rig.latch == nil)
    #expect(rig.drive.mode == .plan)
    #expect(rig.command == half)
  }

  @Test func `what lifts a latch moves nothing itself, and lifts none that its sender cannot have seen`() {
    let rig = latched()
    rig.run(milliseconds: 120) { $0.answer(half, mode: .idle) }
    // A plan along with it.
    rig.answer(half, rearms: true)
    rig.run(milliseconds: 20)
    #expect(rig.drive.mode == .idle)
    #expect(rig.command.allSatisfy { $0 == 0 })
    // Said all the time while driven, and in answer to an observation from before the latch.
    rig.run(milliseconds: 300) { $0.answer(half, rearms: true) }
    #expect(rig.drive.mode == .plan)
    rig.run(milliseconds: 60)
    let state = rig.state
    rig.state = nil
    rig.run(milliseconds: 400)
    #expect(rig.drive.mode == .safe)
    #expect(rig.drive.latches == 2)
    rig.answer(half, rearms: true)
    rig.run(milliseconds: 20)
    expectStill(rig)
    // Nor one observation of an earlier latch a later one.
    rig.state = state
    rig.run(milliseconds: 60)
    #expect(rig.latch == .silence)
    rig.answer(half, mode: .idle, rearms: true)
    rig.run(milliseconds: 20)
    #expect(rig.drive.mode == .idle)
  }

  @Test func `the robot's button lifts it; one that was down before the latch or is stuck lifts no second one`() {
    let rig = latched()
    rig.sensors.isButtonPressed = true
    rig.run(milliseconds: 80)
    #expect(rig.drive.mode == .idle)
    rig.run(milliseconds: 200) { $0.answer(half) }
    #expect(rig.drive.mode == .plan)
    // Still down.
    rig.run(milliseconds: 500) { _ in }
    expectStill(rig)
    rig.run(milliseconds: 300) { $0.answer(half) }
    expectStill(rig)
    rig.sensors.isButtonPressed = false
    rig.run(milliseconds: 60)
    expectStill(rig)
    rig.sensors.isButtonPressed = true
    rig.run(milliseconds: 80)
    #expect(rig.drive.mode == .idle)
  }

  @Test func `a button that is down from the start on is a broken one`() {
    let rig = FirmwareRig(wasAtWork: true)
    rig.sensors.isButtonPressed = true
    rig.run(milliseconds: 300) { $0.answer(half) }
    expectStill(rig)
  }

  @Test
  func `sensors that stand still while commands move latch SAFE, told with the reason; at rest they may stand still`() {
    let rig = FirmwareRig()
    rig.run(milliseconds: 3000) { $0.answer(half) }
    #expect(rig.drive.mode == .plan)
    var sign: Float = 1
    func swing(_ rig: FirmwareRig) {
      sign = -sign
      rig.answer([Float](repeating: 0.5 * sign, count: 6))
    }
    // With sensors that live, for ever.
    for _ in 0..<60 {
      rig.state![3] += 0.001
      rig.run(milliseconds: 50, onObservation: swing)
    }
    #expect(rig.drive.mode == .plan)
    rig.run(milliseconds: 450, onObservation: swing)
    #expect(rig.drive.mode == .plan)
    rig.run(milliseconds: 300, onObservation: swing)
    expectStill(rig)
    #expect(rig.drive.latchReason == 2)
    #expect(rig.latch == .stuckSensors)
  }

  @Test func `a reset in mid-drive or while latched leaves the robot latched; an idle one starts afresh`() {
    let idle = FirmwareRig()
    idle.run(milliseconds: 30, says: false)
    #expect(!idle.isAtWork)
    let driven = FirmwareRig()
    driven.run(milliseconds: 300) { $0.answer(half) }
    #expect(driven.isAtWork)
    #expect(latched().isAtWork)
    let rig = FirmwareRig(wasAtWork: true)
    #expect(rig.isAtWork)
    rig.run(milliseconds: 300) { $0.answer(half) }
    expectStill(rig)
    #expect(rig.drive.latchReason == 3)
    #expect(rig.latch == .reset)
    rig.run(milliseconds: 80) { $0.answer(half, mode: .idle, rearms: true) }
    rig.run(milliseconds: 100) { $0.answer(half) }
    #expect(rig.drive.mode == .plan)
  }

  @Test func `in SAFE a robot holds its last command, goes to its pose, or brakes against its motion`() {
    var robot = FirmwareRig.configuration
    robot.reaction = .hold
    let holding = FirmwareRig(robot: robot)
    holding.run(milliseconds: 300) { $0.answer(half) }
    holding.run(milliseconds: 500, says: false)
    #expect(holding.drive.mode == .safe)
    #expect(holding.command == half)

    robot.reaction = .rest
    for index in 0..<6 { robot.rest[index] = Float(index) * 0.1 - 0.25 }
    let posed = FirmwareRig(robot: robot)
    posed.run(milliseconds: 20, says: false)
    #expect(posed.command == (0..<6).map { Float($0) * 0.1 - 0.25 })
    posed.run(milliseconds: 300) { $0.answer(half) }
    posed.run(milliseconds: 500, says: false)
    #expect(posed.drive.mode == .safe)
    #expect(posed.command == (0..<6).map { Float($0) * 0.1 - 0.25 })

    robot.reaction = .damping(gain: 0.1)
    let braking = FirmwareRig(robot: robot)
    braking.state = (0..<17).map { Float($0) - 13 }
    braking.run(milliseconds: 300) { $0.answer(half) }
    braking.run(milliseconds: 500, says: false)
    #expect(braking.drive.mode == .safe)
    for (command, expected) in zip(braking.command, [0.2, 0.1, 0, -0.1, -0.2, -0.3] as [Float]) {
      #expect(abs(command - expected) < 1e-6)
    }
    // Without sensors nothing is known to brake against.
    braking.state = nil
    braking.run(milliseconds: 200, says: false)
    #expect(braking.command.allSatisfy { $0 == 0 })
  }
}
