// A data set as training reads it: all transitions in normalised units in one buffer, and who belongs to which task.

import OfflineData
import PlannerModel
import PlannerRuntime

/// Normalised transitions `[observation, action, reward, difference]`, each `transitionSize` floats, episode after
/// episode. Immutable. Real-time: no.
package final class TrainingData: @unchecked Sendable {
  /// One episode's place in `transitions`.
  package struct Episode: Equatable, Sendable {
    /// Index into `tasks`.
    package let task: Int
    /// Number of the behaviour that drove.
    package let behaviour: Int
    package let start: Int
    package let length: Int
    package let totalReward: Double
  }

  /// The episodes of one task, by what they are used for.
  package struct Task: Equatable, Sendable {
    package var training: [Episode]
    package var heldOut: [Episode]
    /// The training episodes, to draw contexts from.
    package let sources: EpisodePool
    /// The task's parameters, normalised; for the oracle only.
    package var parameters: [Float] = []

    init(training: [Episode], heldOut: [Episode] = []) {
      self.training = training
      self.heldOut = heldOut
      sources = EpisodePool(training)
    }
  }

  package let shape: PlannerShape
  package let statistics: Statistics
  package let transitions: FloatBuffer
  package let tasks: [Task]
  /// The true parameters of each task, for reports; empty unless all tasks have the same number of them.
  package let taskParameters: [[Double]]
  /// Index into `tasks` of each transition's task.
  private let taskOf: [Int32]
  /// The robot ended the episode with this transition.
  private let isTerminal: [Bool]
  /// Of the tasks' parameters, `[shape.parameterCount]`.
  package let parameterMean: [Float], parameterStd: [Float]
  /// The better episodes of each task that hold a window.
  package let windowed: [Episode]
  /// Windows in `windowed[..<i]`.
  private let windowsBefore: [Int]

  /// Takes the tasks of `dataset` that `configuration` does not keep out.
  package init(_ dataset: Dataset, _ shape: PlannerShape, _ configuration: TrainingConfiguration) throws(LearningError)
  {
    let heldOut = Set(dataset.heldOutTasks(configuration))
    let dataset = heldOut.isEmpty ? dataset : dataset.restricted(toTasks: { !heldOut.contains($0) })
    let statistics = Statistics(dataset)
    let width = shape.transitionSize
    let transitions = FloatBuffer(count: dataset.transitionCount * width)
    var next = 0
    for episode in dataset.episodes {
      for step in 0..<episode.length {
        Self.normalise(episode, step, shape, statistics, transitions.pointer + next * width)
        next += 1
      }
    }
    self.shape = shape
    self.statistics = statistics
    self.transitions = transitions
    let byTask = Self.group(dataset)
    var tasks = Self.split(byTask, heldOut: configuration.heldOutEpisodes, seed: configuration.seed)
    let known = Self.parameters(dataset)
    taskParameters = Set(known.map(\.count)).count == 1 ? known : known.map { _ in [] }
    let parameters = known.map { Array($0.prefix(shape.parameterCount)) }
    let columns = (0..<shape.parameterCount).map { index in parameters.map { $0[index] } }
    let means = columns.map { $0.reduce(0, +) / Double($0.count) }
    let deviations = zip(columns, means).map { column, mean in
      let square = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(column.count)
      return Double(
        ChannelStatistics.divisor(
          square.squareRoot(), minimum: Float(column.min() ?? 0), maximum: Float(column.max() ?? 0)))
    }
    for index in tasks.indices {
      tasks[index].parameters = (0..<shape.parameterCount).map {
        Float((parameters[index][$0] - means[$0]) / deviations[$0])
      }
    }
    self.tasks = tasks
    var taskOf = [Int32](repeating: 0, count: dataset.transitionCount)
    for episode in byTask.joined() {
      for step in 0..<episode.length { taskOf[episode.start + step] = Int32(episode.task) }
    }
    self.taskOf = taskOf
    isTerminal = dataset.episodes.flatMap { episode in
      (0..<episode.length).map { episode.terminated && $0 == episode.length - 1 }
    }
    parameterMean = means.map { Float($0) }
    parameterStd = deviations.map { Float($0) }
    windowed = byTask.flatMap { episodes in
      let ranked = episodes.sorted { ($1.totalReward, $0.start) < ($0.totalReward, $1.start) }
      let kept = (Double(ranked.count) * configuration.bestEpisodes).rounded(.up)
      return ranked.prefix(Int(kept)).filter { $0.length >= shape.horizon }
    }
    var before = [0]
    for episode in windowed { before.append(before[before.count - 1] + episode.length - shape.horizon + 1) }
    windowsBefore = before
    guard !windowed.isEmpty else {
      throw .setting(
        name: "horizon",
        problem:
          "is \(shape.horizon), but none of the episodes to learn from is that long: record longer or plan shorter")
    }
  }

  /// A hash of all that training sees of the data.
  package var fingerprint: String {
    var hash = Fingerprint()
    for task in tasks {
      for episode in task.training + task.heldOut { hash.add(word: UInt64(UInt32(truncatingIfNeeded: episode.start))) }
    }
    for i in 0..<transitions.count { hash.add(word: UInt64(transitions.pointer[i].bitPattern)) }
    return hash.text
  }

  package func transition(_ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(transitions.pointer + index * shape.transitionSize)
  }

  /// A transition in physical units.
  func physical(_ index: Int) -> (state: [Float], action: [Float], reward: Float, next: [Float]) {
    let row = transition(index)
    let states = shape.observationSize
    func restored(_ channel: Int, _ statistics: ChannelStatistics, _ value: Float) -> Float {
      value * statistics.deviation[channel] + statistics.mean[channel]
    }
    let state = (0..<states).map { restored($0, statistics.observation, row[$0]) }
    return (
      state, (0..<shape.actionSize).map { restored($0, statistics.action, row[states + $0]) },
      restored(0, statistics.reward, row[shape.rowSize]),
      (0..<states).map { state[$0] + restored($0, statistics.difference, row[shape.rowSize + 1 + $0]) }
    )
  }

  package var transitionCount: Int { taskOf.count }

  /// Index into `tasks`.
  package func task(of transition: Int) -> Int { Int(taskOf[transition]) }

  /// Copies the state after a transition, normalised, `[observationSize]`.
  package func copyNextState(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    let row = transition(index)
    let (observation, difference) = (statistics.observation, statistics.difference)
    for i in 0..<shape.observationSize {
      let change = row[shape.rowSize + 1 + i] * difference.deviation[i] + difference.mean[i]
      target[i] = row[i] + change / observation.deviation[i]
    }
  }

  /// The reward in units of its spread; where zero is matters to robots that can fall, so the mean stays in.
  package func reward(_ index: Int) -> Float {
    transition(index)[shape.rowSize] + statistics.reward.mean[0] / statistics.reward.deviation[0]
  }

  /// 0 where the robot ended the episode, otherwise 1.
  package func continues(_ index: Int) -> Float { isTerminal[index] ? 0 : 1 }

  /// Windows of `horizon` transitions in `windowed`.
  package var windowCount: Int { windowsBefore[windowsBefore.count - 1] }

  /// A window: its task and its first transition.
  package func window(_ number: Int) -> (task: Int, start: Int) {
    // The last episode whose windows start at or before `number`.
    var low = 0
    var high = windowed.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if windowsBefore[middle] <= number { low = middle } else { high = middle }
    }
    return (windowed[low].task, windowed[low].start + number - windowsBefore[low])
  }

  /// What a context of `task` is made from: transitions of `episodes`, or the task's parameters; returns how many rows.
  package func drawEvidence(
    of task: Int, from episodes: EpisodePool, _ configuration: TrainingConfiguration, _ random: inout RandomSource,
    _ target: UnsafeMutablePointer<Float>
  ) -> Int {
    guard shape.contextKind == .oracle else { return drawContext(from: episodes, configuration, &random, target) }
    target.update(from: tasks[task].parameters, count: shape.parameterCount)
    return 1
  }

  /// Copies random transitions of a few random episodes to `target`, each of a behaviour drawn first; returns how many.
  package func drawContext(
    from episodes: EpisodePool, _ configuration: TrainingConfiguration, _ random: inout RandomSource,
    _ target: UnsafeMutablePointer<Float>
  ) -> Int {
    let sources = 1 + random.index(below: configuration.mostContextEpisodes)
    let fewest = configuration.fewestContextTransitions
    let count = fewest + random.index(below: configuration.mostContextTransitions - fewest + 1)
    var filled = 0
    for source in 0..<sources {
      let episode = episodes.draw(&random)
      // What is left, shared among the sources that are left.
      let share = min((count - filled) / (sources - source), episode.length)
      // Selection sampling (Knuth, Algorithm S): each transition is taken with the probability that fills the rest.
      var taken = 0
      for step in 0..<episode.length where random.index(below: episode.length - step) < share - taken {
        (target + (filled + taken) * shape.transitionSize).update(
          from: transition(episode.start + step), count: shape.transitionSize)
        taken += 1
      }
      filled += share
    }
    return filled
  }

  private static func normalise(
    _ episode: OfflineData.Episode, _ step: Int, _ shape: PlannerShape, _ statistics: Statistics,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let width = shape.observationSize
    for i in 0..<width {
      let now = episode.observations[step * width + i]
      let difference = episode.observations[(step + 1) * width + i] - now
      target[i] = (now - statistics.observation.mean[i]) / statistics.observation.deviation[i]
      target[shape.rowSize + 1 + i] =
        (difference - statistics.difference.mean[i]) / statistics.difference.deviation[i]
    }
    for i in 0..<shape.actionSize {
      let action = episode.actions[step * shape.actionSize + i]
      target[width + i] = (action - statistics.action.mean[i]) / statistics.action.deviation[i]
    }
    target[shape.rowSize] = (episode.rewards[step] - statistics.reward.mean[0]) / statistics.reward.deviation[0]
  }

  /// Episodes by task, tasks in ascending order of their numbers.
  private static func group(_ dataset: Dataset) -> [[Episode]] {
    let numbers = Set(dataset.episodes.map(\.task)).sorted()
    let indices = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
    let behaviours = Set(dataset.episodes.map(\.behaviour)).sorted()
    var groups = [[Episode]](repeating: [], count: numbers.count)
    var start = 0
    for episode in dataset.episodes {
      let task = indices[episode.task]!
      groups[task].append(
        Episode(
          task: task, behaviour: behaviours.firstIndex(of: episode.behaviour)!, start: start, length: episode.length,
          totalReward: episode.totalReward))
      start += episode.length
    }
    return groups
  }

  /// How many numbers describe a task; 0 unless every episode has the same number of them.
  package static func parameterCount(_ dataset: Dataset) -> Int {
    let counts = Set(dataset.episodes.map(\.parameters.count))
    return counts.count == 1 ? counts.first! : 0
  }

  /// The parameters of each task, from its first episode; tasks in ascending order of their numbers.
  private static func parameters(_ dataset: Dataset) -> [[Double]] {
    let byTask = Dictionary(dataset.episodes.map { ($0.task, $0.parameters) }, uniquingKeysWith: { first, _ in first })
    return byTask.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Draws the held-out episodes of each task; at least one where that leaves four.
  private static func split(_ groups: [[Episode]], heldOut share: Double, seed: UInt64) -> [Task] {
    groups.enumerated().map { index, episodes in
      var random = RandomSource(seed: seed, stream: Stream.heldOut + UInt64(index))
      guard share > 0, episodes.count >= 5 else { return Task(training: episodes) }
      let count = max(1, Int(Double(episodes.count) * share))
      let shuffled = episodes.shuffled(using: &random)
      return Task(training: Array(shuffled[count...]), heldOut: Array(shuffled[..<count]))
    }
  }
}

/// Random streams of a training run, far apart; steps and shards count up from them. Nothing random has state that a
/// checkpoint would have to hold.
enum Stream {
  static let heldOut: UInt64 = 1 << 40
  static let heldOutTasks: UInt64 = 8 << 40
  static let worldModel: UInt64 = 2 << 40
  static let evaluation: UInt64 = 3 << 40
  static let contexts: UInt64 = 4 << 40
  static let denoiser: UInt64 = 5 << 40
  static let value: UInt64 = 6 << 40
  static let bank: UInt64 = 7 << 40
  static let cloning: UInt64 = 16 << 40
  static let metric: UInt64 = 17 << 40
  static let actorCritic: UInt64 = 18 << 40
  static let baselineContexts: UInt64 = 19 << 40
}
