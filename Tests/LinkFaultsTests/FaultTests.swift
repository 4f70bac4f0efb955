// Faults as they are written, and what each does to frames, on a clock that only this file moves.

import CRobotProtocol
import LinkFaults
import RobotLink
import Testing

@Suite("Faults") struct FaultTests {
  static let millisecond: UInt64 = 1_000_000

  @Test func `a fault is read with its defaults and with everything stated`() throws {
    #expect(try Fault("off") == Fault(.off))
    #expect(try Fault("delayed").amount == 20)
    var stated = Fault(.delayed)
    (stated.directions, stated.rate, stated.start, stated.duration) = ([.toRobot], 0.5, 2, 3.5)
    (stated.amount, stated.jitter) = (30, 10)
    #expect(try Fault(" delayed toward=robot rate=0.5 at=2 for=3.5 by=30 jitter=10 ") == stated)
    let scenario = try Fault.scenario("# bad day\n\ndrop rate=0.3 # both ways\noff at=5 for=1\n")
    #expect(scenario.map(\.kind) == [.drop, .off])
  }

  @Test(
    arguments: [
      ("", "does not start"), ("broken", "does not start"), ("drop rate", "KEY=VALUE"), ("drop rate=2", "0 … 1"),
      ("drop rate=-1", "0 or more"), ("drop rate=nan", "0 or more"), ("drop toward=me", "robot or controller"),
      ("drop often=1", "none of"),
    ])
  func `what is no fault is refused with the reason`(text: String, reason: String) {
    let error = #expect(throws: FaultError.self) { try Fault(text) }
    #expect(error?.description.contains(reason) == true)
    let line = #expect(throws: FaultError.self) { try Fault.scenario("off\n" + (text.isEmpty ? "x" : text)) }
    #expect(line?.description.contains("line 2") == true)
  }

  /// What comes of `count` frames toward the robot, a millisecond apart: when, and which.
  func carry(_ faults: [Fault], count: Int, seed: UInt64 = 1) -> [(at: Int, frame: [UInt8])] {
    var injector = FaultInjector(faults, seed: seed)
    var result: [(Int, [UInt8])] = []
    for time in 0..<count + 200 {
      let now = UInt64(time + 7) * Self.millisecond
      if time < count { injector.pass([UInt8(time % 251), 9, 9], toward: .toRobot, now: now) }
      result += injector.takeDue(now: now).map { (time, $0.bytes) }
    }
    #expect(injector.received[.toRobot] == count)
    #expect(injector.delivered[.toRobot, default: 0] == result.count)
    return result
  }

  @Test func `without faults every frame passes at once`() {
    let frames = carry([], count: 100)
    #expect(frames.map(\.at) == Array(0..<100))
    #expect(frames.map { $0.frame[0] } == (0..<100).map { UInt8($0) })
  }

  @Test func `a fault acts in its time and in its direction`() throws {
    let frames = carry([try Fault("off at=0.02 for=0.03"), try Fault("drop toward=controller")], count: 100)
    #expect(frames.map(\.at) == Array(0..<20) + Array(50..<100))
  }

  @Test func `drop, duplicate and corrupt hit the share of frames that they should`() throws {
    let dropped = carry([try Fault("drop rate=0.3")], count: 10_000).count
    #expect(abs(dropped - 7_000) < 200)
    let doubled = carry([try Fault("duplicate rate=0.3")], count: 10_000).count
    #expect(abs(doubled - 13_000) < 200)
    let corrupted = carry([try Fault("corrupt rate=0.3")], count: 10_000).filter { $0.frame != [$0.frame[0], 9, 9] }
    // Flips of the first byte alone cannot be told here: 1 of 3 bytes, at most.
    #expect((2_000...3_200).contains(corrupted.count))
    let slow = carry([try Fault("slow by=5")], count: 1_000)
    #expect(slow.map(\.at) == Array(stride(from: 0, to: 1_000, by: 5)))
  }

  @Test func `delayed frames stay in order however the delay jitters; reordered ones do not`() throws {
    let delayed = carry([try Fault("delayed by=20 jitter=10")], count: 1_000)
    #expect(delayed.map { $0.frame[0] } == (0..<1_000).map { UInt8($0 % 251) })
    for (index, entry) in delayed.enumerated() { #expect((10...31).contains(entry.at - index)) }
    let reordered = carry([try Fault("reorder rate=0.2 by=5")], count: 200)
    #expect(reordered.count == 200)
    #expect(reordered.map { Int($0.frame[0]) } != Array(0..<200))
    #expect(reordered.map { Int($0.frame[0]) }.sorted() == Array(0..<200))
  }

  @Test func `an intermittent link is off about half of the time, in stretches`() throws {
    let passed = Set(carry([try Fault("intermittent by=50")], count: 10_000).map(\.at))
    #expect((3_500...6_500).contains(passed.count))
    let turns = (1..<10_000).count { passed.contains($0) != passed.contains($0 - 1) }
    #expect((100...400).contains(turns))
  }

  @Test func `the same seed gives the same faults, another seed others`() throws {
    let faults = [try Fault("drop rate=0.5"), try Fault("corrupt rate=0.5")]
    #expect(carry(faults, count: 300, seed: 5).map(\.frame) == carry(faults, count: 300, seed: 5).map(\.frame))
    #expect(carry(faults, count: 300, seed: 5).map(\.frame) != carry(faults, count: 300, seed: 6).map(\.frame))
  }

  // MARK: Values inside frames

  /// The states that a controller is handed of observations with the states 0, 1, 2 … in every entry; nil where it
  /// rejected the frame.
  func states(_ fault: Fault, count: Int) -> [[Float]?] {
    var injector = FaultInjector([fault], seed: 3)
    let profile = RobotProfile(family: "f", observationSize: 3, actionSize: 2, periodNanoseconds: 1_000)
    var robot = RobotSession(
      description: RobotDescription(profile: profile, name: "", actionLimit: 1, episodeLength: 0, lockstep: false),
      epoch: 1, silenceNanoseconds: .max)
    var controller = ControllerSession(profile: profile, model: "", epoch: 2, silenceNanoseconds: .max)
    var action = ActionMessage()
    var observation = ObservationMessage()
    _ = controller.poll(now: 1)
    _ = robot.receive(controller.reply, from: .line, now: 1, action: &action)
    _ = controller.receive(robot.reply, now: 1, observation: &observation)
    let outgoing = ObservationMessage()
    var result: [[Float]?] = []
    for number in 0..<count {
      for entry in 0..<3 { outgoing.state[entry] = Float(number) }
      injector.pass(Array(robot.encode(outgoing)), toward: .toController, now: 5)
      for frame in injector.takeDue(now: 5) {
        let event = frame.bytes.withUnsafeBytes { controller.receive($0, now: 1, observation: &observation) }
        result.append(event == .observation ? (0..<3).map { observation.state[$0] } : nil)
      }
    }
    #expect(controller.counters[.checksum] == 0, "a value fault leaves the frames whole")
    return result
  }

  @Test func `stuck keeps the first values, wrong adds a constant to each entry, in frames that are fresh and whole`() {
    #expect(states(Fault(.stuck), count: 10) == Array(repeating: [0, 0, 0], count: 10))
    var fault = Fault(.wrong)
    fault.amount = 0.5
    let wrong = states(fault, count: 10)
    let offsets = wrong[0] ?? []
    #expect(offsets.count == 3 && offsets.allSatisfy { abs($0) <= 0.5 && $0 != 0 })
    for (number, state) in wrong.enumerated() {
      for entry in 0..<3 { #expect(abs((state?[entry] ?? .nan) - Float(number) - offsets[entry]) < 1e-5) }
    }
  }

  @Test func `later commands are falsified like the action's own, each by a constant of its own`() throws {
    let profile = RobotProfile(family: "f", observationSize: 3, actionSize: 2, periodNanoseconds: 1_000)
    var robot = RobotSession(
      description: RobotDescription(profile: profile, name: "", actionLimit: 1, episodeLength: 0, lockstep: false),
      epoch: 1, silenceNanoseconds: .max)
    var controller = ControllerSession(profile: profile, model: "", epoch: 2, silenceNanoseconds: .max)
    var received = ActionMessage()
    var observation = ObservationMessage()
    _ = controller.poll(now: 1)
    _ = robot.receive(controller.reply, from: .line, now: 1, action: &received)
    _ = controller.receive(robot.reply, now: 1, observation: &observation)
    var fault = Fault(.wrong)
    fault.amount = 0.25
    var injector = FaultInjector([fault], seed: 3)
    var offsets: [Float]? = nil
    // With two entries along, with none, as when holding, and with two again.
    for later in [2, 0, 2] {
      var action = ActionMessage()
      (action.mode, action.laterEntries, action.observationEpoch) = (.plan, later, 1)
      injector.pass(Array(controller.encode(action)), toward: .toRobot, now: 5)
      for frame in injector.takeDue(now: 5) {
        let event = frame.bytes.withUnsafeBytes { robot.receive($0, from: .line, now: 1, action: &received) }
        #expect(event == .action)
      }
      let entries = received.laterEntries
      #expect(entries == later)
      let values = (0..<2).map { received.command[$0] } + (0..<2 * later).map { received.laterCommands[$0] }
      #expect(values.allSatisfy { $0 != 0 && abs($0) <= 0.25 } && Set(values).count == values.count)
      let known = offsets ?? values
      #expect(Array(known.prefix(values.count)) == values)
      offsets = known
    }
  }

  @Test func `garbage is any bits: what is not finite is rejected, and nothing that is handed over is`() {
    let all = states(Fault(.garbage), count: 2_000)
    #expect(all.count == 2_000)
    #expect(all.contains { $0 == nil })
    for state in all.compactMap(\.self) { #expect(state.allSatisfy { $0.isFinite }) }
  }
}
