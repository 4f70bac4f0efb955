// Weights and contexts drawn at random: for measuring the time of a net nobody has trained, and for tests.

extension ContextBank {
  /// `count` contexts, U(−1, 1), equally far apart; unit scales, both models weighed in full. Real-time: no.
  public static func random(_ shape: PlannerShape, count: Int, seed: UInt64) -> ContextBank {
    var random = RandomSource(seed: seed)
    return ContextBank(
      contexts: (0..<count * shape.contextSize).map { _ in Float(Float16(2 * random.uniform() - 1)) },
      distances: (0..<count * count).map { $0 / count == $0 % count ? 0 : 1 },
      dynamicsScale: [Float](repeating: 1, count: shape.observationSize), rewardScale: 1, dynamicsWeight: 1,
      rewardWeight: 1, dynamicsLimit: 100, rewardLimit: 100)
  }
}

extension PlannerWeights {
  /// Untrained weights, U(±1/√fan-in), with statistics of unit spread. Real-time: no.
  public static func random(_ shape: PlannerShape, seed: UInt64, actionLimit: Float = 1) -> PlannerWeights {
    var random = RandomSource(seed: seed)
    var tensors: [String: [Float16]] = [:]
    var fanIn = 1
    for tensor in shape.tensors {
      let isWeight = tensor.name.hasSuffix(".weight")
      let isNorm = tensor.name.split(separator: ".").contains { $0 == "norm" }
      if isWeight { fanIn = tensor.shape.dropFirst().reduce(1, *) }
      let bound = 1 / Float(fanIn).squareRoot()
      tensors[tensor.name] = (0..<tensor.count).map { _ in
        isNorm ? (isWeight ? 1 : 0) : Float16((2 * random.uniform() - 1) * bound)
      }
    }
    func all(_ value: Float, _ count: Int) -> [Float] { [Float](repeating: value, count: count) }
    let states = shape.observationSize
    let actions = shape.actionSize
    var statistics = PlannerStatistics(
      observationMean: all(0, states), observationStd: all(1, states), observationMin: all(-5, states),
      observationMax: all(5, states), actionMean: all(0, actions), actionStd: all(1, actions),
      actionMin: all(-actionLimit, actions), actionMax: all(actionLimit, actions),
      differenceMean: all(0, states), differenceStd: all(0.1, states), rewardMean: 0, rewardStd: 1)
    statistics.parameterMean = all(0, shape.parameterCount)
    statistics.parameterStd = all(1, shape.parameterCount)
    return PlannerWeights(shape: shape, statistics: statistics, actionLimit: actionLimit, tensors: tensors)
  }
}
