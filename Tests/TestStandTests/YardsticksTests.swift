// What demo and hil are held against: the score, and what --at-least makes of it.

import TestStand
import Testing

@Suite struct YardsticksTests {
  /// The warm start's return counts for nothing.
  let yardsticks = Yardsticks(expertReturns: [-999, -20, -40], randomReturn: -530)

  @Test func `random scores 0, the expert 1, and half of the way a half`() {
    #expect(yardsticks.expertReturn == -30)
    #expect(yardsticks.score(of: [-530, -530]) == 0)
    #expect(yardsticks.score(of: [-20, -40]) == 1)
    #expect(yardsticks.score(of: [-180, -380]) == 0.5)
  }

  @Test func `a score that is less than was asked for is an error that names both, and so is none`() throws {
    try yardsticks.demand(nil, of: -1)
    try yardsticks.demand(0.9, of: 0.9)
    #expect(throws: StandError.self) { try yardsticks.demand(0.9, of: 0.8999) }
    #expect(throws: StandError.self) { try yardsticks.demand(0.9, of: .nan) }
    let error = #expect(throws: StandError.self) { try yardsticks.demand(0.9, of: 0.25) }
    #expect(error?.description == "the score is 0.250, --at-least asks for 0.9")
  }
}
