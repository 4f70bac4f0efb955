// A trained model as the planner takes it: statistics and weights.

/// What normalises the numbers of a robot, taken from training data only. Physical units, one entry per channel.
/// Real-time: no (arrays).
public struct PlannerStatistics: Equatable, Sendable {
  /// Of the state, `[observationSize]`; spreads are positive.
  public var observationMean: [Float], observationStd: [Float], observationMin: [Float], observationMax: [Float]
  /// Of the commands, `[actionSize]`; spreads are positive.
  public var actionMean: [Float], actionStd: [Float], actionMin: [Float], actionMax: [Float]
  /// Change of the state in one period, `[observationSize]`; spreads are positive.
  public var differenceMean: [Float], differenceStd: [Float]
  /// Of the reward of one period; the spread is positive.
  public var rewardMean: Float, rewardStd: Float
  /// Of the tasks' parameters; empty but for the oracle.
  public var parameterMean: [Float] = [], parameterStd: [Float] = []

  /// Statistics without task parameters. Real-time: no.
  public init(
    observationMean: [Float], observationStd: [Float], observationMin: [Float], observationMax: [Float],
    actionMean: [Float], actionStd: [Float], actionMin: [Float], actionMax: [Float],
    differenceMean: [Float], differenceStd: [Float], rewardMean: Float, rewardStd: Float
  ) {
    self.observationMean = observationMean
    self.observationStd = observationStd
    self.observationMin = observationMin
    self.observationMax = observationMax
    self.actionMean = actionMean
    self.actionStd = actionStd
    self.actionMin = actionMin
    self.actionMax = actionMax
    self.differenceMean = differenceMean
    self.differenceStd = differenceStd
    self.rewardMean = rewardMean
    self.rewardStd = rewardStd
  }
}

/// A trained model as the planner takes it: sizes, statistics and fp16 tensors, all checked where they were read or
/// made. Real-time: no (arrays).
public struct PlannerWeights: Sendable {
  /// Sizes of the model.
  public var shape: PlannerShape
  /// What normalises the robot's numbers.
  public var statistics: PlannerStatistics
  /// Commands leave the planner within these limits, `[actionSize]`; finite.
  public var actionRanges: [ClosedRange<Float>]
  /// The largest magnitude of them. Real-time: no.
  public var actionLimit: Float { actionRanges.reduce(0) { max($0, abs($1.lowerBound), abs($1.upperBound)) } }
  /// Every tensor of `shape.tensors`, row-major.
  public var tensors: [String: [Float16]]
  /// Hypotheses for a belief over contexts, if the model has them.
  public var bank: ContextBank?

  /// A model of these parts, which must agree with `shape`; commands in `-actionLimit ... actionLimit`. Real-time: no.
  public init(
    shape: PlannerShape, statistics: PlannerStatistics, actionLimit: Float, tensors: [String: [Float16]],
    bank: ContextBank? = nil
  ) {
    self.init(
      shape: shape, statistics: statistics,
      actionRanges: [ClosedRange<Float>](repeating: -actionLimit...actionLimit, count: shape.actionSize),
      tensors: tensors, bank: bank)
  }

  /// A model of these parts, which must agree with `shape`. Real-time: no.
  public init(
    shape: PlannerShape, statistics: PlannerStatistics, actionRanges: [ClosedRange<Float>],
    tensors: [String: [Float16]], bank: ContextBank? = nil
  ) {
    self.bank = bank
    self.shape = shape
    self.statistics = statistics
    self.actionRanges = actionRanges
    self.tensors = tensors
  }

  func weight(_ layer: String) -> [Float16] { self(LayerName.weight(layer)) }
  func bias(_ layer: String) -> [Float16] { self(LayerName.bias(layer)) }

  /// The tensor called `name`. Traps when it is absent: the maker of the weights checks `shape.tensors`.
  func callAsFunction(_ name: String) -> [Float16] {
    guard let tensor = tensors[name] else { preconditionFailure("a model without one of its tensors") }
    return tensor
  }
}
