// What a cycle commands keeps to each channel's limits and slew limit, the tighter of model and robot, whatever the
// failsafe does.

import ControlCore
import Failsafe
import PlannerRuntime
import RobotLink
import Testing

@Suite struct CommandChannelTests {
  private static let model = [
    CommandLimits(lower: -0.1, upper: 0.1, slewPerSecond: 1), CommandLimits(lower: 0.02, upper: 0.2),
  ]
  private static let robot = [
    CommandLimits(lower: -0.03, upper: 0.3), CommandLimits(lower: 0, upper: 0.1, slewPerSecond: 0.4),
  ]
  private static let tighter = [
    CommandLimits(lower: -0.03, upper: 0.1, slewPerSecond: 1),
    CommandLimits(lower: 0.02, upper: 0.1, slewPerSecond: 0.4),
  ]

  private func rig(_ model: [CommandLimits], _ robot: [CommandLimits]) throws -> CycleRig {
    try CycleRig(
      modelLimits: model,
      channels: ChannelTable(
        observation: [LinkChannel(), LinkChannel()],
        action: robot.map { LinkChannel(lower: $0.lower, upper: $0.upper, slew: $0.slewPerSecond) }))
  }

  @Test func `commands and the entries along keep to the tighter limits, in every mode of the failsafe`() throws {
    var rig = try rig(Self.model, Self.robot)
    var random = RandomSource(seed: 4)
    var modes: Set<CommandMode> = []
    var last: [Float]? = nil
    var slewed = 0
    for step in 0..<600 as Range<UInt32> {
      // Plans, a run of late observations in which everything runs out, and plans that fail until SAFE.
      let isLate = (200..<240).contains(step)
      if step >= 400 { rig.observation.state[0] = .nan }
      rig.observe(step, age: isLate ? 3 * cyclePeriod : 0)
      if step >= 400 {
        rig.observation.state[0] = .infinity
        rig.cycle.observe(rig.observation, arrival: rig.now)
      }
      modes.insert(rig.answer(isRearmAsked: step == 500))
      var rows = [rig.command]
      for later in 0..<rig.cycle.action.laterEntries {
        rows.append((0..<2).map { rig.cycle.action.laterCommands[2 * later + $0] })
      }
      for row in rows {
        for (index, limits) in Self.tighter.enumerated() {
          #expect(row[index] >= limits.lower && row[index] <= limits.upper)
          guard let last else { continue }
          let most = limits.slewPerSecond * 0.1
          #expect(abs(row[index] - last[index]) <= most * 1.0001)
          if abs(row[index] - last[index]) > most * 0.999 { slewed += 1 }
        }
        last = row
      }
      last = rig.command
      if random.index(below: 20) == 0 { rig.note(.link(.connected)) }
    }
    #expect(modes == Set(CommandMode.allCases))
    #expect(slewed > 10, "no slew limit was felt")
    // In SAFE it has come to what stands for zero.
    #expect(rig.command == [0, 0.02])
  }

  @Test func `a slew limit for all bounds every channel`() throws {
    var rig = try CycleRig(slewPerSecond: 0.05)
    var last = rig.command
    var most: Float = 0
    for step in 0..<50 as Range<UInt32> {
      #expect(rig.exchange(step) == .plan)
      for (old, new) in zip(last, rig.command) { most = max(most, abs(new - old)) }
      last = rig.command
    }
    #expect(most > 0.0049 && most < 0.00501)
  }

  @Test func `that limits differ is said once a robot, and not where they are the same`() throws {
    var different = try rig(Self.model, Self.robot)
    for step in 0..<5 as Range<UInt32> { different.exchange(step) }
    #expect(different.newsSoFar() == [.connected, .limitsDiffer])
    var same = try rig(Self.model, Self.model)
    for step in 0..<5 as Range<UInt32> { same.exchange(step) }
    #expect(same.newsSoFar() == [.connected])
  }
}
