// Warm starts recorded from simulated robots.

import DataCollection
import OfflineData
import PlannerModel
import Tasks
import Testing

@Suite struct WarmStartRecordingTests {
  private let family = TaskFamily.pointRobot
  private let still = Behaviour(name: "still") { { _, _, _ in [0, 0] } }
  private let right = Behaviour(name: "right") { { _, _, _ in [0.1, 0] } }

  @Test func `one behaviour gives its whole episode`() throws {
    let warmStart = try WarmStart.record(
      family.task(parameters: [0, 1]), behaviours: [right], label: "expert", seed: 1)
    #expect(warmStart.count == 20)
    #expect(warmStart.family == "point-robot" && warmStart.behaviour == "expert")
    for step in 0..<20 {
      #expect(abs(warmStart.nextObservations[2 * step] - warmStart.observations[2 * step] - 0.1) < 1e-5)
    }
  }

  @Test func `several behaviours share one episode's worth of transitions`() throws {
    let warmStart = try WarmStart.record(
      family.task(parameters: [0, 1]), behaviours: [still, right], label: "mixed", seed: 1)
    #expect(warmStart.count == 20)
    #expect(warmStart.actions.filter { $0 != 0 }.count == 10)
    // The robot that stays at the origin is 1 m from its goal.
    #expect(Array(warmStart.rewards.prefix(10)) == [Float](repeating: -1, count: 10))
  }

  @Test func `the same seed records the same warm start`() throws {
    func record(_ seed: UInt64) throws -> WarmStart {
      try WarmStart.record(family.task(parameters: [0, 1]), behaviours: [.random(family)], label: "random", seed: seed)
    }
    #expect(try record(1) == record(1))
    #expect(try record(1) != record(2))
  }
}
