// Regret and the worst task: held against sums done by hand.

import Evaluation
import Testing

@Suite struct StandingTests {
  private let tasks = [
    TaskReturns(return: -10, expertReturn: -8, randomReturn: -40),
    TaskReturns(return: -30, expertReturn: -6, randomReturn: -36),
    TaskReturns(return: -5, expertReturn: -7, randomReturn: -47),
  ]

  @Test func `regret is what the expert earns more, and less than nothing where it was beaten`() {
    #expect(tasks.map(\.regret) == [2, 24, -2])
    #expect(Standing(tasks, numbers: [0, 1, 2]).meanRegret == 8)
  }

  @Test func `the worst task is the one of the largest regret, by its number in the split`() throws {
    let standing = Standing(tasks, numbers: [4, 9, 11])
    #expect(standing.worstTask == 9 && standing.worstRegret == 24)
    #expect(try abs(#require(standing.worstScore) - 6.0 / 30) < 1e-12)
    let others = Standing([tasks[2], tasks[0]], numbers: [11, 4])
    #expect(others.worstTask == 4 && others.worstRegret == 2)
  }

  @Test func `score and regret say the same in other units`() throws {
    let standing = Standing(tasks, numbers: [0, 1, 2])
    #expect(standing.meanReturn == -15 && standing.expertReturn == -7 && standing.randomReturn == -41)
    let range = try #require(standing.expertReturn) - #require(standing.randomReturn)
    #expect(try abs(#require(standing.normalisedScore) - (1 - #require(standing.meanRegret) / range)) < 1e-12)
  }

  @Test func `without a yardstick there is no score, and the worst task is the one of the lowest return`() {
    let alone = tasks.map { TaskReturns(return: $0.return, expertReturn: nil, randomReturn: nil) }
    let standing = Standing(alone, numbers: [4, 9, 11])
    #expect(standing.meanReturn == -15 && standing.worstTask == 9)
    #expect(standing.normalisedScore == nil && standing.meanRegret == nil && standing.worstRegret == nil)
    let partly = Standing([tasks[0], alone[1]], numbers: [4, 9])
    #expect(partly.expertReturn == nil && partly.normalisedScore == nil && partly.worstTask == 9)
  }
}
