// What a demo or a test stand is held against.

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
}
