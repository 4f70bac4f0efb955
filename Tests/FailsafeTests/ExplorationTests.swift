// All sequences of events up to a length, tried one and all: no path moves on a NaN, out of limits, or while latched.

import Failsafe
import Testing

/// What may happen to a gate.
private enum Event: CaseIterable {
  case tick, period, pause, plan, entry, repeated, future, old, oldPlan, notANumber, infinite, beyondLimit, standDown,
    rearm
}

/// A gate with its memory, an own account of what it may do, and the means to take a step back.
private final class Explorer {
  static let period: UInt64 = 50_000_000
  static let decision: UInt64 = 5_000_000
  let limit: Float = 0.8
  let slew: Float = 100
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
  let safe = UnsafeMutablePointer<Float>.allocate(capacity: 2)
  let command = UnsafeMutablePointer<Float>.allocate(capacity: 2)
  var gate: CommandGate
  var now: UInt64 = 1_000_000_000
  /// The account: when the last observation was sampled whose answer was followed, and since when SAFE is latched.
  var followed: UInt64? = nil
  var latched = false
  var paths = 0
  var failure: String? = nil

  init() {
    safe.initialize(to: 0.1)
    (safe + 1).initialize(to: -0.2)
    command.initialize(repeating: 0, count: 2)
    memory.initialize(repeating: 0, count: 4)
    gate = CommandGate(
      times: FailsafeTimes(
        periodNanoseconds: Self.period, usableEntries: 1, answerNanoseconds: Self.period,
        decisionNanoseconds: Self.decision),
      size: 2, limit: limit, slewPerSecond: slew, safeCommand: safe, memory: memory)
    _ = gate.update(now: now)
  }

  deinit {
    memory.deallocate()
    safe.deallocate()
    command.deallocate()
  }

  func explore(depth: Int) {
    if depth == 0 || failure != nil {
      paths += 1
      return
    }
    for event in Event.allCases {
      let saved = (gate, now, followed, latched)
      let values = (memory[0], memory[1], memory[2], memory[3])
      apply(event)
      explore(depth: depth - 1)
      (gate, now, followed, latched) = saved
      (memory[0], memory[1], memory[2], memory[3]) = values
    }
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
    case .entry: offer(-0.5, 0.5, at: now - 1_000_000, entry: 1, isSound: true)
    case .repeated: offer(0.7, 0.7, at: followed ?? now + 1, entry: 0, isSound: false)
    case .future: offer(0.7, 0.7, at: now + 1, entry: 0, isSound: false)
    case .old: offer(0.7, 0.7, at: now - 2 * Self.period, entry: 0, isSound: false)
    case .oldPlan: offer(0.7, 0.7, at: now, entry: 2, isSound: false)
    case .notANumber: offer(0.7, .nan, at: now, entry: 0, isSound: false)
    case .infinite: offer(-.infinity, 0.7, at: now, entry: 0, isSound: false)
    case .beyondLimit: offer(0.7, 0.9, at: now, entry: 0, isSound: false)
    case .standDown:
      gate.failsafe.standDown()
      followed = nil
    case .rearm:
      gate.failsafe.rearm()
      latched = false
      followed = nil
    }
  }

  private func offer(_ first: Float, _ second: Float, at observationTime: UInt64, entry: Int, isSound: Bool) {
    command[0] = first
    command[1] = second
    let before = (gate.failsafe, memory[0], memory[1], memory[2], memory[3])
    let verdict = gate.offer(command, now: now, observationTime: observationTime, entry: entry)
    if verdict == .accepted {
      expect(isSound, "an unsound action was accepted")
      expect(!latched, "an action was accepted while latched")
      followed = observationTime
    } else {
      expect(gate.failsafe == before.0, "a refused action changed the state")
      expect(
        before.1 == memory[0] && before.2 == memory[1] && before.3 == memory[2] && before.4 == memory[3],
        "a refused action changed a command")
    }
  }

  private func advance(_ nanoseconds: UInt64) {
    let before = (memory[0], memory[1])
    now += nanoseconds
    let choice = gate.update(now: now)
    let reach = slew * Float(min(nanoseconds, Self.decision)) * 1e-9 + 1e-6
    for (old, new, rest) in [(before.0, memory[0], safe[0]), (before.1, memory[1], safe[1])] {
      expect(new.isFinite && abs(new) <= limit, "the output \(new) is out of limits")
      expect(abs(new - old) <= reach, "the output jumped from \(old) to \(new)")
      if choice == .safe || choice == .idle {
        expect(abs(new - rest) <= abs(old - rest), "the output left the safe command while \(choice)")
      }
    }
    if latched { expect(choice == .safe, "SAFE was left without re-arming") }
    latched = choice == .safe
    expect(gate.failsafe.isSafe == latched, "isSafe is not what was decided")
    // Seven periods after its sample nothing is left of an observation.
    let isOver = followed.map { now - $0 >= 7 * Self.period } ?? true
    if isOver { expect(choice == .safe || choice == .idle, "\(choice) without a fresh observation") }
  }
}

@Suite("Exploration of the failsafe") struct ExplorationTests {
  @Test("no sequence of six events moves on a NaN, out of limits, faster than the slew limit, or while latched")
  func allSequences() {
    let explorer = Explorer()
    explorer.explore(depth: 6)
    #expect(explorer.failure == nil)
    #expect(explorer.paths == 7_529_536)  // 14 to the power of 6
  }
}
