// What `metadiffuser inspect` says about a data set: who drove, how well, on which tasks, and whether to train on it.

import DataCollection
import Foundations
import Learning
import OfflineData

package struct DatasetReport: FileReport {
  /// Episodes of one behaviour.
  package struct Behaviour: Encodable {
    package var behaviour: String
    package var episodes: Int, transitions: Int
    package var meanReturn: Double, lowestReturn: Double, highestReturn: Double
  }

  package struct Task: Encodable {
    package var task: Int
    /// Empty when the data set does not say.
    package var parameters: [Double]
    package var episodes: Int
    /// By behaviour.
    package var meanReturn: [String: Double]
  }

  package let kind = "data-set"
  package var path: String
  package var family: String
  package var observationSize: Int, actionSize: Int
  /// Empty when the data set names none.
  package var observationNames: [String]
  package var observationChannels: StatedChannels, actionChannels: StatedChannels
  package var actionLimit: Float
  package var periodMs: Double
  package var episodes: Int, transitions: Int
  package var shortestEpisode: Int, longestEpisode: Int
  package var terminatedEpisodes: Int
  package var behaviours: [Behaviour]
  package var tasks: [Task]
  package var observation: ModelReport.Channels, action: ModelReport.Channels, reward: ModelReport.Channels
  package var provenance: [String: String]
  /// Loading has checked it; said because people look for it.
  package let isFinite = true
  /// Channels that never move: they carry no information.
  package var deadObservations: [Int], deadActions: [Int]
  package var warnings: [String]

  package init(path: String) throws(DataError) {
    self.init(try Dataset.load(path: path), path: path)
  }

  private init(_ dataset: Dataset, path: String) {
    let lengths = dataset.episodes.map(\.length)
    let statistics = Statistics(dataset)
    self.path = path
    family = dataset.family
    observationSize = dataset.observationSize
    observationChannels = StatedChannels(dataset.observationChannels)
    actionChannels = StatedChannels(dataset.actionChannels)
    observationNames = observationChannels.names
    actionSize = dataset.actionSize
    actionLimit = dataset.actionLimit
    periodMs = Double(dataset.periodNanoseconds) * 1e-6
    episodes = dataset.episodes.count
    transitions = dataset.transitionCount
    shortestEpisode = lengths.min() ?? 0
    longestEpisode = lengths.max() ?? 0
    terminatedEpisodes = dataset.episodes.count(where: \.terminated)
    behaviours = Dictionary(grouping: dataset.episodes, by: \.behaviour).map { name, episodes in
      let returns = episodes.map(\.totalReward)
      return Behaviour(
        behaviour: name, episodes: episodes.count, transitions: episodes.reduce(0) { $0 + $1.length },
        meanReturn: mean(returns), lowestReturn: returns.min() ?? 0, highestReturn: returns.max() ?? 0)
    }.sorted { $0.meanReturn < $1.meanReturn }
    tasks = Dictionary(grouping: dataset.episodes, by: \.task).map { number, episodes in
      Task(
        task: number, parameters: episodes[0].parameters, episodes: episodes.count,
        meanReturn: Dictionary(grouping: episodes, by: \.behaviour).mapValues { mean($0.map(\.totalReward)) })
    }.sorted { $0.task < $1.task }
    observation = ModelReport.Channels(statistics.observation)
    action = ModelReport.Channels(statistics.action)
    reward = ModelReport.Channels(statistics.reward)
    provenance = dataset.provenance
    deadObservations = deadChannels(observation)
    deadActions = deadChannels(action)
    warnings = []
    warnings = findWarnings(dataset)
  }

  private func findWarnings(_ dataset: Dataset) -> [String] {
    var warnings: [String] = []
    for (name, stated, dead) in [
      ("observation", observationChannels, deadObservations), ("action", actionChannels, deadActions),
    ] where !dead.isEmpty {
      warnings.append(
        "\(name) channels \(stated.list(dead)) never move; leave them out, or record data in which they move")
    }
    if !deadChannels(reward).isEmpty {
      warnings.append("the reward is \(short(Double(reward.mean[0]))) throughout; nothing can be learnt from it")
    }
    for (name, channels) in [("observation", observation), ("reward", reward)] {
      let coarse = channels.mean.indices.filter {
        let magnitude = max(abs(channels.min[$0]), abs(channels.max[$0]))
        return !deadChannels(channels).contains($0) && channels.std[$0] < 1e-4 * magnitude
      }
      if !coarse.isEmpty {
        warnings.append(
          "\(name) channels \(channelList(coarse)) move by less than a ten-thousandth of their size, and numbers are "
            + "kept to seven digits; subtract what they have in common")
      }
    }
    if tasks.count == 1 {
      warnings.append("there is one task only; a context cannot be learnt from it: record several tasks or robots")
    } else if tasks.allSatisfy({ $0.episodes == 1 }) {
      warnings.append(
        "no task comes twice, so there is nothing to learn from what a task is told by; give episodes that share "
          + "goal and body the same number")
    }
    let inconsistent = Dictionary(grouping: dataset.episodes, by: \.task)
      .filter { Set($0.value.map(\.parameters)).count > 1 }.keys.sorted()
    if !inconsistent.isEmpty {
      warnings.append(
        "episodes of task \(channelList(inconsistent)) have different parameters; number the tasks so that episodes of "
          + "one number share goal and body")
    }
    let brief = dataset.episodes.count { $0.length < Self.usualHorizon }
    if brief > 0 {
      warnings.append(
        "\(brief) episodes are shorter than \(Self.usualHorizon) steps, the usual horizon of a plan; the denoiser "
          + "cannot learn from them")
    }
    return warnings
  }

  private static let usualHorizon = TrainingConfiguration().horizon

  package var lines: [String] {
    let names = behaviours.map(\.behaviour)
    return [
      "\(path): a data set of \(family)",
      "  robot: observation \(observationSize), "
        + "action \(actionSize) \(actionChannels.limits), period \(short(periodMs)) ms",
      "  \(episodes) episodes of \(shortestEpisode) ... \(longestEpisode) steps, \(transitions) transitions, "
        + "\(terminatedEpisodes) episodes terminated, all numbers finite",
    ]
      + table(
        ["behaviour", "episodes", "transitions", "mean return", "lowest", "highest"],
        behaviours.map {
          ["\($0.behaviour)", "\($0.episodes)", "\($0.transitions)"]
            + [$0.meanReturn, $0.lowestReturn, $0.highestReturn].map { decimal($0, 1) }
        })
      + table(
        ["task", "parameters", "episodes"] + names.map { "return, \($0)" },
        tasks.map { task in
          ["\(task.task)", task.parameters.map { decimal($0, 3) }.joined(separator: ", "), "\(task.episodes)"]
            + names.map { name in task.meanReturn[name].map { decimal($0, 1) } ?? "–" }
        })
      + observationChannels.table("observation", observation) + actionChannels.table("action", action)
      + channelTable("reward", reward)
      + section("provenance", provenance)
  }
}

extension ModelReport.Channels {
  package init(_ statistics: ChannelStatistics) {
    self.init(
      mean: statistics.mean, std: statistics.deviation, min: statistics.minimum, max: statistics.maximum)
  }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
