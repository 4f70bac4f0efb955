// Statistics of data sets against sums made by hand.

import OfflineData
import Testing

@Suite struct StatisticsTests {
  private let statistics = Statistics(
    Dataset(
      family: "arm", observationSize: 2, actionSize: 1, actionLimit: 3, periodNanoseconds: 1,
      episodes: [
        Episode(
          task: 0, parameters: [], behaviour: "", observations: [0, 5, 2, 5, 4, 5], actions: [-1, 3], rewards: [1, 2],
          terminated: false),
        Episode(
          task: 0, parameters: [], behaviour: "", observations: [10, 5, 4, 5], actions: [1], rewards: [3],
          terminated: false),
      ]))

  @Test func `observations count with the last one of each episode`() {
    #expect(statistics.observation.mean == [4, 5])
    #expect(statistics.observation.minimum == [0, 5])
    #expect(statistics.observation.maximum == [10, 5])
    // (16 + 4 + 0 + 36 + 0) / 5
    #expect(abs(statistics.observation.deviation[0] - Float(11.2).squareRoot()) < 1e-6)
  }

  @Test func `a channel that never changes gets its magnitude for a deviation`() {
    #expect(statistics.observation.standsStill(1) && !statistics.observation.standsStill(0))
    #expect(statistics.observation.deviation[1] == 5)
    #expect(statistics.difference.deviation[1] == 5)
  }

  @Test func `differences do not cross episodes`() {
    // 2, 2 and −6
    #expect(abs(statistics.difference.mean[0] + 2.0 / 3) < 1e-6)
    #expect(statistics.difference.minimum == [-6, 0])
  }

  @Test func `actions and rewards`() {
    #expect(statistics.action.mean == [1])
    #expect(abs(statistics.action.deviation[0] - Float(8.0 / 3).squareRoot()) < 1e-6)
    #expect(statistics.reward.mean == [2])
  }

  @Test func `a large offset does not cost the deviation its digits`() {
    let far = Dataset(
      family: "", observationSize: 1, actionSize: 1, actionLimit: 1, periodNanoseconds: 1,
      episodes: [
        Episode(
          task: 0, parameters: [], behaviour: "", observations: [10_000, 10_001], actions: [0], rewards: [0],
          terminated: false)
      ])
    #expect(abs(Statistics(far).observation.deviation[0] - 0.5) < 1e-6)
  }
}
