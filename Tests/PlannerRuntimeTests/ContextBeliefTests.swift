// The belief: against an independent computation, on robots that follow one of its hypotheses, change, or follow none.

import PlannerRuntime
import Testing

private let hypotheses = 12

/// A small model whose predictions depend on the context, with a bank that knows how far its hypotheses are apart.
private func makeWeights(_ kind: ContextKind = .pool, scale: Float = 0.02) -> PlannerWeights {
  var shape = smallShape
  shape.contextKind = kind
  var weights = PlannerWeights.random(shape, seed: 4)
  // Untrained models hardly listen to the context: here they do.
  for model in ["dynamics", "reward"] {
    let inputs = shape.rowSize + shape.contextSize
    for index in weights.tensors["\(model).0.weight"]!.indices where index % inputs >= shape.rowSize {
      weights.tensors["\(model).0.weight"]![index] *= 6
    }
  }
  var bank = ContextBank.random(shape, count: hypotheses, seed: 5)
  bank.rewardScale = scale
  bank.dynamicsScale = bank.dynamicsScale.map { _ in scale }
  bank.dynamicsLimit = 6
  bank.rewardLimit = 6
  // Some are nearer than others.
  for a in 0..<hypotheses {
    for b in 0..<hypotheses where a != b {
      bank.distances[a * hypotheses + b] = (0..<shape.contextSize).reduce(0) {
        $0 + abs(bank.contexts[a * shape.contextSize + $1] - bank.contexts[b * shape.contextSize + $1])
      }
    }
  }
  weights.bank = bank
  return weights
}

private func makePlanner(
  _ weights: PlannerWeights, _ change: (inout PlannerOptions) -> Void = { _ in }
) throws -> Planner {
  var options = PlannerOptions()
  options.candidates = 1
  options.contextInference = .belief
  change(&options)
  var planner = try Planner(weights: weights, options: options)
  planner.reset(seed: 3)
  planner.clearContext()
  return planner
}

/// A robot that does exactly what a model predicts under a context, but for noise.
private struct ModelledRobot {
  let models: ReferenceModels
  var context: [Double]
  var random = RandomSource(seed: 8)
  var noise: Float = 0.002

  init(_ weights: PlannerWeights, hypothesis: Int) {
    models = ReferenceModels(weights: weights)
    context = Self.context(weights, hypothesis)
  }

  static func context(_ weights: PlannerWeights, _ hypothesis: Int) -> [Double] {
    let size = weights.shape.contextSize
    return weights.bank!.contexts[hypothesis * size..<(hypothesis + 1) * size].map { Double($0) }
  }

  /// [state, action, reward, change], normalised.
  mutating func transition() -> [Double] {
    let row = (0..<models.shape.rowSize).map { _ in Double(random.normal()) }
    let outcome = models.predict("reward", row, context) + models.predict("dynamics", row, context)
    return row + outcome.map { $0 + Double(noise * random.normal()) }
  }
}

/// Shows `transition`, normalised: observations have unit spread, changes a tenth of it.
private func show(_ planner: inout Planner, _ transition: [Double]) -> Bool {
  let states = planner.observationSize
  let values = transition.map { Float($0) }
  let state = Array(values[..<states])
  let action = Array(values[states..<states + planner.actionSize])
  let change = values[(states + planner.actionSize + 1)...]
  let isAdded = planner.addTransition(
    observation: state, action: action, reward: values[states + planner.actionSize],
    next: zip(state, change).map { $0 + 0.1 * $1 })
  planner.updateContextIfDue()
  return isAdded
}

private func weights(of planner: borrowing Planner) -> [Float] {
  (0..<hypotheses + 2).map { planner.beliefWeight($0) }
}

@Suite struct ContextBeliefTests {
  /// Both models, then each alone: the other is not asked.
  @Test(arguments: [(Float(1), Float(1)), (0, 1), (1, 0)])
  func `weights and context are those of an independent computation`(dynamics: Float, reward: Float) throws {
    var model = makeWeights(scale: 0.3)
    model.bank!.dynamicsWeight = dynamics
    model.bank!.rewardWeight = reward
    var planner = try makePlanner(model)
    var reference = ReferenceBelief(model, seed: 3)
    var robot = ModelledRobot(model, hypothesis: 7)
    robot.noise = 0.1
    for step in 0..<60 {
      // Half way it is another robot.
      if step == 30 { robot.context = ModelledRobot.context(model, 2) }
      let transition = robot.transition()
      #expect(show(&planner, transition))
      reference.observe(transition)
      for (found, expected) in zip(weights(of: planner), reference.weights) {
        #expect(abs(Double(found) - expected) < 2e-3)
      }
      for entry in 0..<smallShape.contextSize {
        #expect(abs(Double(planner.context(entry)) - reference.contexts[hypotheses][entry]) < 2e-3)
      }
    }
    if dynamics > 0, reward > 0 { #expect(reference.draws > 0) }
  }

  @Test func `it finds which hypothesis the robot follows, whichever it is`() throws {
    let model = makeWeights()
    for hypothesis in 0..<hypotheses {
      var planner = try makePlanner(model)
      var robot = ModelledRobot(model, hypothesis: hypothesis)
      for _ in 0..<10 { _ = show(&planner, robot.transition()) }
      let belief = planner.belief!
      #expect(belief.hypothesis == hypothesis && belief.confidence > 0.9)
    }
  }

  @Test func `between two hypotheses it comes closer than either`() throws {
    let model = makeWeights()
    let nearest = (1..<hypotheses).min { model.bank!.distances[$0] < model.bank!.distances[$1] }!
    var robot = ModelledRobot(model, hypothesis: 0)
    let (first, second) = (robot.context, ModelledRobot.context(model, nearest))
    robot.context = zip(first, second).map { 0.65 * $0 + 0.35 * $1 }
    var planner = try makePlanner(model)
    for _ in 0..<80 { _ = show(&planner, robot.transition()) }
    func distance(_ z: [Double]) -> Double { zip(z, robot.context).reduce(0) { $0 + abs($1.0 - $1.1) } }
    let found = (0..<smallShape.contextSize).map { Double(planner.context($0)) }
    #expect(distance(found) < 0.5 * min(distance(first), distance(second)))
  }

  @Test func `a change is followed within a few steps and counted once, and without one none is counted`() throws {
    let model = makeWeights()
    var planner = try makePlanner(model)
    var robot = ModelledRobot(model, hypothesis: 1)
    for _ in 0..<400 { _ = show(&planner, robot.transition()) }
    let before = planner.changes
    #expect(before == 0)
    robot.context = ModelledRobot.context(model, 9)
    for _ in 0..<6 { _ = show(&planner, robot.transition()) }
    let following = planner.belief!.hypothesis
    #expect(following == 9)
    for _ in 0..<100 { _ = show(&planner, robot.transition()) }
    let after = planner.changes
    #expect(after == 1)
  }

  @Test func `one outlier decides nothing`() throws {
    let model = makeWeights()
    var planner = try makePlanner(model)
    var robot = ModelledRobot(model, hypothesis: 4)
    for _ in 0..<50 { _ = show(&planner, robot.transition()) }
    var outlier = robot.transition()
    for index in smallShape.rowSize..<outlier.count { outlier[index] += 50 }
    _ = show(&planner, outlier)
    let hypothesis = planner.belief!.hypothesis
    #expect(hypothesis == 4)
  }

  @Test func `what nothing explains is said, and taken back when the robot is understood again`() throws {
    let model = makeWeights()
    var planner = try makePlanner(model)
    var robot = ModelledRobot(model, hypothesis: 3)
    for _ in 0..<200 {
      _ = show(&planner, robot.transition())
      let isUnexplained = planner.belief!.isUnexplained
      #expect(!isUnexplained)
    }
    for _ in 0..<100 {
      // Rewards and motions that no context makes.
      var strange = robot.transition()
      for index in smallShape.rowSize..<strange.count { strange[index] += 3 * Double(robot.random.normal()) }
      _ = show(&planner, strange)
    }
    let strange = planner.belief!
    #expect(strange.isUnexplained && strange.surprise > 1)
    for _ in 0..<200 { _ = show(&planner, robot.transition()) }
    let isUnexplained = planner.belief!.isUnexplained
    #expect(!isUnexplained)
  }

  @Test func `whatever is shown, weights are probabilities and the context is a context`() throws {
    let model = makeWeights()
    var planner = try makePlanner(model)
    var random = RandomSource(seed: 12)
    for step in 0..<2000 {
      let size: Double = [1, 1e3, 9e5, 1e-30][step % 4]
      var transition = (0..<smallShape.transitionSize).map { _ in size * Double(random.normal()) }
      if step % 7 == 0 { transition[random.index(below: transition.count)] = [.nan, .infinity, 1e38][step % 3] }
      _ = show(&planner, transition)
      let all = weights(of: planner)
      #expect(all.allSatisfy { $0 >= 0 && $0 <= 1.001 })
      for entry in 0..<smallShape.contextSize { #expect(abs(planner.context(entry)) <= 1) }
      let belief = planner.belief!
      #expect(belief.confidence >= 0 && belief.confidence <= 1 && belief.surprise.isFinite)
    }
  }

  @Test func `before the first transition one hypothesis is acted on, drawn by the seed`() throws {
    let model = makeWeights()
    var planner = try makePlanner(model)
    var drawn: Set<Int> = []
    for seed in 0..<60 as Range<UInt64> {
      planner.reset(seed: seed)
      planner.clearContext()
      let belief = planner.belief!
      drawn.insert(belief.hypothesis)
      #expect(abs(belief.hypothesesLeft - Float(hypotheses)) < 1.5)
      let z = ModelledRobot.context(model, belief.hypothesis)
      for entry in 0..<smallShape.contextSize { #expect(Double(planner.context(entry)) == z[entry]) }
    }
    #expect(drawn.count > 9)
  }

  @Test(arguments: [ContextKind.pool, .recurrent])
  func `every encoder that reads transitions has a voice`(kind: ContextKind) throws {
    let model = makeWeights(kind)
    var planner = try makePlanner(model)
    var robot = ModelledRobot(model, hypothesis: 6)
    for _ in 0..<300 { _ = show(&planner, robot.transition()) }
    let belief = planner.belief!
    #expect(belief.hypothesis == 6)
    #expect(weights(of: planner)[hypotheses + 1] > 0)
  }

  @Test func `a model without a bank has no belief, and says what makes one`() throws {
    var options = PlannerOptions()
    options.contextInference = .belief
    #expect {
      try Planner(weights: .random(smallShape, seed: 4), options: options)
    } throws: {
      "\($0)".contains("train bank")
    }
  }

  @Test func `in doubt actions are moved within bounds, and not once the robot is known`() throws {
    let model = makeWeights()
    var quiet = try makePlanner(model)
    var curious = try makePlanner(model) { $0.exploration = 0.5 }
    let observation = [Float](repeating: 0.1, count: smallShape.observationSize)
    var robot = ModelledRobot(model, hypothesis: 6)
    robot.noise = 0.5
    var moved = 0
    for _ in 0..<12 {
      _ = quiet.plan(observation: observation, budgetNanoseconds: .max)
      _ = curious.plan(observation: observation, budgetNanoseconds: .max)
      for index in 0..<smallShape.actionSize {
        #expect(abs(curious.action(0)[index]) <= 1)
        if curious.action(0)[index] != quiet.action(0)[index] { moved += 1 }
      }
      // Told nothing that decides: every outcome is noise.
      let transition = robot.transition().map { 0 * $0 }
      _ = show(&quiet, transition)
      _ = show(&curious, transition)
    }
    #expect(moved > 0)
  }
}
