// The belief: hypotheses about the context, each held against every transition, and the one that is acted on.

import CKernels

/// A Bayesian filter over contexts: those of the bank, the encoder's estimate, and a refined one that is acted on.
///
/// Each transition is predicted under all of them at once, and a hypothesis' weight shrinks with the loss of its
/// prediction. After every transition each gets back a share of all weight (`hazard`): tasks change, so none is ruled
/// out for good (the fixed share of Herbster and Warmuth, 1998). No transition counts for more than `mostLoss`, so that
/// no outlier decides. What is acted on is drawn from the belief (Thompson, 1933) and kept until another explains the
/// robot ten times better; between the hypotheses of the bank it is moved by `ContextRefinement`. A plain value of
/// pointers into the arena.
struct ContextBelief {
  private struct State {
    var random = RandomSource(seed: 0)
    /// The hypothesis of the bank next to the refined one.
    var centre = 0
    /// Transitions since `clear`.
    var transitions = 0
    var judgement = BeliefJudgement()
  }

  /// Hypotheses of the bank, slots `0 ..< bankCount`.
  let bankCount: Int
  /// All slots: the bank's, the refined one, the encoder's.
  let count: Int
  private let contextSize: Int, observationSize: Int, rowSize: Int
  private let dynamics: MultilayerPerceptron, reward: MultilayerPerceptron
  private let dynamicsWeight: Float, rewardWeight: Float
  private let dynamicsLimit: Float, rewardLimit: Float
  private let rewardScale: Float
  private let dynamicsScale: UnsafeMutablePointer<Float>  // [observationSize]
  private let contexts: UnsafeMutablePointer<Float>  // [count][contextSize]
  private let distances: UnsafeMutablePointer<Float>  // [bankCount][bankCount]
  /// The nearest of the bank to each of its hypotheses, itself first.
  private let neighbours: UnsafeMutablePointer<Int>  // [bankCount][neighbourCount]
  private let neighbourCount: Int
  /// From which distance on two hypotheses are different tasks.
  private let changeDistance: Float
  private let refinement: ContextRefinement

  // Memory.
  private let weights: UnsafeMutablePointer<Float>  // [count], sum 1
  /// What the contexts add to the models' first layers, biases included.
  private let dynamicsShares: UnsafeMutablePointer<Float>, rewardShares: UnsafeMutablePointer<Float>  // [count][width]
  private let state: UnsafeMutablePointer<State>

  // Workspace.
  private let layers: PerceptronWorkspace
  private let shared: UnsafeMutablePointer<Float>  // [width]
  private let changes: UnsafeMutablePointer<Float>  // [count][observationSize]
  private let rewards: UnsafeMutablePointer<Float>  // [count]
  private let losses: UnsafeMutablePointer<Float>  // [count]

  /// Share of all weight that is redistributed per transition.
  private static var hazard: Float { @_noAllocation @_noLocks get { 0.005 } }
  /// The most that a transition can tell two hypotheses apart by, in nats.
  private static var mostLoss: Float { @_noAllocation @_noLocks get { 4 } }
  /// A hypothesis is dropped when another weighs so many times more.
  private static var dropRatio: Float { @_noAllocation @_noLocks get { 10 } }
  private static let mostNeighbours = 7

  init(
    _ arena: inout Arena, shape: PlannerShape, bank: ContextBank, dynamics: MultilayerPerceptron,
    reward: MultilayerPerceptron
  ) {
    let width = PlannerShape.worldModelWidth
    bankCount = bank.count
    count = bankCount + 2
    contextSize = shape.contextSize
    observationSize = shape.observationSize
    rowSize = shape.rowSize
    self.dynamics = dynamics
    self.reward = reward
    dynamicsWeight = bank.dynamicsWeight
    rewardWeight = bank.rewardWeight
    dynamicsLimit = bank.dynamicsLimit
    rewardLimit = bank.rewardLimit
    rewardScale = bank.rewardScale
    dynamicsScale = arena.carve(Float.self, observationSize)
    contexts = arena.carve(Float.self, count * contextSize)
    distances = arena.carve(Float.self, bankCount * bankCount)
    let apart = bank.distances.filter { $0 > 0 }.sorted()
    changeDistance = max(
      BeliefJudgement.leastDistance, apart.isEmpty ? 0 : BeliefJudgement.distanceShare * apart[apart.count / 2])
    neighbourCount = min(bankCount, Self.mostNeighbours)
    neighbours = arena.carve(Int.self, bankCount * neighbourCount)
    refinement = ContextRefinement(
      &arena, contextSize: contextSize, outputs: observationSize, directions: neighbourCount)
    weights = arena.carve(Float.self, count)
    dynamicsShares = arena.carve(Float.self, count * width)
    rewardShares = arena.carve(Float.self, count * width)
    state = arena.carve(State.self, 1)
    layers = PerceptronWorkspace(&arena, rows: max(count, observationSize))
    shared = arena.carve(Float.self, width)
    changes = arena.carve(Float.self, count * observationSize)
    rewards = arena.carve(Float.self, count)
    losses = arena.carve(Float.self, count)
  }

  /// Takes the bank over; the models must be loaded.
  func load(_ bank: ContextBank, _ kernels: Kernels) {
    for (index, value) in bank.contexts.enumerated() { contexts[index] = value }
    for (index, value) in bank.distances.enumerated() { distances[index] = value }
    for (index, value) in bank.dynamicsScale.enumerated() { dynamicsScale[index] = value }
    for hypothesis in 0..<bankCount {
      let row = distances + hypothesis * bankCount
      let others = (0..<bankCount).filter { $0 != hypothesis }.sorted { (row[$0], $0) < (row[$1], $1) }
      for (place, other) in ([hypothesis] + others).prefix(neighbourCount).enumerated() {
        neighbours[hypothesis * neighbourCount + place] = other
      }
      updateShares(kernels, hypothesis)
    }
    refinement.load()
    state.initialize(to: State())
  }

  /// Slot of the hypothesis that is acted on.
  private var refined: Int { @_noAllocation @_noLocks get { bankCount } }
  /// Slot of the encoder's estimate.
  private var encoder: Int { @_noAllocation @_noLocks get { bankCount + 1 } }
  /// The context to act on, `[contextSize]`.
  var context: UnsafePointer<Float> {
    @_noAllocation @_noLocks get { UnsafePointer(contexts + refined * contextSize) }
  }

  /// Probability of the hypothesis in slot `index`.
  @_noAllocation @_noLocks
  func weight(_ index: Int) -> Float { weights[index] }

  /// Changes of task or body since `load`.
  var changeCount: Int { @_noAllocation @_noLocks get { state.pointee.judgement.changes } }

  /// Forgets all transitions: the bank's hypotheses are equal, and one drawn with `seed` is acted on.
  @_noAllocation @_noLocks
  func clear(_ kernels: Kernels, seed: UInt64) {
    state.pointee.random = RandomSource(seed: seed)
    state.pointee.transitions = 0
    state.pointee.judgement.clear()
    for index in 0..<count { weights[index] = index < bankCount ? 1 / Float(bankCount) : 0 }
    adopt(kernels, state.pointee.random.index(below: bankCount))
  }

  /// The encoder's estimate from all transitions before the next, `[contextSize]`.
  @_noAllocation @_noLocks
  func setEstimate(_ kernels: Kernels, _ estimate: UnsafePointer<Float>) {
    ck_copy(contexts + encoder * contextSize, estimate, contextSize)
    updateShares(kernels, encoder)
  }

  /// Holds all hypotheses against a normalised transition, [state, action, reward, change of state], and chooses the
  /// context. True: the task or the body has changed.
  @_noAllocation @_noLocks
  func observe(_ kernels: Kernels, _ transition: UnsafePointer<Float>) -> Bool {
    // The encoder has an estimate from the second transition on.
    let rows = state.pointee.transitions > 0 ? count : count - 1
    state.pointee.transitions += 1
    predict(kernels, transition, rows: rows)
    noteSurprise(kernels, transition)
    weigh(rows: rows)
    refine(kernels, transition)
    if let better = findBetter(rows: rows) { adopt(kernels, better) }
    return state.pointee.judgement.settle(
      centre: state.pointee.centre, confidence: confidence, distances: distances, bankCount: bankCount,
      apart: changeDistance)
  }

  // MARK: The filter

  /// Fills `losses` of the first `rows` slots.
  @_noAllocation @_noLocks
  private func predict(_ kernels: Kernels, _ transition: UnsafePointer<Float>, rows: Int) {
    for index in 0..<rows { losses[index] = 0 }
    if rewardWeight > 0 {
      reward.predict(kernels, transition, shares: rewardShares, shared, layers, rewards, rows: rows)
      for index in 0..<rows { losses[index] += rewardWeight * rewardLoss(transition, rewards[index]) }
    }
    if dynamicsWeight > 0 {
      dynamics.predict(kernels, transition, shares: dynamicsShares, shared, layers, changes, rows: rows)
      for index in 0..<rows {
        losses[index] += dynamicsWeight * dynamicsLoss(transition, changes + index * observationSize)
      }
    }
  }

  @_noAllocation @_noLocks
  private func rewardLoss(_ transition: UnsafePointer<Float>, _ predicted: Float) -> Float {
    bounded(ContextBank.loss((predicted - transition[rowSize]) / rewardScale))
  }

  @_noAllocation @_noLocks
  private func dynamicsLoss(_ transition: UnsafePointer<Float>, _ predicted: UnsafePointer<Float>) -> Float {
    let target = transition + rowSize + 1
    var sum: Float = 0
    for channel in 0..<observationSize {
      sum += ContextBank.loss((predicted[channel] - target[channel]) / dynamicsScale[channel])
    }
    return bounded(sum / Float(observationSize))
  }

  /// Predictions far outside the training data may overflow: a loss beyond all others, and a number.
  @_noAllocation @_noLocks
  private func bounded(_ loss: Float) -> Float { loss < 100 ? loss : 100 }

  /// w ← (1 − h) w e^−loss / Σ + h / n.
  @_noAllocation @_noLocks
  private func weigh(rows: Int) {
    var least = Float.infinity
    for index in 0..<rows { least = min(least, losses[index]) }
    var sum: Float = 0
    for index in 0..<rows {
      weights[index] *= ck_exp(-min(losses[index] - least, Self.mostLoss))
      sum += weights[index]
    }
    for index in 0..<rows {
      weights[index] = (1 - Self.hazard) * weights[index] / sum + Self.hazard / Float(rows)
    }
  }

  // MARK: The hypothesis that is acted on

  /// A draw from the belief, once the refined hypothesis is far behind the best; nil: it stays.
  @_noAllocation @_noLocks
  private func findBetter(rows: Int) -> Int? {
    var best = 0
    for index in 0..<rows where weights[index] > weights[best] { best = index }
    guard weights[refined] * Self.dropRatio < weights[best] else { return nil }
    var left = state.pointee.random.uniform()
    for index in 0..<rows {
      left -= weights[index]
      if left < 0 { return index == refined ? nil : index }
    }
    return best
  }

  /// Acts on the hypothesis in slot `index` from now on, and refines it: half of its weight goes to the refined one,
  /// whose own goes back to the hypothesis that it came from.
  @_noAllocation @_noLocks
  private func adopt(_ kernels: Kernels, _ index: Int) {
    let z = contexts + refined * contextSize
    ck_copy(z, contexts + index * contextSize, contextSize)
    weights[state.pointee.centre] += weights[refined]
    weights[index] /= 2
    weights[refined] = weights[index]
    state.pointee.centre = index < bankCount ? index : nearest(to: z)
    refinement.begin(
      at: z, contexts: contexts, neighbours: neighbours + state.pointee.centre * neighbourCount)
    updateShares(kernels, refined)
  }

  @_noAllocation @_noLocks
  private func refine(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    let width = PlannerShape.worldModelWidth
    refinement.drift()
    if rewardWeight > 0 {
      let share = rewardShares + refined * width
      reward.contextJacobian(
        kernels, transition, share: share, refinement.selectors, shared, layers, rewards, refinement.jacobian)
      refinement.correct(
        output: 0, innovation: transition[rowSize] - rewards[0], variance: rewardScale * rewardScale / rewardWeight)
    }
    if dynamicsWeight > 0 {
      let share = dynamicsShares + refined * width
      dynamics.contextJacobian(
        kernels, transition, share: share, refinement.selectors, shared, layers, changes, refinement.jacobian)
      let target = transition + rowSize + 1
      for channel in 0..<observationSize {
        let scale = dynamicsScale[channel]
        refinement.correct(
          output: channel, innovation: target[channel] - changes[channel],
          variance: scale * scale * Float(observationSize) / dynamicsWeight)
      }
    }
    refinement.place(contexts + refined * contextSize)
    updateShares(kernels, refined)
  }

  /// The hypothesis of the bank whose context is closest to `z`.
  @_noAllocation @_noLocks
  private func nearest(to z: UnsafePointer<Float>) -> Int {
    var best = 0
    var least = Float.infinity
    for index in 0..<bankCount {
      var square: Float = 0
      for entry in 0..<contextSize {
        let difference = contexts[index * contextSize + entry] - z[entry]
        square += difference * difference
      }
      if square < least { (best, least) = (index, square) }
    }
    return best
  }

  /// Brings what a slot's context adds to the first layers up to date.
  @_noAllocation @_noLocks
  private func updateShares(_ kernels: Kernels, _ slot: Int) {
    let width = PlannerShape.worldModelWidth
    dynamics.contextShare(kernels, contexts + slot * contextSize, dynamicsShares + slot * width)
    reward.contextShare(kernels, contexts + slot * contextSize, rewardShares + slot * width)
  }

  // MARK: What is made of it

  /// Notes how far the hypothesis that was acted on missed, whether or not its loss is weighed.
  @_noAllocation @_noLocks
  private func noteSurprise(_ kernels: Kernels, _ transition: UnsafePointer<Float>) {
    let width = PlannerShape.worldModelWidth
    let isPredicted = (reward: rewardWeight > 0, dynamics: dynamicsWeight > 0)
    if !isPredicted.reward {
      let share = rewardShares + refined * width
      reward.predict(kernels, transition, shares: share, shared, layers, rewards + refined, rows: 1)
    }
    if !isPredicted.dynamics {
      let share = dynamicsShares + refined * width
      dynamics.predict(
        kernels, transition, shares: share, shared, layers, changes + refined * observationSize, rows: 1)
    }
    state.pointee.judgement.note(
      dynamics: dynamicsLoss(transition, changes + refined * observationSize) / dynamicsLimit,
      reward: rewardLoss(transition, rewards[refined]) / rewardLimit)
  }

  /// Probability of the hypotheses like the one acted on.
  private var confidence: Float {
    @_noAllocation @_noLocks
    get {
      let near = neighbours + state.pointee.centre * neighbourCount
      var sum = weights[refined]
      let ofEncoder = state.pointee.transitions > 1 ? nearest(to: contexts + encoder * contextSize) : -1
      for place in 0..<neighbourCount {
        sum += weights[near[place]]
        if near[place] == ofEncoder { sum += weights[encoder] }
      }
      return min(sum, 1)
    }
  }

  /// Nothing known explains the robot.
  var isUnexplained: Bool { @_noAllocation @_noLocks get { state.pointee.judgement.isUnexplained } }

  /// The belief in numbers.
  var summary: Belief {
    @_noAllocation @_noLocks
    get {
      var entropy: Float = 0
      for index in 0..<count where weights[index] > 0 { entropy -= weights[index] * ck_log(weights[index]) }
      return Belief(
        hypothesis: state.pointee.centre, confidence: confidence, hypothesesLeft: ck_exp(entropy),
        surprise: state.pointee.judgement.surprise, isUnexplained: state.pointee.judgement.isUnexplained)
    }
  }

  /// How differently the hypothesis acted on and another, drawn from the belief, predict what follows a normalised
  /// state and action, [state, action]; weighted loss. `rival` comes from `drawRival`.
  @_noAllocation @_noLocks
  func disagreement(_ kernels: Kernels, _ row: UnsafePointer<Float>, rival: Int) -> Float {
    let width = PlannerShape.worldModelWidth
    var loss: Float = 0
    for model in 0..<2 {
      let isReward = model == 0
      let weight = isReward ? rewardWeight : dynamicsWeight
      guard weight > 0 else { continue }
      let (network, shares) = isReward ? (reward, rewardShares) : (dynamics, dynamicsShares)
      let outputs = network.outputs
      network.predict(kernels, row, shares: shares + refined * width, shared, layers, changes, rows: 1)
      network.predict(kernels, row, shares: shares + rival * width, shared, layers, changes + outputs, rows: 1)
      var sum: Float = 0
      for output in 0..<outputs {
        let scale = isReward ? rewardScale : dynamicsScale[output]
        sum += ContextBank.loss((changes[output] - changes[outputs + output]) / scale)
      }
      loss += weight * sum / Float(outputs)
    }
    return loss
  }

  /// A hypothesis of the bank unlike the one acted on, by its probability; nil when there is hardly any doubt.
  @_noAllocation @_noLocks
  func drawRival() -> Int? {
    let doubt = 1 - confidence
    guard doubt > 0.1 else { return nil }
    let near = neighbours + state.pointee.centre * neighbourCount
    var left = state.pointee.random.uniform() * doubt
    for index in 0..<bankCount {
      var isNear = false
      for place in 0..<neighbourCount where near[place] == index { isNear = true }
      if isNear { continue }
      left -= weights[index]
      if left < 0 { return index }
    }
    return nil
  }
}
