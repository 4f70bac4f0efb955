// The value of a state against its closed form, and windows weighted by their advantage.

import Foundation
import Learning
import OfflineData
import PlannerRuntime
import Testing

@Suite struct ValueTests {
  /// Walks along a line of `length` states, at each of which a coin decides between a reward of 0 and 1; then it is
  /// over.
  private func coins(length: Int, episodes: Int, seed: UInt64) -> Dataset {
    var random = RandomSource(seed: seed)
    var dataset = Dataset(
      family: "coins", observationSize: 1, actionSize: 1, actionLimit: 1, periodNanoseconds: 100_000_000)
    for _ in 0..<episodes {
      let actions = (0..<length).map { _ in Float(random.index(below: 2)) }
      dataset.episodes.append(
        Episode(
          task: 0, parameters: [], behaviour: "tosses", observations: (0...length).map { Float($0) }, actions: actions,
          rewards: actions, terminated: true))
    }
    return dataset
  }

  private func configuration() -> TrainingConfiguration {
    var configuration = quickConfiguration()
    configuration.contextSize = 2
    configuration.horizon = 4
    configuration.bestEpisodes = 1
    configuration.valueSteps = 3000
    configuration.valueDiscount = 0.9
    configuration.averageDecay = 0.98
    return configuration
  }

  /// Of two equally likely rewards 0 and 1, the expectile τ is τ: V(x) = τ (1 + γ + …), one term for each step that is
  /// left.
  @Test(arguments: [Float(0.5), 0.9]) func `V is the expectile's discounted sum, and ends with the episode`(
    expectile: Float
  ) throws {
    var configuration = configuration()
    configuration.valueExpectile = expectile
    let length = 8
    let dataset = coins(length: length, episodes: 60, seed: 2)
    let data = try TrainingData(
      dataset, configuration.shape(observationSize: 1, actionSize: 1), configuration)
    let contexts = FloatBuffer(count: configuration.contextsPerTask * configuration.contextSize)
    let training = ValueTraining(data, contexts: contexts, configuration, workers: Workers(threads: 2))
    for _ in 0..<configuration.valueSteps { _ = training.step() }
    let values = training.values()
    // Values are in units of the rewards' spread; coins fall only nearly evenly, and sums of few differ from the law's.
    let rewards = dataset.episodes.flatMap(\.rewards)
    let mean = rewards.reduce(0, +) / Float(rewards.count)
    let asymmetry = expectile * mean / (expectile * mean + (1 - expectile) * (1 - mean))
    let spread = data.statistics.reward.deviation[0]
    for state in 0..<length {
      let discounts = (0..<length - state).reduce(Float(0)) { $0 + pow(configuration.valueDiscount, Float($1)) }
      let expected = asymmetry * discounts
      let found = values.pointer[state] * spread
      #expect(abs(found - expected) < 0.06 * expected + 0.05, "state \(state): \(found), expected \(expected)")
    }
  }

  @Test func `windows are drawn as exp(w A / spread) says, with the value of their ends`() throws {
    var configuration = configuration()
    configuration.advantageWeight = 1.5
    let dataset = coins(length: 6, episodes: 5, seed: 3)
    let data = try TrainingData(
      dataset, configuration.shape(observationSize: 1, actionSize: 1), configuration)
    let values = FloatBuffer(count: data.transitionCount)
    var random = RandomSource(seed: 4)
    for index in 0..<values.count { values.pointer[index] = random.normal() }
    let spread = Double(data.statistics.reward.deviation[0])
    let advantages = (0..<data.windowCount).map { window in
      let start = data.window(window).start
      let (episode, step) = (start / 6, start % 6)
      let rewards = dataset.episodes[episode].rewards[step..<step + 3].map { Double($0) / spread }
      let paid = rewards[0] + 0.9 * rewards[1] + 0.81 * rewards[2]
      return paid + 0.729 * Double(values.pointer[start + 3]) - Double(values.pointer[start])
    }
    #expect(advantages.count == 5 * 3)
    let mean = advantages.reduce(0, +) / 15
    let deviation = (advantages.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 15).squareRoot()
    let expected = advantages.map { exp(1.5 * min(($0 - mean) / deviation, 3)) }
    let total = expected.reduce(0, +)
    let weights = AdvantageWeights(data, values: values, configuration)
    var counts = [Double](repeating: 0, count: 15)
    let draws = 200_000
    for _ in 0..<draws { counts[weights.draw(&random)] += 1 }
    for (count, weight) in zip(counts, expected) {
      let probability = weight / total
      let deviation = (probability / Double(draws)).squareRoot()
      #expect(abs(count / Double(draws) - probability) < 5 * deviation)
    }
    let squares = expected.reduce(0) { $0 + ($1 / total) * ($1 / total) }
    #expect(abs(weights.effectiveCount - 1 / squares) < 1e-6)
  }

  @Test func `weights by advantage want a value`() throws {
    var configuration = quickConfiguration()
    configuration.advantageWeight = 1
    #expect(throws: LearningError.self) { try configuration.check() }
    configuration.valueSteps = 10
    try configuration.check()
  }
}
