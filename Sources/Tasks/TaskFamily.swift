// The families of tasks: what all tasks of a family share.

import CMuJoCo
import Foundations

/// What all tasks of a family share. Real-time: no.
public struct TaskFamily: Sendable {
  /// What tells the tasks of a family apart.
  public enum Difference: Sendable {
    /// What the robot is paid for. What it did under one task is then experience for every task of the family.
    case reward
    /// The robot itself.
    case dynamics
  }

  /// What people watch while a robot works.
  public struct Watched: Sendable {
    public let name: String
    public let unit: String
    /// What it should be in the task with these parameters; nil: there is nothing that it should be.
    public let target: @Sendable (_ parameters: [Double]) -> Double?
    public let value: @Sendable (_ outcome: [Double], _ parameters: [Double]) -> Double
  }

  /// Name on the command line and in files, `cheetah-vel`.
  public let name: String
  /// One line for `inspect` and `check-family`.
  public let summary: String
  /// Name, unit and limits of every entry of an observation.
  public let observationChannels: [Channel]
  /// The same of an action, in the robot's own units.
  public let actionChannels: [Channel]
  public let periodNanoseconds: UInt64
  /// Control steps until an episode is truncated.
  public let episodeLength: Int
  /// Names with units of the task parameters, `["target speed [m/s]"]`.
  public let parameterNames: [String]
  /// What each parameter may be, `[parameter]`; wider than the task lists, so that people can ask for more.
  public let parameterRanges: [ClosedRange<Double>]
  public let parametersChange: Difference
  /// For each entry of an action, the entry of the observation that is the velocity of the joint it drives,
  /// `[actionSize]`; empty: actions are no forces.
  public let drivenVelocities: [Int]
  /// Entries of a step's outcome.
  public let outcomeSize: Int
  public let watched: Watched
  let lists: TaskLists
  let rewardLaw: @Sendable (_ outcome: [Double], _ parameters: [Double]) -> Double
  let make: @Sendable (_ family: TaskFamily, _ parameters: [Double]) -> any ControlTask
  /// Of a family that a folder describes.
  var definition: FamilyDefinition?

  public var observationSize: Int { observationChannels.count }
  public var actionSize: Int { actionChannels.count }
  /// No entry of an action is larger in magnitude.
  public var actionLimit: Float { actionChannels.largestMagnitude }

  /// Name and version of the physics, for provenance: `MuJoCo 2.2.2`.
  public static var simulator: String { "MuJoCo \(String(cString: mj_versionString()))" }

  /// The parameters of the tasks of one split, `[task][parameter]`, as many as the literature uses. Only `outside` can
  /// be empty.
  public func tasks(_ split: TaskSplit) -> [[Double]] { lists[split] }

  /// The same; throws where there are none.
  public func someTasks(_ split: TaskSplit) throws(TaskError) -> [[Double]] {
    let tasks = tasks(split)
    guard !tasks.isEmpty else { throw .noTasks(family: name, split: split) }
    return tasks
  }

  public var trainTasks: [[Double]] { lists.train }
  public var heldOutTasks: [[Double]] { lists.heldOut }
  public var testTasks: [[Double]] { lists.test }

  /// The first `count` training tasks of an endless list that begins with `trainTasks`; all of a family that has no
  /// more.
  public func trainTasks(count: Int) -> [[Double]] { lists.train(count: count) }

  /// A task that is in no list, unless the family has no others.
  public func drawTask(_ random: inout RandomSource) -> [Double] { lists.law(&random) }

  /// Makes one task, reset with seed 0. Throws when `parameters`, `[parameterNames.count]`, do not fit the family.
  public func task(parameters: [Double]) throws(TaskError) -> any ControlTask {
    guard parameters.count == parameterNames.count else {
      throw .parameterCount(family: name, found: parameters.count, names: parameterNames)
    }
    for (index, value) in parameters.enumerated() where !parameterRanges[index].contains(value) {
      throw .parameterRange(
        family: name, name: parameterNames[index], value: value, range: parameterRanges[index])
    }
    return make(self, parameters)
  }

  /// The reward that a step with this `outcome`, `[outcomeSize]`, earns in the task with these parameters.
  public func reward(outcome: [Double], parameters: [Double]) -> Double {
    rewardLaw(outcome, parameters)
  }
}

extension TaskFamily {
  /// `action` within the limits of its entries.
  public func clamped(_ action: [Float]) -> [Float] {
    zip(action, actionChannels).map { min(max($0, $1.lower), $1.upper) }
  }

  /// `action` as shares −1 … 1 of the entries' ranges.
  public func shares(_ action: [Float]) -> [Float] {
    zip(action, actionChannels).map { ($0 - ($1.lower + $1.upper) / 2) / (($1.upper - $1.lower) / 2) }
  }

  /// What a robot at rest does, within the limits: what the start's keyframe commands, or 0.
  public var restAction: [Float] {
    clamped(definition.map { $0.actions.resting.map { Float($0) } } ?? [Float](repeating: 0, count: actionSize))
  }

  /// An action uniform within the limits.
  public func randomAction(_ random: inout RandomSource) -> [Float] {
    actionChannels.map { channel in
      (channel.lower + channel.upper) / 2 + (2 * random.uniform() - 1) * ((channel.upper - channel.lower) / 2)
    }
  }
}
