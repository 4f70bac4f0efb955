// How returns stand beside those of the expert and of random actions from the same starts: score, regret, worst task.

/// Mean returns of one task, all from the same starts.
public struct TaskReturns: Codable, Sendable, Equatable {
  public var `return`: Double
  /// Nil, as all that is held against it, where nobody has said how the expert does.
  public var expertReturn: Double?
  public var randomReturn: Double?
  /// Expert − return: what the expert would have earned more. Below 0 where the expert was beaten.
  public var regret: Double?

  public init(return own: Double, expertReturn: Double?, randomReturn: Double?) {
    `return` = own
    self.expertReturn = expertReturn
    self.randomReturn = randomReturn
    regret = expertReturn.map { $0 - own }
  }

  init(return own: Double, reference: StatedReturns?) {
    self.init(return: own, expertReturn: reference?.expert, randomReturn: reference?.random)
  }

  /// (return − random) / (expert − random).
  var score: Double? {
    guard let expertReturn, let randomReturn else { return nil }
    return (`return` - randomReturn) / (expertReturn - randomReturn)
  }

  /// What tells the worst task.
  var shortfall: Double { regret ?? -`return` }

  /// The mean of several.
  init(meanOf all: [TaskReturns]) {
    self.init(
      return: mean(all.map(\.return)), expertReturn: meanIfKnown(all.map(\.expertReturn)),
      randomReturn: meanIfKnown(all.map(\.randomReturn)))
  }
}

/// Nil unless all are known.
func meanIfKnown(_ values: [Double?]) -> Double? {
  let known = values.compactMap(\.self)
  return known.isEmpty || known.count < values.count ? nil : mean(known)
}

/// The tasks of a meta-test together.
public struct Standing: Codable, Sendable, Equatable {
  /// Mean over tasks, and its standard error over tasks.
  public var meanReturn: Double
  public var standardError: Double
  public var expertReturn: Double?
  public var randomReturn: Double?
  /// (mean − random) / (expert − random).
  public var normalisedScore: Double?
  /// Mean over tasks of expert − return.
  public var meanRegret: Double?
  /// The largest regret of a task, that task's number in its split, and its score: a mean hides a task that fails. The
  /// task of the lowest return where there is no regret.
  public var worstRegret: Double?
  public var worstTask: Int
  public var worstScore: Double?

  /// `returns` of the tasks called `numbers`. Precondition: one number each, and at least one task.
  public init(_ returns: [TaskReturns], numbers: [Int]) {
    precondition(!returns.isEmpty && returns.count == numbers.count)
    let all = TaskReturns(meanOf: returns)
    meanReturn = all.return
    standardError = Evaluation.standardError(returns.map(\.return))
    expertReturn = all.expertReturn
    randomReturn = all.randomReturn
    normalisedScore = all.score
    meanRegret = all.regret
    let worst = returns.indices.max { returns[$0].shortfall < returns[$1].shortfall }!
    worstRegret = returns[worst].regret
    worstTask = numbers[worst]
    worstScore = returns[worst].score
  }

  /// Cells from return to worst task, as `columns` heads them.
  var cells: String {
    right(meanReturn, 8, 1) + " ± " + left(right(standardError, 4, 1), 6) + right(expertReturn, 8, 1)
      + right(randomReturn, 9, 1) + right(normalisedScore, 8, 3) + right(meanRegret, 9, 1)
      + right("\(right(worstRegret, 0, 1)) (\(worstTask))", 15)
  }

  static let columns =
    right("return", 8) + left("", 9) + right("expert", 8) + right("random", 9) + right("score", 8) + right("regret", 9)
    + right("worst (task)", 15)
}
