// Sensors that are stuck are noticed, and no robot at rest or at work is taken for one.

import Failsafe
import PlannerRuntime
import Tasks
import Testing

@Suite("Stuck sensors") struct StuckWatchTests {
  /// A watch with its memory.
  private final class Rig {
    let memory: UnsafeMutablePointer<Float>
    let limits: UnsafeMutablePointer<CommandLimits>
    var watch: StuckWatch

    init(observationSize: Int, actionSize: Int, limit: Float) {
      memory = .allocate(capacity: StuckWatch.memoryCount(observationSize: observationSize, actionSize: actionSize))
      limits = .allocate(capacity: actionSize)
      limits.initialize(repeating: CommandLimits(within: limit), count: actionSize)
      watch = StuckWatch(observationSize: observationSize, actionSize: actionSize, limits: limits, memory: memory)
    }

    convenience init(_ family: TaskFamily) {
      self.init(observationSize: family.observationSize, actionSize: family.actionSize, limit: family.actionLimit)
    }

    deinit {
      memory.deallocate()
      limits.deallocate()
    }

    func note(_ state: [Float], _ command: [Float]) -> Bool { watch.note(state, command: command) }
  }

  @Test func `ten unchanged observations under a command that moves are an alarm; one changed bit ends it`() {
    let rig = Rig(observationSize: 2, actionSize: 1, limit: 2)
    func command(_ index: Int) -> [Float] { [index % 2 == 0 ? 0.5 : -0.5] }
    #expect(rig.note([0.1, 0.2], command(0)) == false)
    for index in 1...9 { #expect(rig.note([0.1, 0.2], command(index)) == false) }
    for index in 10...12 { #expect(rig.note([0.1, 0.2], command(index)) == true) }
    #expect(rig.note([0.1, Float(0.2).nextUp], command(13)) == false)
    for index in 14...22 { #expect(rig.note([0.1, Float(0.2).nextUp], command(index)) == false) }
    #expect(rig.note([0.1, Float(0.2).nextUp], command(23)) == true)
  }

  @Test func `a robot at rest under a command that stands still, trembles, or has only just begun to move is none`() {
    let rig = Rig(observationSize: 1, actionSize: 2, limit: 1)
    for _ in 0..<1000 { #expect(rig.note([0], [0.5, -0.5]) == false) }
    // Noise below what counts as moving, however long.
    for index in 0..<1000 { #expect(rig.note([0], [0.5 + Float(index % 2) / 60, -0.5]) == false) }
    // A small swing within what friction holds.
    for index in 0..<1000 { #expect(rig.note([0], [0.5, -0.5 + Float(index % 2) * 0.4]) == false) }
    // The command leaves: nine observations are not enough.
    let fresh = Rig(observationSize: 1, actionSize: 2, limit: 1)
    for _ in 0..<1000 { #expect(fresh.note([0], [0, 0]) == false) }
    for index in 1...9 { #expect(fresh.note([0], [Float(index % 2), 0]) == false) }
    #expect(fresh.note([1], [0, 0]) == false)
    // Starts and stops, a ramp each, of a robot that is held: no ten in a row.
    let held = Rig(observationSize: 1, actionSize: 2, limit: 1)
    for index in 0..<1000 { #expect(held.note([0], [Float(min(index % 10, 8)) / 8, 0]) == false) }
  }

  @Test func `-0 and 0 are different bits: they count as a change`() {
    let rig = Rig(observationSize: 1, actionSize: 1, limit: 1)
    for index in 0..<100 { #expect(rig.note([index % 2 == 0 ? 0 : -0.0], [index % 2 == 0 ? 1 : -1]) == false) }
  }

  @Test(
    arguments: TaskFamily.names)
  func `no family's robot seems stuck, at rest or under wild commands; stuck, it is noticed at once`(name: String)
    throws
  {
    let family = try TaskFamily.named(name)
    let limit = family.actionLimit
    var random = RandomSource(seed: 7)
    func draw() -> [Float] { (0..<family.actionSize).map { _ in Float(random.uniform(-1, 1)) * limit } }
    for parameters in family.testTasks.prefix(2) {
      let task = try family.task(parameters: parameters)
      let manners: [(Int) -> [Float]] = [
        { _ in [Float](repeating: 0, count: family.actionSize) },
        { _ in [Float](repeating: limit, count: family.actionSize) },
        { [Float](repeating: $0 % 2 == 0 ? limit : -limit, count: family.actionSize) },
        { _ in draw() },
      ]
      for (index, manner) in manners.enumerated() {
        let rig = Rig(family)
        task.reset(seed: UInt64(index))
        // Twice an episode: long after a robot has fallen, too.
        for step in 0..<2 * family.episodeLength {
          let command = manner(step)
          _ = task.step(action: command)
          #expect(rig.note(task.observation, command) == false, "step \(step), manner \(index)")
        }
      }
      let rig = Rig(family)
      let state = task.observation
      let alarms = (0..<30).filter { _ in rig.note(state, draw()) }
      #expect(alarms.first.map { (10...14).contains($0) } == true)
    }
  }
}
