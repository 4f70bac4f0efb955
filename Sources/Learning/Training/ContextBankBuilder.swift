// The bank of contexts of a trained model: hypotheses that lie well apart, and what the models' errors say about them.

import Foundation
import OfflineData
import PlannerModel
import PlannerRuntime

/// Makes the bank of a model from the data it was trained on. Real-time: no.
///
/// For each task, of contexts drawn as in training, the one is taken under which the models predict the task's
/// transitions best. Of more tasks than there is room for, those are kept whose predictions lie farthest apart. How
/// much the two models' errors are worth is found on episodes kept out, with the task's own hypothesis left out: a
/// robot that is met will be none of them exactly.
struct ContextBankBuilder {
  private let trained: LoadedModel
  private let errors: ContextErrors
  private let data: TrainingData
  private let configuration: TrainingConfiguration

  /// Contexts that each task's is chosen from, and transitions that they are compared on.
  private static let candidates = 16, samples = 192
  /// Transitions on which the distances between hypotheses are measured.
  private static let commonSamples = 384
  /// Stretches of an episode that the weights are found on, and the transitions of each.
  private static let stretches = 300, stretchLength = 25
  /// The nearest others that count as the right answer where the task's own hypothesis is left out.
  private static let nearest = 4
  /// What a weight must gain in mean log probability, so that a model that says nothing is not asked.
  private static let leastGain = 0.1
  /// Room between the largest mean loss seen on episodes kept out and what nothing explains.
  private static let margin: Float = 1.5, leastLimit: Float = 2

  init(_ model: LoadedModel, _ data: TrainingData, _ configuration: TrainingConfiguration) {
    trained = model
    errors = ContextErrors(ReferenceModel(model), data)
    self.data = data
    self.configuration = configuration
  }

  /// A bank of at most `most` hypotheses; `note` is told what was found.
  func build(count most: Int, note: (String) -> Void = { _ in }) -> ContextBank {
    var random = RandomSource(seed: configuration.seed, stream: Stream.bank)
    var scales = ErrorScales(reward: 1, dynamics: [Float](repeating: 1, count: data.shape.observationSize))
    let contexts = chooseContexts(&scales, &random)
    let common = (0..<Self.commonSamples).map { _ in
      draw(from: data.tasks[random.index(below: data.tasks.count)].sources, &random)
    }
    let profiles = contexts.map { errors.predict(common, $0) }
    let members = Self.spread(most, errors.distances(profiles, scales, reward: 1, dynamics: 1))
    let chosen = members.map { profiles[$0] }
    let apart = errors.distances(chosen, scales, reward: 1, dynamics: 1)
    let others = members.indices.map { member in
      Array(
        members.indices.filter { $0 != member || members.count < Self.nearest }
          .sorted { apart[member][$0] < apart[member][$1] }.prefix(max(1, min(Self.nearest, members.count / 3))))
    }
    scales = errors.scales(
      members.indices.map { member in
        ((0..<64).map { _ in draw(from: keptOut(members[member]), &random) }, contexts[members[others[member][0]]])
      })
    let weights = findWeights(members, contexts, others, scales, &random)
    note(String(format: "weights: reward %g, dynamics %g", weights.reward, weights.dynamics))
    var bank = ContextBank(
      contexts: members.flatMap { contexts[$0] },
      distances: errors.distances(chosen, scales, reward: weights.reward, dynamics: weights.dynamics).flatMap { $0 },
      dynamicsScale: scales.dynamics, rewardScale: scales.reward, dynamicsWeight: weights.dynamics,
      rewardWeight: weights.reward, dynamicsLimit: 1, rewardLimit: 1,
      parameters: members.flatMap { data.taskParameters[$0].map { Float($0) } })
    let largest = largestLosses(bank)
    bank.dynamicsLimit = max(Self.leastLimit, Self.margin * largest.dynamics)
    bank.rewardLimit = max(Self.leastLimit, Self.margin * largest.reward)
    note(String(format: "largest mean losses kept out: reward %g, dynamics %g", largest.reward, largest.dynamics))
    return bank
  }

  // MARK: Which contexts

  /// A context for each task, and the scales of the models' errors under them.
  private func chooseContexts(_ scales: inout ErrorScales, _ random: inout RandomSource) -> [[Float]] {
    let tasks = data.tasks.indices
    let candidates = tasks.map { task in (0..<Self.candidates).map { _ in drawContext(task, &random) } }
    let samples = tasks.map { task in (0..<Self.samples).map { _ in draw(from: data.tasks[task].sources, &random) } }
    scales = errors.scales(tasks.map { (samples[$0], candidates[$0][0]) })
    var chosen: [[Float]] = []
    // The scales depend on the choice, and the choice on the scales.
    for _ in 0..<2 {
      chosen = tasks.map { task in
        let losses = candidates[task].map { context in
          let all = errors.losses(errors.predict(samples[task], context), samples[task], scales)
          return all.reward.reduce(0, +) + all.dynamics.reduce(0, +)
        }
        return candidates[task][losses.indices.min { losses[$0] < losses[$1] }!]
      }
      scales = errors.scales(
        tasks.map { task in ((0..<64).map { _ in draw(from: keptOut(task), &random) }, chosen[task]) })
    }
    return chosen
  }

  /// At most `most`, far apart: the one in the middle, then always the farthest from those taken (Gonzalez, 1985).
  private static func spread(_ most: Int, _ distances: [[Float]]) -> [Int] {
    guard distances.count > most else { return Array(distances.indices) }
    let sums = distances.map { $0.reduce(0, +) }
    var taken = [sums.indices.min { sums[$0] < sums[$1] }!]
    var nearest = distances[taken[0]]
    while taken.count < most {
      let next = nearest.indices.max { nearest[$0] < nearest[$1] }!
      taken.append(next)
      for index in nearest.indices { nearest[index] = min(nearest[index], distances[next][index]) }
    }
    return taken.sorted()
  }

  // MARK: What errors are worth

  /// The weights under which the task, or those like it, is most probable after a stretch of an episode kept out.
  private func findWeights(
    _ members: [Int], _ contexts: [[Float]], _ others: [[Int]], _ scales: ErrorScales, _ random: inout RandomSource
  ) -> (reward: Float, dynamics: Float) {
    let stretches = (0..<Self.stretches).map { number in
      let member = number % members.count
      let episode = keptOut(members[member]).draw(&random)
      let length = min(Self.stretchLength, episode.length)
      let start = episode.start + random.index(below: episode.length - length + 1)
      let transitions = Array(start..<start + length)
      let losses = members.map { task in
        errors.losses(errors.predict(transitions, contexts[task]), transitions, scales)
      }
      return (member, losses.map { $0.reward.reduce(0, +) }, losses.map { $0.dynamics.reduce(0, +) })
    }
    func quality(_ rewardWeight: Float, _ dynamicsWeight: Float) -> Double {
      stretches.reduce(0) { sum, stretch in
        let (member, reward, dynamics) = stretch
        let candidates = members.indices.filter { members.count < Self.nearest || $0 != member }
        let losses = members.indices.map { Double(rewardWeight * reward[$0] + dynamicsWeight * dynamics[$0]) }
        let least = candidates.map { losses[$0] }.min()!
        let weights = losses.map { exp(least - $0) }
        let right = others[member].reduce(0) { $0 + weights[$1] }
        return sum + log(max(right / candidates.reduce(0) { $0 + weights[$1] }, 1e-6))
      } / Double(stretches.count)
    }
    // 1 is the likelihood of errors that are independent; they are not, so no weight is above it.
    let grid: [Float] = [0] + (-8...0).map { Float(sign: .plus, exponent: $0, significand: 1) }
    var best = (reward: Float(0), dynamics: Float(0), quality: -Double.infinity)
    for reward in grid {
      for dynamics in grid where reward + dynamics > 0 {
        let price = Self.leastGain * ((reward > 0 ? 1 : 0) + (dynamics > 0 ? 1 : 0))
        let value = quality(reward, dynamics) - price
        if value > best.quality { best = (reward, dynamics, value) }
      }
    }
    return (best.reward, best.dynamics)
  }

  /// The largest mean losses of a belief in `bank` over episodes kept out, of up to a hundred tasks.
  private func largestLosses(_ bank: ContextBank) -> (dynamics: Float, reward: Float) {
    func largest(dynamicsLimit: Float, rewardLimit: Float) -> Float {
      var weights = trained.weights
      weights.bank = bank
      weights.bank!.dynamicsLimit = dynamicsLimit
      weights.bank!.rewardLimit = rewardLimit
      var options = PlannerOptions()
      options.candidates = 1
      options.contextInference = .belief
      guard var planner = try? Planner(weights: weights, options: options) else {
        preconditionFailure("a model that was trained makes a planner")
      }
      return data.tasks.prefix(100).map { largestSurprise(&planner, $0) }.max()!
    }
    // A limit far away leaves the other loss alone in sight.
    return (largest(dynamicsLimit: 1, rewardLimit: 1e6), largest(dynamicsLimit: 1e6, rewardLimit: 1))
  }

  private func largestSurprise(_ planner: inout Planner, _ task: TrainingData.Task) -> Float {
    planner.clearContext()
    var largest: Float = 0
    // Few and short episodes are eked out by those that were trained on.
    for episode in (task.heldOut + task.training).prefix(6) {
      for step in episode.start..<episode.start + episode.length {
        let (state, action, reward, next) = data.physical(step)
        _ = planner.addTransition(observation: state, action: action, reward: reward, next: next)
        planner.updateContextIfDue()
        if planner.transitionCount > 32, let belief = planner.belief { largest = max(largest, belief.surprise) }
      }
    }
    return largest
  }

  // MARK: Draws

  private func keptOut(_ task: Int) -> EpisodePool {
    let episodes = data.tasks[task].heldOut
    return episodes.isEmpty ? data.tasks[task].sources : EpisodePool(episodes)
  }

  private func draw(from pool: EpisodePool, _ random: inout RandomSource) -> Int {
    let episode = pool.draw(&random)
    return episode.start + random.index(below: episode.length)
  }

  /// A context of `task` as training draws them, rounded to what a file holds.
  private func drawContext(_ task: Int, _ random: inout RandomSource) -> [Float] {
    let size = data.shape.evidenceSize
    let buffer = FloatBuffer(count: configuration.mostContextTransitions * size)
    let count = data.drawEvidence(of: task, from: data.tasks[task].sources, configuration, &random, buffer.pointer)
    return errors.model.encode(Array(UnsafeBufferPointer(start: buffer.pointer, count: count * size)))
      .map { Float(Float16($0)) }
  }
}
