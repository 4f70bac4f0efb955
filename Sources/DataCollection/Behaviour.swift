// Who drives the robot while data is recorded: behaviours of several skill levels, and mixtures of them.

import PlannerRuntime
import Tasks

/// Chooses an action, `[actionSize]`, from an observation, `[observationSize]`, and the true task parameters.
/// One thread an instance.
public typealias BehaviourPolicy = (
  _ random: inout RandomSource, _ observation: [Float], _ parameters: [Double]
) -> [Float]

/// A way to act, by name; recording makes one policy of it for each thread.
public struct Behaviour: Sendable {
  /// Stands with each episode in the data set. Behaviours of the same name must be the same.
  public var name: String
  public var makePolicy: @Sendable () throws -> BehaviourPolicy
  /// The robot is made to stumble before each recording begins, so that the data show how to get out of trouble.
  public var stumblesFirst: Bool

  public init(name: String, stumblesFirst: Bool = false, makePolicy: @escaping @Sendable () throws -> BehaviourPolicy) {
    self.name = name
    self.stumblesFirst = stumblesFirst
    self.makePolicy = makePolicy
  }

  /// Actions uniform within the limits of `family`.
  public static func random(_ family: TaskFamily) -> Behaviour {
    Behaviour(name: BehaviourLevel.random.rawValue) {
      { random, _, _ in family.randomAction(&random) }
    }
  }
}

/// How well a behaviour does its task.
public enum BehaviourLevel: String, CaseIterable, Sendable {
  case random, medium, expert
  /// The expert, from where a stumble has left the robot. An expert alone never shows what to do there, and whoever
  /// imitates it less than perfectly gets there.
  case recovery
  /// The expert, told another task's parameters. Without it, all data of a task drive near its goal or badly, and an
  /// encoder learns to guess the goal from how the robot moves instead of from what it is paid.
  case astray
}

/// What a data set or a warm start is made of: one level, or a mixture.
public enum Quality: String, CaseIterable, Sendable {
  case random, medium, expert, mixed

  /// The levels that take part.
  public var levels: [BehaviourLevel] {
    switch self {
    case .random: [.random]
    case .medium: [.medium]
    case .expert: [.expert]
    case .mixed: [.random, .medium, .expert]
    }
  }

  /// How many of `episodes` episodes each level drives; `mixed` is random : medium : expert : recovery : astray =
  /// 1 : 2 : 4 : 5 : 3.
  public func counts(episodes: Int) -> [(level: BehaviourLevel, episodes: Int)] {
    guard self == .mixed else { return levels.map { ($0, episodes) } }
    func share(_ parts: Int) -> Int { (episodes * parts + 7) / 15 }
    let others = [(BehaviourLevel.random, share(1)), (.medium, share(2)), (.recovery, share(5)), (.astray, share(3))]
    return [(.expert, episodes - others.reduce(0) { $0 + $1.1 })] + others
  }
}
