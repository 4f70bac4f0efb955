// The planner as a whole: repeatable, complete under any budget, unmoved by bad input, honest about its settings.

import PlannerRuntime
import Testing

let smallShape = PlannerShape(
  observationSize: 5, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10)

/// `plans` plans from a fixed walk of observations; every command, concatenated.
private func drive(
  _ planner: inout Planner, plans: Int, prepares: Bool = true, budget: UInt64 = .max
) -> (commands: [Float], results: [PlanResult]) {
  var random = RandomSource(seed: 99)
  var commands: [Float] = []
  var results: [PlanResult] = []
  for _ in 0..<plans {
    let observation = (0..<planner.observationSize).map { _ in random.normal() }
    results.append(planner.plan(observation: observation, budgetNanoseconds: budget))
    for row in 0..<planner.horizon {
      commands += UnsafeBufferPointer(start: planner.action(row), count: planner.actionSize)
    }
    if prepares { planner.prepare() }
  }
  return (commands, results)
}

private func addTransitions(_ planner: inout Planner, count: Int, seed: UInt64, reversed: Bool = false) {
  var random = RandomSource(seed: seed)
  var transitions = (0..<count).map { _ in
    (
      (0..<planner.observationSize).map { _ in random.normal() }, (0..<planner.actionSize).map { _ in random.normal() },
      random.normal(), (0..<planner.observationSize).map { _ in random.normal() }
    )
  }
  if reversed { transitions.reverse() }
  for (observation, action, reward, next) in transitions {
    let isAdded = planner.addTransition(observation: observation, action: action, reward: reward, next: next)
    #expect(isAdded)
  }
  planner.updateContext()
}

private func makePlanner(_ change: (inout PlannerOptions) -> Void = { _ in }) throws -> Planner {
  var options = PlannerOptions()
  options.candidates = 3
  change(&options)
  return try Planner(weights: .random(smallShape, seed: 4), options: options)
}

@Suite struct PlannerTests {
  @Test(arguments: [Float(0), 0.5])
  func `the same seed gives the same plans bit for bit`(warmLevel: Float) throws {
    var first = try makePlanner { $0.warmLevel = warmLevel }
    var second = try makePlanner { $0.warmLevel = warmLevel }
    for seed in [UInt64(1), 2] {
      for context in [false, true] {
        first.reset(seed: seed)
        second.reset(seed: seed)
        if context {
          addTransitions(&first, count: 20, seed: 3)
          addTransitions(&second, count: 20, seed: 3)
        }
        // Preparing early or late is the same plan: it only moves work.
        let early = drive(&first, plans: 6)
        let late = drive(&second, plans: 6, prepares: false)
        #expect(early.commands == late.commands)
        #expect(early.results == late.results)
      }
    }
    var other = try makePlanner { $0.warmLevel = warmLevel }
    first.clearContext()
    first.reset(seed: 1)
    other.reset(seed: 2)
    let commands = drive(&first, plans: 2).commands
    let otherCommands = drive(&other, plans: 2).commands
    #expect(commands != otherCommands)
  }

  @Test func `a plan tells where its time went`() throws {
    var planner = try makePlanner()
    let unguided = drive(&planner, plans: 1, prepares: false)
    let before = planner.stageTimes
    #expect(unguided.results.count == 1)
    #expect(before.condition > 0 && before.prepare > 0 && before.denoise > 0 && before.guide == 0 && before.select > 0)
    addTransitions(&planner, count: 20, seed: 3)
    _ = drive(&planner, plans: 1)
    #expect(planner.stageTimes.guide > 0)
    let unusable = [Float](repeating: .nan, count: planner.observationSize)
    _ = planner.plan(observation: unusable, budgetNanoseconds: .max)
    let refused = planner.stageTimes
    #expect(refused.condition == 0 && refused.denoise == 0 && refused.guide == 0 && refused.select == 0)
  }

  @Test func `commands stay within the limits`() throws {
    let weights = PlannerWeights.random(smallShape, seed: 4, actionLimit: 0.01)
    var planner = try Planner(weights: weights, options: PlannerOptions())
    addTransitions(&planner, count: 5, seed: 1)
    let (commands, results) = drive(&planner, plans: 5)
    #expect(commands.allSatisfy { abs($0) <= 0.01 })
    #expect(commands.contains { abs($0) == 0.01 })
    #expect(results.allSatisfy { $0.status == .converged })
  }

  @Test func `the first state of a plan is the observed one`() throws {
    var planner = try makePlanner()
    let observation: [Float] = [0.25, -1, 0.5, 2, -0.125]
    _ = planner.plan(observation: observation, budgetNanoseconds: .max)
    let first = planner.state(0)
    for (index, value) in observation.enumerated() { #expect(abs(first[index] - value) < 1e-6) }
  }

  @Test func `no budget still gives a complete plan of one step`() throws {
    var planner = try makePlanner { $0.coldSteps = 5 }
    // The first plan measures what a step takes; the second knows that the next one would be late.
    _ = drive(&planner, plans: 1)
    let (commands, results) = drive(&planner, plans: 1, budget: 0)
    #expect(results[0].status == .outOfBudget)
    #expect(results[0].stepsTaken == 1)
    #expect(results[0].stepsPlanned == 5)
    #expect(commands.allSatisfy { $0.isFinite })
  }

  @Test func `a non-finite observation moves nothing`() throws {
    var planner = try makePlanner()
    let before = drive(&planner, plans: 1).commands
    for bad in [Float.nan, .infinity, -.infinity] {
      let result = planner.plan(observation: [0, 0, bad, 0, 0], budgetNanoseconds: .max)
      #expect(result.status == .nonFinite)
      var after: [Float] = []
      for row in 0..<planner.horizon {
        after += UnsafeBufferPointer(start: planner.action(row), count: planner.actionSize)
      }
      #expect(after == before)
    }
    let recovered = drive(&planner, plans: 1).results[0].status
    #expect(recovered == .converged)
  }

  /// Group norm would squash it into a plan that looks sound and means nothing.
  @Test func `a finite but absurd observation moves nothing`() throws {
    var planner = try makePlanner()
    let before = drive(&planner, plans: 1).commands
    for absurd in [Float(1e8), -1e20, 3e38] {
      let result = planner.plan(observation: [0, 0, absurd, 0, 0], budgetNanoseconds: .max)
      #expect(result.status == .nonFinite)
    }
    var after: [Float] = []
    for row in 0..<planner.horizon {
      after += UnsafeBufferPointer(start: planner.action(row), count: planner.actionSize)
    }
    #expect(after == before)
  }

  @Test func `an overflow inside the network is noticed`() throws {
    var weights = PlannerWeights.random(smallShape, seed: 4)
    weights.tensors["denoiser.head.output.bias"]![0] = .infinity
    var planner = try Planner(weights: weights, options: PlannerOptions())
    let (commands, results) = drive(&planner, plans: 2)
    #expect(results.allSatisfy { $0.status == .nonFinite })
    #expect(commands.allSatisfy { $0 == 0 })
  }

  @Test func `non-finite transitions are refused`() throws {
    var planner = try makePlanner()
    let state: [Float] = [0, 0, 0, 0, 0]
    let bad: [Float] = [0, 0, .nan, 0, 0]
    let action: [Float] = [0, 0]
    var isAdded = false
    isAdded = isAdded || planner.addTransition(observation: bad, action: action, reward: 0, next: state)
    isAdded = isAdded || planner.addTransition(observation: state, action: [.infinity, 0], reward: 0, next: state)
    isAdded = isAdded || planner.addTransition(observation: state, action: action, reward: .nan, next: state)
    isAdded = isAdded || planner.addTransition(observation: state, action: action, reward: 0, next: bad)
    planner.updateContext()
    let (count, hasContext) = (planner.transitionCount, planner.hasContext)
    #expect(!isAdded && count == 0 && !hasContext)
  }

  /// Finite numbers that overflow once normalised would poison the running sum for good.
  @Test func `absurd transitions are refused and leave the context alone`() throws {
    var clean = try makePlanner()
    var attacked = try makePlanner()
    let state: [Float] = [0, 0, 0, 0, 0]
    let action: [Float] = [0, 0]
    var isAdded = attacked.addTransition(
      observation: state, action: action, reward: 0, next: [3e38, 0, 0, 0, 0])
    isAdded = isAdded || attacked.addTransition(observation: state, action: [1e30, 0], reward: 0, next: state)
    #expect(!isAdded)
    addTransitions(&clean, count: 20, seed: 3)
    addTransitions(&attacked, count: 20, seed: 3)
    for index in 0..<smallShape.contextSize {
      let (expected, found) = (clean.context(index), attacked.context(index))
      #expect(found == expected)
    }
  }

  @Test func `the context depends on the transitions and not on their order`() throws {
    var forwards = try makePlanner()
    var backwards = try makePlanner()
    var others = try makePlanner()
    addTransitions(&forwards, count: 50, seed: 8)
    addTransitions(&backwards, count: 50, seed: 8, reversed: true)
    addTransitions(&others, count: 50, seed: 9)
    var difference: Float = 0
    for index in 0..<smallShape.contextSize {
      let (there, back, other) = (forwards.context(index), backwards.context(index), others.context(index))
      #expect(abs(there - back) < 1e-5)
      difference = max(difference, abs(there - other))
    }
    #expect(difference > 1e-3)
  }

  @Test func `the context changes the plan and clearing it undoes that`() throws {
    var planner = try makePlanner { $0.guide = .none }
    planner.reset(seed: 5)
    let plain = drive(&planner, plans: 2).commands
    addTransitions(&planner, count: 50, seed: 8)
    planner.reset(seed: 5)
    let conditioned = drive(&planner, plans: 2).commands
    #expect(conditioned != plain)
    planner.clearContext()
    planner.reset(seed: 5)
    let cleared = drive(&planner, plans: 2).commands
    #expect(cleared == plain)
  }

  /// Later rounds must not repeat the first: a known defect of another implementation.
  @Test func `every round of guidance changes the plan`() throws {
    var seen: [[Float]] = []
    for rounds in 0..<4 {
      var planner = try makePlanner { $0.guideRounds = rounds }
      addTransitions(&planner, count: 10, seed: 8)
      planner.reset(seed: 5)
      seen.append(drive(&planner, plans: 1).commands)
    }
    for (index, commands) in seen.enumerated() { #expect(!seen[..<index].contains(commands)) }
  }

  /// With no noise and the level at which nearly all signal is left, the start is the last plan, moved by one period.
  @Test func `a warm start continues the last plan`() throws {
    func firstSteps(warmLevel: Float) throws -> [Int] {
      var planner = try makePlanner { $0.warmLevel = warmLevel }
      return drive(&planner, plans: 3).results.map(\.stepsPlanned)
    }
    #expect(try firstSteps(warmLevel: 0) == [3, 3, 3])
    #expect(try firstSteps(warmLevel: 0.5) == [3, 2, 2])
    // Two planners with the same noise but different pasts: only a warm start knows the past.
    func second(warmLevel: Float, past: Float) throws -> [Float] {
      var planner = try makePlanner {
        $0.warmLevel = warmLevel
        $0.temperature = 0
      }
      _ = planner.plan(observation: [past, 0, 0, 0, 0], budgetNanoseconds: .max)
      _ = planner.plan(observation: [0, 0, 0, 0, 0], budgetNanoseconds: .max)
      return (0..<planner.actionSize).map { planner.action(0)[$0] }
    }
    #expect(try second(warmLevel: 0, past: 1) == second(warmLevel: 0, past: -1))
    #expect(try second(warmLevel: 0.5, past: 1) != second(warmLevel: 0.5, past: -1))
  }

  @Test func `condition weight one is the conditional model`() throws {
    // w = 1 takes the short way; w → 1 through both passes must agree with it.
    var short = try makePlanner { $0.conditionWeight = 1 }
    var long = try makePlanner { $0.conditionWeight = 1.000001 }
    var strong = try makePlanner { $0.conditionWeight = 2 }
    addTransitions(&short, count: 10, seed: 8)
    addTransitions(&long, count: 10, seed: 8)
    addTransitions(&strong, count: 10, seed: 8)
    let reference = drive(&short, plans: 1).commands
    let close = drive(&long, plans: 1).commands
    let far = drive(&strong, plans: 1).commands
    #expect(zip(reference, close).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(zip(reference, far).contains { abs($0 - $1) > 1e-2 })
  }

  /// The vector tables of this processor: where there are none, portable has nobody to be compared with.
  @Test(arguments: Planner.kernelNames.dropLast())
  func `portable and vector kernels plan alike`(name: String) throws {
    var options = PlannerOptions()
    options.candidates = 1
    options.conditionWeight = 0.5
    var vector = try Planner(weights: .random(smallShape, seed: 4), options: options, kernels: name)
    var portable = try Planner(weights: .random(smallShape, seed: 4), options: options, kernels: "portable")
    let names = (vector.kernelName, portable.kernelName)
    #expect(names == (name, "portable"))
    addTransitions(&vector, count: 20, seed: 3)
    addTransitions(&portable, count: 20, seed: 3)
    let found = drive(&vector, plans: 6)
    let expected = drive(&portable, plans: 6)
    #expect(zip(found.commands, expected.commands).allSatisfy { abs($0 - $1) < 1e-5 })
    // They are not the same table: sums are rounded in other places.
    #expect(found.commands != expected.commands)
    #expect(found.results.contains { $0.predictedReturn != 0 })
  }

  @Test func `unusable settings are refused by name`() {
    func refused(_ field: String, _ change: (inout PlannerOptions) -> Void) {
      var options = PlannerOptions()
      change(&options)
      do {
        _ = try Planner(weights: .random(smallShape, seed: 4), options: options)
        Issue.record("\(field) was accepted")
      } catch {
        guard case .invalid(let named, _, _) = error, named == field else {
          Issue.record("\(error) does not name \(field)")
          return
        }
      }
    }
    refused("candidates") { $0.candidates = 0 }
    // More steps than levels silently made another implementation's sampler an identity.
    refused("cold_steps") { $0.coldSteps = 11 }
    refused("warm_steps") {
      $0.warmLevel = 0.3
      $0.warmSteps = 4
    }
    refused("warm_level") { $0.warmLevel = .nan }
    refused("temperature") { $0.temperature = -1 }
    refused("guide_strength") { $0.guideStrength = .infinity }
    refused("guide_rounds") { $0.guideRounds = 17 }
    refused("condition_weight") { $0.conditionWeight = -0.1 }
  }

  @Test func `measured and taken memory agree`() throws {
    let weights = PlannerWeights.random(smallShape, seed: 4)
    let options = PlannerOptions()
    let planner = try Planner(weights: weights, options: options)
    let taken = planner.arenaBytes
    #expect(taken == Planner.requiredBytes(weights, options: options))
  }

  @Test func `steps descend evenly from the top level and end near the bottom`() {
    #expect((0..<5).map { Schedule.level($0, of: 5, top: 19) } == [19, 15, 11, 7, 3])
    #expect((0..<20).map { Schedule.level($0, of: 20, top: 19) } == Array((0...19).reversed()))
    #expect((0..<1).map { Schedule.level($0, of: 1, top: 5) } == [5])
    for top in 0..<30 {
      for count in 1...(top + 1) {
        let levels = (0..<count).map { Schedule.level($0, of: count, top: top) }
        #expect(levels[0] == top && levels[count - 1] >= 0)
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 > $1 })
      }
    }
  }

  @Test func `the cosine schedule follows its formula`() {
    // Values of Nichol and Dhariwal's formula for 4 steps, computed by hand to 4 digits: f(k/4)/f(0).
    let shares = Schedule.cosine(steps: 4)
    for (share, expected) in zip(shares, [0.8471, 0.4938, 0.1445, 0.0001]) {
      #expect(abs(share - expected) < 2e-3)
    }
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 > $1 })
  }
}
