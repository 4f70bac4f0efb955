// A context that follows the robot: what it is of, that a change is noticed and forgotten, that it repeats itself, that it is free.

import CAllocationCounter
import PlannerRuntime
import Testing

/// A robot that stays nearly where it is, and is paid `shift`, nearly.
private struct Imagined {
  var random = RandomSource(seed: 2)
  var shift: Float = 0

  mutating func transition() -> (state: [Float], action: [Float], reward: Float, next: [Float]) {
    let state = (0..<5).map { _ in 0.3 * random.normal() }
    let action = (0..<2).map { _ in 0.3 * random.normal() }
    // Small and nearly constant: an untrained model is wrong about it by about as much every time.
    return (state, action, shift + 0.1 * random.normal(), state.map { $0 + 0.01 * random.normal() })
  }
}

private func makePlanner(
  _ update: ContextUpdate, kind: ContextKind = .pool, warmLevel: Float = 0
) throws -> Planner {
  var options = PlannerOptions()
  options.candidates = 2
  options.contextUpdate = update
  options.warmLevel = warmLevel
  var shape = smallShape
  shape.contextKind = kind
  return try Planner(weights: .random(shape, seed: 4), options: options)
}

private func add(_ planner: inout Planner, _ robot: inout Imagined) {
  let (state, action, reward, next) = robot.transition()
  let isAdded = planner.addTransition(observation: state, action: action, reward: reward, next: next)
  #expect(isAdded)
  planner.updateContextIfDue()
}

private func context(_ planner: borrowing Planner) -> [Float] {
  (0..<smallShape.contextSize).map { planner.context($0) }
}

@Suite(.serialized) struct OnlineContextTests {
  @Test func `the context is that of the newest 200 transitions`() throws {
    var robot = Imagined()
    let all = (0..<350).map { _ in robot.transition() }
    var online = try makePlanner(.online)
    for (index, (state, action, reward, next)) in all.enumerated() {
      _ = online.addTransition(observation: state, action: action, reward: reward, next: next)
      online.updateContextIfDue()
      guard [24, 199, 200, 349].contains(index) else { continue }
      var fixed = try makePlanner(.fixed)
      for (state, action, reward, next) in all[max(0, index - 199)...index] {
        _ = fixed.addTransition(observation: state, action: action, reward: reward, next: next)
      }
      fixed.updateContext()
      for (found, expected) in zip(context(online), context(fixed)) { #expect(abs(found - expected) < 1e-5) }
    }
    let changes = online.changes
    #expect(changes == 0)
  }

  @Test(arguments: [ContextKind.pool, .recurrent])
  func `another reward is noticed within five steps, and what was before is forgotten`(kind: ContextKind) throws {
    var robot = Imagined()
    var online = try makePlanner(.online, kind: kind)
    for _ in 0..<150 { add(&online, &robot) }
    var changes = online.changes
    #expect(changes == 0)
    robot.shift = 5
    let before = robot
    var delay = 0
    while changes == 0, delay < 20 {
      add(&online, &robot)
      delay += 1
      changes = online.changes
    }
    #expect(changes == 1 && delay <= 5)
    // From here on it is as if only what came after the change had been seen.
    var again = before
    var fresh = try makePlanner(.fixed, kind: kind)
    for _ in 0..<delay { add(&fresh, &again) }
    for _ in 0..<20 {
      add(&online, &robot)
      add(&fresh, &again)
    }
    fresh.updateContext()
    for (found, expected) in zip(context(online), context(fresh)) { #expect(abs(found - expected) < 1e-5) }
    changes = online.changes
    #expect(changes == 1)
  }

  @Test func `after a change the plan starts from noise`() throws {
    var robot = Imagined()
    var planner = try makePlanner(.online, warmLevel: 0.5)
    let state = [Float](repeating: 0.1, count: 5)
    var planned: [Int] = []
    let (cold, warm) = (planner.options.coldSteps, planner.options.warmSteps)
    for step in 0..<120 {
      robot.shift = step < 100 ? 0 : 5
      let changes = planner.changes
      add(&planner, &robot)
      let hasChanged = planner.changes > changes
      let steps = planner.plan(observation: state, budgetNanoseconds: .max).stepsPlanned
      if hasChanged || step == 0 { planned.append(steps) } else { #expect(steps == warm) }
      planner.prepare()
    }
    #expect(planned == [cold, cold])
  }

  @Test func `the same transitions give the same contexts and changes, and clearing begins anew`() throws {
    var planner = try makePlanner(.online)
    var contexts: [[Float]] = []
    for _ in 0..<2 {
      var robot = Imagined()
      planner.clearContext()
      for step in 0..<300 {
        if step == 260 { robot.shift = 4 }
        add(&planner, &robot)
      }
      contexts.append(context(planner))
    }
    let changes = planner.changes
    #expect(contexts[0] == contexts[1] && changes == 2)
  }

  @Test(arguments: [ContextKind.pool, .recurrent])
  func `following the robot allocates nothing`(kind: ContextKind) throws {
    var planner = try makePlanner(.online, kind: kind)
    var random = RandomSource(seed: 2)
    let state = [Float](repeating: 0.1, count: 5)
    let action: [Float] = [0.2, -0.3]
    var changes = 0
    let before = ac_allocations()
    state.withUnsafeBufferPointer { state in
      action.withUnsafeBufferPointer { action in
        for step in 0..<1000 {
          let reward = (step / 250 % 2 == 0 ? 0 : 5) + 0.1 * random.normal()
          _ = planner.addTransition(
            observation: state.baseAddress!, action: action.baseAddress!, reward: reward, next: state.baseAddress!)
          planner.updateContextIfDue()
          changes = planner.changes
        }
      }
    }
    let allocations = ac_allocations() - before
    #expect(allocations == 0)
    // An untrained model expects no reward: to get it is a surprise, twice; to miss it is none.
    #expect(changes == 2)
  }
}
