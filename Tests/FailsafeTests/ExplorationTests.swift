// All sequences of events up to a length, tried one and all: no path moves on a NaN, out of limits, or while latched.

import Failsafe
import Testing

/// What may happen to a gate.
private enum Event: CaseIterable {
  case tick, period, pause, plan, planAhead, entry, repeated, future, old, oldPlan, notANumber, infinite, beyondLimit,
    laterNotANumber, laterBeyondLimit, standDown, rearm, moving, movingBack, strayVelocity, giveUp

  /// Without those that only a gate which brakes, or a firmware, makes anything of.
  static let ofRest = Event.allCases.filter { ![.moving, .movingBack, .strayVelocity, .giveUp].contains($0) }
}

/// A gate with its memory, an own account of what it may do, and the means to take a step back.
private final class Explorer {
  static let period: UInt64 = 50_000_000
  static let decision: UInt64 = 5_000_000
  /// Entries that the gate takes along with an action, and that come along.
  static let later = 2
  static let floats = CommandGate.memoryCount(size: 2, laterEntries: later)
  typealias Memory = InlineArray<14, Float>
  let limit: Float = 0.8
  let slew: Float = 100
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: floats)
  let reaction: SafeReaction
  let events: [Event]
  let rest = UnsafeMutablePointer<Float>.allocate(capacity: 2)
  /// What is offered: the command, and behind it what comes along.
  let command = UnsafeMutablePointer<Float>.allocate(capacity: 2 * (1 + later))
  let limits = UnsafeMutablePointer<CommandLimits>.allocate(capacity: 2)
  var gate: CommandGate
  var now: UInt64 = 1_000_000_000
  /// The account: when the last observation was sampled whose answer was followed, how long that took, which entry of
  /// its plan it was and how many followed; and whether SAFE is latched.
  var followed: UInt64? = nil
  var taken: UInt64 = 0
  var first = 0
  var ahead = 0
  var latched = false
  /// Entries of the action that is followed, the last that was due, and the velocities and when they were measured.
  var entries = InlineArray<3, SIMD2<Float>>(repeating: SIMD2())
  var lastDue: SIMD2<Float>
  var velocity = SIMD2<Float>()
  var measured: UInt64? = nil
  var paths = 0
  var failure: String? = nil

  init(_ reaction: SafeReaction, _ events: [Event]) {
    self.reaction = reaction
    self.events = events
    lastDue = SIMD2(0.1, -0.2)
    rest.initialize(to: 0.1)
    (rest + 1).initialize(to: -0.2)
    command.initialize(repeating: 0, count: 2 * (1 + Self.later))
    memory.initialize(repeating: 0, count: Self.floats)
    limits.initialize(repeating: CommandLimits(within: limit, slewPerSecond: slew), count: 2)
    gate = CommandGate(
      times: FailsafeTimes(
        periodNanoseconds: Self.period, usableEntries: 2, answerNanoseconds: Self.period,
        decisionNanoseconds: Self.decision),
      size: 2, laterEntries: Self.later, limits: limits, reaction: reaction, rest: rest, memory: memory)
    _ = gate.update(now: now)
  }

  deinit {
    memory.deallocate()
    limits.deallocate()
    rest.deallocate()
    command.deallocate()
  }

  func explore(depth: Int) {
    if depth == 0 || failure != nil {
      paths += 1
      return
    }
    for event in events {
      let saved = (gate, now, followed, taken, first, ahead, latched)
      let account = (entries, lastDue, velocity, measured)
      let values = snapshot()
      apply(event)
      explore(depth: depth - 1)
      (gate, now, followed, taken, first, ahead, latched) = saved
      (entries, lastDue, velocity, measured) = account
      for index in 0..<Self.floats { memory[index] = values[index] }
    }
  }

  private func snapshot() -> Memory {
    var values = Memory(repeating: 0)
    for index in 0..<Self.floats { values[index] = memory[index] }
    return values
  }

  private func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds, failure == nil { failure = what() }
  }

  private func apply(_ event: Event) {
    switch event {
    case .tick: advance(Self.decision)
    case .period: advance(Self.period)
    case .pause: advance(20 * Self.period)
    case .plan: offer(0.8, -0.8, at: now - 1_000_000, entry: 0, isSound: true)
    case .planAhead:
      offer(0.8, -0.8, later: [-0.4, 0.4, 0.6, 0.6], at: now - 1_000_000, entry: 0, isSound: true)
    case .entry: offer(-0.5, 0.5, later: [0.2, 0.3], at: now - 1_000_000, entry: 1, isSound: true)
    case .repeated: offer(0.7, 0.7, at: followed ?? now + 1, entry: 0, isSound: false)
    case .future: offer(0.7, 0.7, at: now + 1, entry: 0, isSound: false)
    case .old: offer(0.7, 0.7, at: now - 2 * Self.period, entry: 0, isSound: false)
    case .oldPlan: offer(0.7, 0.7, at: now, entry: 3, isSound: false)
    case .notANumber: offer(0.7, .nan, at: now, entry: 0, isSound: false)
    case .infinite: offer(-.infinity, 0.7, at: now, entry: 0, isSound: false)
    case .beyondLimit: offer(0.7, 0.9, at: now, entry: 0, isSound: false)
    case .laterNotANumber: offer(0.7, 0.7, later: [0, 0, 0, .nan], at: now, entry: 0, isSound: false)
    case .laterBeyondLimit: offer(0.7, 0.7, later: [0, -0.9], at: now, entry: 0, isSound: false)
    case .standDown:
      gate.failsafe.standDown()
      followed = nil
    case .rearm:
      gate.failsafe.rearm()
      latched = false
      followed = nil
    case .moving: measure(3, -40)
    case .movingBack: measure(-3, 1)
    case .strayVelocity: measure(.nan, .infinity)
    case .giveUp:
      gate.failsafe.goSafe(.stuckSensors)
      latched = true
    }
  }

  private func measure(_ first: Float, _ second: Float) {
    command[0] = first
    command[1] = second
    gate.measure(command, now: now)
    velocity = SIMD2(first.isFinite ? first : 0, second.isFinite ? second : 0)
    measured = now
  }

  /// The safe command, by the account.
  private var safe: SIMD2<Float> {
    switch reaction {
    case .rest: return SIMD2(rest[0], rest[1])
    case .hold: return lastDue
    case .damping(let gain):
      guard let measured, now - measured < 2 * Self.period else { return SIMD2() }
      return (-gain * velocity).clamped(lowerBound: SIMD2(repeating: -limit), upperBound: SIMD2(repeating: limit))
    }
  }

  private func offer(
    _ first: Float, _ second: Float, later: [Float] = [], at observationTime: UInt64, entry: Int, isSound: Bool
  ) {
    command[0] = first
    command[1] = second
    for index in later.indices { command[2 + index] = later[index] }
    let (state, values) = (gate.failsafe, snapshot())
    let verdict = gate.offer(
      command, later: command + 2, count: later.count / 2, now: now, observationTime: observationTime, entry: entry)
    if verdict == .accepted {
      expect(isSound, "an unsound action was accepted")
      expect(!latched, "an action was accepted while latched")
      (followed, taken, self.first, ahead) = (observationTime, now - observationTime, entry, later.count / 2)
      entries[0] = SIMD2(first, second)
      for index in 0..<ahead { entries[1 + index] = SIMD2(later[2 * index], later[2 * index + 1]) }
    } else {
      expect(gate.failsafe == state, "a refused action changed the state")
      for index in 0..<Self.floats { expect(memory[index] == values[index], "a refused action changed a command") }
    }
  }

  /// Which entry of the action that is followed is due, by the account; nil if none is any more.
  private func due(_ followed: UInt64) -> Int? {
    let age = now - followed
    if age >= Self.period * UInt64(2 + ahead) { return nil }
    let begin = min(taken + Self.decision, Self.period)
    return first + (age < begin ? 0 : min(Int((age - begin) / Self.period), ahead))
  }

  private func advance(_ nanoseconds: UInt64) {
    let before = (memory[0], memory[1])
    now += nanoseconds
    let choice = gate.update(now: now)
    if let followed, !latched, let entry = due(followed) { lastDue = entries[entry - first] }
    let reach = slew * Float(min(nanoseconds, Self.decision)) * 1e-9 + 1e-6
    let safe = safe
    for (old, new, rest) in [(before.0, memory[0], safe[0]), (before.1, memory[1], safe[1])] {
      expect(new.isFinite && abs(new) <= limit, "the output \(new) is out of limits")
      expect(abs(new - old) <= reach, "the output jumped from \(old) to \(new)")
      if choice == .safe || choice == .idle {
        expect(abs(new - rest) <= abs(old - rest), "the output left the safe command while \(choice)")
      }
    }
    if let followed, !latched, let entry = due(followed) {
      expect(choice == (entry == 0 ? .plan : .earlierPlan(entry: entry)), "\(choice) where entry \(entry) is due")
    } else {
      switch choice {
      case .plan, .earlierPlan: expect(false, "\(choice) without an entry that is due")
      case .hold, .ramp, .safe, .idle: break
      }
    }
    if latched { expect(choice == .safe, "SAFE was left without re-arming") }
    latched = choice == .safe
    expect(gate.failsafe.isSafe == latched, "isSafe is not what was decided")
    // Seven periods after its sample, and one for each entry that came along, nothing is left of an observation.
    let isOver = followed.map { now - $0 >= UInt64(7 + ahead) * Self.period } ?? true
    if isOver { expect(choice == .safe || choice == .idle, "\(choice) without a fresh observation") }
  }
}

@Suite("Exploration of the failsafe") struct ExplorationTests {
  @Test func `no sequence of six events moves on a NaN, out of limits, beyond the slew limit, or while latched`() {
    let explorer = Explorer(.rest, Event.ofRest)
    explorer.explore(depth: 6)
    #expect(explorer.failure == nil)
    #expect(explorer.paths == 24_137_569)  // 17 to the power of 6
  }

  @Test(
    arguments: [SafeReaction.rest, .hold, .damping(gain: 0.05)])
  func `no sequence of five events does so under any safe command, velocities and SAFE among them`(
    reaction: SafeReaction
  ) {
    let explorer = Explorer(reaction, Event.allCases)
    explorer.explore(depth: 5)
    #expect(explorer.failure == nil)
    #expect(explorer.paths == 4_084_101)  // 21 to the power of 5
  }
}
