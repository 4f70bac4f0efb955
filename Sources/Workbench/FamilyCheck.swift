// What a family is, and whether it is sound: random actions, and every parameter at both of its ends.

import Foundation
import Foundations
import Tasks

/// The report of `metadiffuser check-family`. Encoded with snake-case keys it is its `--json`.
package struct FamilyCheck: Encodable {
  package struct Entry: Encodable {
    package var name: String
    package var unit: String
    /// Null where nothing bounds it.
    package var lower: Float?
    package var upper: Float?
  }

  package struct Parameter: Encodable {
    package var name: String
    package var law: String
    package var outside: String?
    /// Between its least and its greatest value, under the same actions: the largest difference of an observation, and
    /// the difference of the return.
    package var motion: Double
    package var reward: Double
    package var changesSomething: Bool { motion > 0 || reward != 0 }
  }

  package struct Term: Encodable {
    package var name: String
    /// Of one step under random actions.
    package var least: Double
    package var mean: Double
    package var greatest: Double
  }

  package var family: String
  package var summary: String
  package var simulator: String
  package var periodMs: Double
  package var episodeLength: Int
  package var tasks: [String: Int]
  package var observation: [Entry]
  package var action: [Entry]
  package var parameters: [Parameter]
  package var rewardTerms: [Term]
  /// Random episodes, how many of them ended before their length, and why.
  package var episodes: Int
  package var ended: Int
  package var reasons: [String: Int]
  package var isFinite: Bool
  package var stepsPerSecond: Double

  /// Looks at `family`. Takes seconds. Real-time: no.
  package init(_ family: TaskFamily, seed: UInt64) throws {
    self.family = family.name
    summary = family.summary
    simulator = TaskFamily.simulator
    periodMs = Double(family.periodNanoseconds) * 1e-6
    episodeLength = family.episodeLength
    tasks = Dictionary(uniqueKeysWithValues: TaskSplit.allCases.map { ($0.rawValue, family.tasks($0).count) })
    observation = family.observationChannels.map(Entry.init)
    action = family.actionChannels.map(Entry.init)
    let run = try RandomRun(family, seed: seed)
    (episodes, ended, reasons, isFinite) = (run.episodes, run.ended, run.reasons, run.isFinite)
    rewardTerms = run.terms
    stepsPerSecond = run.stepsPerSecond
    parameters = []
    for (index, drawn) in family.drawnParameters.enumerated() {
      let effect = try ParameterEffect(family, parameter: index, ends: drawn.ends, seed: seed)
      parameters.append(
        Parameter(
          name: drawn.name, law: drawn.law, outside: drawn.outside, motion: effect.motion, reward: effect.reward))
    }
  }

  /// What is wrong with the family; empty: nothing.
  package var faults: [String] {
    (isFinite ? [] : ["random actions make an observation or a reward that is not finite"])
      + parameters.filter { !$0.changesSomething }.map {
        "parameter '\($0.name)' changes nothing: its least and its greatest value give the same motion and reward"
      }
  }
}

extension FamilyCheck.Entry {
  init(_ channel: Channel) {
    name = channel.name
    unit = channel.unit
    lower = channel.lower.isFinite ? channel.lower : nil
    upper = channel.upper.isFinite ? channel.upper : nil
  }
}

/// Episodes under random actions.
private struct RandomRun {
  static let count = 8
  var episodes = Self.count
  var ended = 0
  var reasons: [String: Int] = [:]
  var isFinite = true
  var terms: [FamilyCheck.Term]
  var stepsPerSecond = 0.0

  init(_ family: TaskFamily, seed: UInt64) throws {
    var random = RandomSource(seed: seed, stream: 1)
    var steps = 0
    var seconds = 0.0
    terms = family.rewardTerms.map { .init(name: $0, least: .infinity, mean: 0, greatest: -.infinity) }
    for episode in 0..<Self.count {
      let task = try family.task(parameters: family.trainTasks[episode % family.trainTasks.count])
      task.reset(seed: seed &+ UInt64(episode))
      let start = ContinuousClock.now
      for _ in 0..<family.episodeLength {
        let result = task.step(action: family.randomAction(&random))
        steps += 1
        isFinite = isFinite && result.reward.isFinite && task.observation.allSatisfy(\.isFinite)
        for (index, value) in family.rewards(outcome: result.outcome, parameters: task.parameters).enumerated() {
          terms[index].least = min(terms[index].least, value)
          terms[index].greatest = max(terms[index].greatest, value)
          terms[index].mean += value
        }
        guard result.terminated else { continue }
        ended += 1
        for reason in (task as? RobotTask)?.reasons ?? [] { reasons[reason, default: 0] += 1 }
        break
      }
      let taken = ContinuousClock.now - start
      seconds += Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18
    }
    for index in terms.indices { terms[index].mean /= Double(steps) }
    stepsPerSecond = Double(steps) / max(seconds, 1e-9)
  }
}

/// What it changes that a parameter is at one or the other of its ends.
private struct ParameterEffect {
  var motion = 0.0
  var reward = 0.0

  /// The other parameters are in the middle of theirs or, where nothing is seen there, as in a training task, from a
  /// start in motion: of two sliding surfaces only the rougher one counts, and random actions do not get everywhere.
  init(_ family: TaskFamily, parameter: Int, ends: ClosedRange<Double>, seed: UInt64) throws {
    let middle = family.drawnParameters.map { ($0.ends.lowerBound + $0.ends.upperBound) / 2 }
    for (attempt, others) in ([middle] + family.trainTasks.prefix(9)).enumerated() {
      let seed = seed &+ UInt64(attempt)
      let (low, high) = (
        try Self.trace(family, others, parameter, ends.lowerBound, seed: seed, isKicked: attempt > 0),
        try Self.trace(family, others, parameter, ends.upperBound, seed: seed, isKicked: attempt > 0)
      )
      motion = zip(low.states, high.states).reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
      reward = high.total - low.total
      if motion > 0 || reward != 0 { return }
    }
  }

  /// An episode's length, also past an end: what has fallen touches the floor with all of its parts.
  private static func trace(
    _ family: TaskFamily, _ others: [Double], _ parameter: Int, _ value: Double, seed: UInt64, isKicked: Bool
  ) throws -> (states: [Float], total: Double) {
    var parameters = others
    parameters[parameter] = value
    let task = try family.task(parameters: parameters)
    task.reset(seed: seed)
    var random = RandomSource(seed: seed, stream: 2)
    // Everything moves, what no actuator reaches, too.
    if isKicked, let robot = task as? RobotTask {
      let (positions, velocities) = robot.state
      robot.state = (positions, velocities.map { $0 + Double(random.normal()) })
    }
    var states: [Float] = []
    var total = 0.0
    var action: [Float] = []
    for step in 0..<family.episodeLength {
      // Held for a while, so that the robot gets somewhere.
      if step % 10 == 0 { action = family.randomAction(&random) }
      total += task.step(action: action).reward
      states += task.observation
    }
    return (states, total)
  }
}
