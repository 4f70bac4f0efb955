// What a belief's course says: that a task or a body has changed, or that nothing known explains the robot.

/// What a planner believes about the task it faces. Real-time: yes, a value.
public struct Belief: Equatable, Sendable {
  /// The hypothesis of the bank nearest to the one that is acted on.
  public var hypothesis: Int
  /// Probability of it and of those like it, 0…1.
  public var confidence: Float
  /// Exponential of the entropy: 1 where one hypothesis is left, all of them before the first transition.
  public var hypothesesLeft: Float
  /// Mean loss of the latest transitions against the largest that is explained; above 1 nothing explains the robot.
  public var surprise: Float
  /// No hypothesis explains the robot: it, or its task, is outside what the model was trained on.
  public var isUnexplained: Bool
}

/// Settled beliefs and running means of losses. Real-time: yes.
struct BeliefJudgement: Equatable {
  /// Probability from which on a belief counts as sure.
  private static var sure: Float { @_noAllocation @_noLocks get { 0.9 } }
  /// Transitions in a row that a belief must be sure for.
  static var settling: Int { @_noAllocation @_noLocks get { 12 } }
  /// Loss per transition from which on two hypotheses are different tasks, and the same as a share of what any two of
  /// the bank are apart, by their median.
  static let leastDistance: Float = 0.5, distanceShare: Float = 0.5
  /// Transitions that the mean loss is over, roughly.
  private static var memory: Int { @_noAllocation @_noLocks get { 32 } }

  /// Changes of task or body so far.
  private(set) var changes = 0
  /// Of the last settled belief; −1: none yet.
  private var settled = -1
  /// Of the latest transitions, and for how many in a row it has been sure.
  private var centre = -1
  private var sureFor = 0
  private var noted = 0
  private var dynamics: Float = 0, reward: Float = 0
  private(set) var isUnexplained = false

  /// The larger of the two mean losses, in limits.
  var surprise: Float { @_noAllocation @_noLocks get { max(dynamics, reward) } }

  @_noAllocation @_noLocks
  mutating func clear() {
    let changes = changes
    self = BeliefJudgement()
    self.changes = changes
  }

  @_noAllocation @_noLocks
  init() {}

  /// Losses of the hypothesis that was acted on, in limits.
  @_noAllocation @_noLocks
  mutating func note(dynamics newDynamics: Float, reward newReward: Float) {
    noted = min(noted + 1, 2 * Self.memory)
    // The first half of the memory, while hypotheses are still tried, weighs as much as it will, not more.
    let rate = 1 / Float(min(noted, Self.memory))
    dynamics += rate * (newDynamics - dynamics)
    reward += rate * (newReward - reward)
    guard noted == 2 * Self.memory else { return }
    // Once said, it is taken back only when it has clearly passed.
    if surprise > 1 { isUnexplained = true }
    if surprise < 0.8 { isUnexplained = false }
  }

  /// Takes the belief after a transition; true: it has settled on another task than the one before.
  @_noAllocation @_noLocks
  mutating func settle(
    centre newCentre: Int, confidence: Float, distances: UnsafePointer<Float>, bankCount: Int,
    apart changeDistance: Float
  ) -> Bool {
    let isSame = centre >= 0 && distances[centre * bankCount + newCentre] < changeDistance
    centre = newCentre
    sureFor = confidence >= Self.sure ? (isSame ? min(sureFor + 1, Self.settling) : 1) : 0
    guard sureFor == Self.settling else { return false }
    defer { settled = newCentre }
    guard settled >= 0, distances[settled * bankCount + newCentre] >= changeDistance else { return false }
    changes += 1
    return true
  }
}
