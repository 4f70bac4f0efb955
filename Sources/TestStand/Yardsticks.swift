// What a demo or a test stand is held against.

import Foundations

/// What expert and random get on a task.
package struct Yardsticks {
  /// Of each episode, the warm start first.
  package var expertReturns: [Double]
  /// Mean over the episodes after the warm start.
  package var randomReturn: Double

  package init(expertReturns: [Double], randomReturn: Double) {
    self.expertReturns = expertReturns
    self.randomReturn = randomReturn
  }

  /// Mean over the episodes after the warm start.
  package var expertReturn: Double {
    let returns = expertReturns.dropFirst()
    return returns.reduce(0, +) / Double(returns.count)
  }

  /// The mean of `returns`, those after the warm start, with random at 0 and the expert at 1.
  package func score(of returns: [Double]) -> Double {
    let mean = returns.reduce(0, +) / Double(max(1, returns.count))
    return (mean - randomReturn) / (expertReturn - randomReturn)
  }

  /// Throws where a least score was asked for and `score` is less, or no number.
  package func demand(_ least: Double?, of score: Double) throws {
    guard let least, !(score >= least) else { return }
    throw StandError(description: "the score is \(decimal(score, 3)), --at-least asks for \(least)")
  }
}
