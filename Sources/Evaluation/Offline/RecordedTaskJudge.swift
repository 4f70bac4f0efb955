// One recorded task, and what a model that never saw it makes of it.

import Foundation
import OfflineData
import PlannerRuntime

/// Squared errors of a prediction, and of the guess that it is held against.
struct ErrorPair: Sendable {
  var model = 0.0
  var guess = 0.0
  var count = 0

  mutating func add(_ model: Double, guess: Double) {
    self.model += model * model
    self.guess += guess * guess
    count += 1
  }

  static func + (a: ErrorPair, b: ErrorPair) -> ErrorPair {
    ErrorPair(model: a.model + b.model, guess: a.guess + b.guess, count: a.count + b.count)
  }

  /// Root mean square, in the unit of what was added.
  var rootMeanSquare: Double { count == 0 ? 0 : (model / Double(count)).squareRoot() }
  /// Share of the guess's error that is left: 0 perfect, 1 no better than the guess. 1 where the guess is right.
  var share: Double { guess > 0 ? model / guess : 1 }
}

/// Errors of both models under a context, as shares of what the mean of the data leaves.
struct ContextErrorsFound: Sendable {
  var reward = ErrorPair()
  var dynamics = ErrorPair()

  static func + (a: Self, b: Self) -> Self {
    ContextErrorsFound(reward: a.reward + b.reward, dynamics: a.dynamics + b.dynamics)
  }
}

/// Where a context came from.
struct ContextSourceKey: Hashable, Sendable {
  /// Who drove; `another task` where the context is a wrong one.
  var behaviour: String
  /// Transitions; 0: a whole episode.
  var transitions: Int

  static let anyEpisode = ContextSourceKey(behaviour: "any", transitions: 0)
  static let wrongTask = ContextSourceKey(behaviour: "another task", transitions: 0)
}

/// What one task has shown.
struct TaskFindings: Sendable {
  var task: Int
  /// Of single rewards, physical units, under a context from one other episode.
  var rewardErrors: [Double] = []
  /// Dynamics rolled out against recordings: `[horizon index][channel]`, physical units; the guess: nothing changes.
  var rollouts: [[ErrorPair]]
  /// The same for planned states, in windows of the best episodes.
  var plans: [[ErrorPair]]
  /// First actions against those of the best episodes, `[channel]`, physical units; the guess: the data's mean action.
  var firstActions: [ErrorPair]
  var contexts: [ContextSourceKey: ContextErrorsFound] = [:]

  /// Mean over the channels of what is left of the guess's error.
  var actionShare: Double { mean(firstActions.map(\.share)) }

  /// Shares left of first actions, rewards and changes of state.
  var left: Double {
    let found = contexts[.anyEpisode, default: .init()]
    return actionShare + found.reward.share + found.dynamics.share
  }
}

/// Judges a model task by task. One thread an instance.
struct RecordedTaskJudge {
  private let model: StepModel
  private let driver: PlannerDriver
  private let horizon: Int
  /// Steps ahead that are looked at: 1, 2, 4 … and the last.
  let stepsAhead: [Int]

  /// `model` predicts `OfflineEvaluation.queriesPerTask` steps at a time.
  init(_ model: StepModel, _ driver: PlannerDriver, horizon: Int) {
    self.model = model
    self.driver = driver
    self.horizon = horizon
    stepsAhead = Self.stepsAhead(horizon)
  }

  static func stepsAhead(_ horizon: Int) -> [Int] {
    Array(sequence(first: 1) { $0 * 2 }.prefix { $0 < horizon - 1 }) + [horizon - 1]
  }

  /// `episodes` are all of the task, two or more; `other` those of another task.
  func judge(
    task: Int, _ episodes: [Episode], other: [Episode]?, _ random: inout RandomSource
  ) -> TaskFindings {
    let channels = model.statistics.observationMean.count
    let empty = [[ErrorPair]](
      repeating: [ErrorPair](repeating: ErrorPair(), count: channels), count: stepsAhead.count)
    var findings = TaskFindings(
      task: task, rollouts: empty, plans: empty,
      firstActions: [ErrorPair](repeating: ErrorPair(), count: model.statistics.actionMean.count))
    for _ in 0..<OfflineEvaluation.contextsPerTask {
      let source = random.index(below: episodes.count)
      let queries = episodes.indices.filter { $0 != source }.map { episodes[$0] }
      let context = infer(episodes[source], steps: 0..<episodes[source].length)
      let found = errors(on: queries, context, &random) { findings.rewardErrors.append($0) }
      findings.contexts[.anyEpisode] = findings.contexts[.anyEpisode, default: .init()] + found
      rollOut(queries, context, &findings, &random)
      plan(Self.best(queries), &findings, &random)
    }
    compareContexts(episodes, other: other, &findings, &random)
    return findings
  }

  /// The better third.
  static func best(_ episodes: [Episode]) -> [Episode] {
    Array(episodes.sorted { $0.totalReward > $1.totalReward }.prefix(max(1, episodes.count / 3)))
  }

  /// The context that the planner infers from steps of `episode`; its driver then plans with it.
  private func infer(_ episode: Episode, steps: Range<Int>) -> [Float] { driver.infer(steps.map { (episode, $0) }) }

  // MARK: The models

  /// One step ahead, on transitions drawn from `episodes`; `note` is told every reward's error.
  private func errors(
    on episodes: [Episode], _ context: [Float], _ random: inout RandomSource, note: (Double) -> Void = { _ in }
  ) -> ContextErrorsFound {
    let drawn = (0..<OfflineEvaluation.queriesPerTask).map { _ -> (Episode, Int) in
      let episode = episodes[random.index(below: episodes.count)]
      return (episode, random.index(below: episode.length))
    }
    model.setContext(context)
    let predictions = model.predict(drawn.map { ($0.state($1), $0.action($1)) })
    let width = model.statistics.observationMean.count
    var found = ContextErrorsFound()
    for (index, (episode, step)) in drawn.enumerated() {
      let reward = episode.rewards[step]
      let error = Double(predictions[index].reward - reward)
      note(error)
      found.reward.add(error, guess: Double(reward - model.statistics.rewardMean))
      let (before, after) = (episode.state(step), episode.state(step + 1))
      for channel in 0..<width {
        let real = after[channel] - before[channel]
        let spread = model.statistics.differenceStd[channel]
        found.dynamics.add(
          Double((predictions[index].next[channel] - after[channel]) / spread),
          guess: Double((real - model.statistics.differenceMean[channel]) / spread))
      }
    }
    return found
  }

  /// The dynamics model fed with its own predictions and the recorded actions, from states of `episodes`.
  private func rollOut(
    _ episodes: [Episode], _ context: [Float], _ findings: inout TaskFindings, _ random: inout RandomSource
  ) {
    model.setContext(context)
    let windows = windows(of: episodes, &random)
    var states = windows.map { $0.state($1) }
    for step in 1..<horizon {
      let steps = zip(windows, states).map { window, state in
        (state: state, action: window.0.action(window.1 + step - 1))
      }
      states = model.predict(steps).map(\.next)
      guard let index = stepsAhead.firstIndex(of: step) else { continue }
      for ((episode, start), state) in zip(windows, states) {
        Self.compare(state, episode, start, step, &findings.rollouts[index])
      }
    }
  }

  // MARK: The plans

  /// Plans from states of `episodes` under the context that the driver has.
  private func plan(_ episodes: [Episode], _ findings: inout TaskFindings, _ random: inout RandomSource) {
    for (episode, start) in windows(of: episodes, &random) {
      driver.reset(seed: random.next())
      let action = driver.act(episode.state(start))
      for (channel, (planned, real)) in zip(action, episode.action(start)).enumerated() {
        findings.firstActions[channel].add(
          Double(planned - real), guess: Double(real - model.statistics.actionMean[channel]))
      }
      guard let intention = driver.intention(steps: horizon - 1) else { continue }
      for (index, step) in stepsAhead.enumerated() where step <= intention.states.count {
        Self.compare(intention.states[step - 1], episode, start, step, &findings.plans[index])
      }
    }
  }

  /// Stretches of `horizon` states.
  private func windows(of episodes: [Episode], _ random: inout RandomSource) -> [(Episode, Int)] {
    let long = episodes.filter { $0.length >= horizon }
    guard !long.isEmpty else { return [] }
    return (0..<OfflineEvaluation.windowsPerTask).map { _ in
      let episode = long[random.index(below: long.count)]
      return (episode, random.index(below: episode.length - horizon + 1))
    }
  }

  private static func compare(
    _ state: [Float], _ episode: Episode, _ start: Int, _ step: Int, _ errors: inout [ErrorPair]
  ) {
    let (before, after) = (episode.state(start), episode.state(start + step))
    for channel in errors.indices {
      errors[channel].add(
        Double(state[channel] - after[channel]), guess: Double(before[channel] - after[channel]))
    }
  }

  // MARK: Contexts

  /// What is predicted under contexts from a few transitions of each behaviour, and from another task's.
  private func compareContexts(
    _ episodes: [Episode], other: [Episode]?, _ findings: inout TaskFindings, _ random: inout RandomSource
  ) {
    let groups = Dictionary(grouping: episodes.indices) { episodes[$0].behaviour }
    for (behaviour, own) in groups.sorted(by: { $0.key < $1.key }) {
      for size in OfflineEvaluation.contextSizes {
        let source = own[random.index(below: own.count)]
        let episode = episodes[source]
        let count = min(size, episode.length)
        guard size == OfflineEvaluation.contextSizes[0] || count == size else { continue }
        let start = random.index(below: episode.length - count + 1)
        // What the context is made from is not asked about.
        let queries = episodes.indices.filter { $0 != source }.map { episodes[$0] }
        let found = errors(on: queries, infer(episode, steps: start..<start + count), &random)
        findings.contexts[.init(behaviour: behaviour, transitions: count)] = found
      }
    }
    guard let other else { return }
    let episode = other[random.index(below: other.count)]
    findings.contexts[.wrongTask] = errors(on: episodes, infer(episode, steps: 0..<episode.length), &random)
  }
}

extension PlannerDriver {
  /// The context that follows from recorded transitions of one task; the driver has it from then on.
  func infer(_ transitions: [(Episode, Int)]) -> [Float] {
    reset(seed: 0)
    guard infers else {
      tell(parameters: transitions[0].0.parameters)
      return context
    }
    clearContext()
    for (episode, step) in transitions {
      addTransition(
        observation: episode.state(step), action: episode.action(step), reward: episode.rewards[step],
        next: episode.state(step + 1))
    }
    updateContext()
    return context
  }
}
