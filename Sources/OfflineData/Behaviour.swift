// Who drives the robot while data is recorded: behaviours of several skill levels, and mixtures of them.

import PlannerRuntime
import Tasks

/// Chooses an action, `[actionSize]`, from an observation, `[observationSize]`, and the true task parameters.
/// Called from several threads at once, each with a random source of its own.
public typealias BehaviourPolicy =
  @Sendable (
    _ random: inout RandomSource, _ observation: [Float], _ parameters: [Double]
  ) -> [Float]

/// How well a behaviour does its task.
public enum BehaviourLevel: String, CaseIterable, Sendable { case random, medium, expert }

/// What a data set or a warm start is made of: one level, or a mixture.
public enum Quality: String, CaseIterable, Sendable {
  case random, medium, expert, mixed

  /// How many of `episodes` episodes each level drives; `mixed` is random : medium : expert = 1 : 3 : 5.
  public func counts(episodes: Int) -> [(level: BehaviourLevel, episodes: Int)] {
    switch self {
    case .random: return [(.random, episodes)]
    case .medium: return [(.medium, episodes)]
    case .expert: return [(.expert, episodes)]
    case .mixed:
      let random = (episodes + 4) / 9
      let medium = (episodes * 3 + 4) / 9
      return [(.random, random), (.medium, medium), (.expert, episodes - random - medium)]
    }
  }
}

extension TaskFamily {
  /// Actions uniform within the family's limits.
  public var randomBehaviour: BehaviourPolicy {
    { [actionSize, actionLimit] random, _, _ in (0..<actionSize).map { _ in (2 * random.uniform() - 1) * actionLimit } }
  }
}
