// What was recorded: episodes of robots at work, and the data set that holds them.

import Foundations

/// One recorded episode of one task. Real-time: no.
public struct Episode: Sendable, Equatable {
  /// Which task: episodes with the same number share goal and body.
  public var task: Int
  /// The true task parameters, `[parameter]`; for reports only, training never sees them. Empty when unknown.
  public var parameters: [Double]
  /// What chose the actions: `random`, `medium`, `expert`, or free text in people's own logs.
  public var behaviour: String
  /// `[length + 1][observationSize]`, one row per control period and the state after the last action.
  public var observations: [Float]
  /// `[length][actionSize]`
  public var actions: [Float]
  /// `[length]`
  public var rewards: [Float]
  /// The last step ended the episode (fallen, say); otherwise the episode was cut off there.
  public var terminated: Bool

  /// Control steps in the episode.
  public var length: Int { rewards.count }
  /// Sum of the rewards, not discounted.
  public var totalReward: Double { rewards.reduce(0) { $0 + Double($1) } }

  public init(
    task: Int, parameters: [Double], behaviour: String, observations: [Float], actions: [Float], rewards: [Float],
    terminated: Bool
  ) {
    self.task = task
    self.parameters = parameters
    self.behaviour = behaviour
    self.observations = observations
    self.actions = actions
    self.rewards = rewards
    self.terminated = terminated
  }
}

/// Episodes of one family of tasks, with what a reader must know to use them. Real-time: no.
public struct Dataset: Sendable, Equatable {
  /// The family's name; free text in people's own logs.
  public var family: String
  /// The entries of an observation. Their limits are information: nobody's sensors are checked against them.
  public var observationChannels: [Channel]
  /// The entries of an action; each lies within its own limits.
  public var actionChannels: [Channel]
  /// The control period that the episodes were recorded at.
  public var periodNanoseconds: UInt64
  public var episodes: [Episode]
  /// Where the data comes from: command, seed, versions.
  public var provenance: [String: String]

  public var observationSize: Int { observationChannels.count }
  public var actionSize: Int { actionChannels.count }
  /// The largest magnitude that any channel of the action allows.
  public var actionLimit: Float { actionChannels.largestMagnitude }
  /// Control steps in all episodes.
  public var transitionCount: Int { episodes.reduce(0) { $0 + $1.length } }

  /// Channels with numbers only, actions in `-actionLimit ... actionLimit`.
  public init(
    family: String, observationSize: Int, actionSize: Int, actionLimit: Float, periodNanoseconds: UInt64,
    episodes: [Episode] = [], provenance: [String: String] = [:]
  ) {
    self.init(
      family: family, observationChannels: .unnamed(observationSize),
      actionChannels: .unnamed(actionSize, limit: actionLimit), periodNanoseconds: periodNanoseconds,
      episodes: episodes, provenance: provenance)
  }

  public init(
    family: String, observationChannels: [Channel], actionChannels: [Channel], periodNanoseconds: UInt64,
    episodes: [Episode] = [], provenance: [String: String] = [:]
  ) {
    self.family = family
    self.observationChannels = observationChannels
    self.actionChannels = actionChannels
    self.periodNanoseconds = periodNanoseconds
    self.episodes = episodes
    self.provenance = provenance
  }
}
