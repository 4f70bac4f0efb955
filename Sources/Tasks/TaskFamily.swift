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

  /// Name on the command line and in files, `cheetah-vel`.
  public let name: String
  /// One line for `--help` and `inspect`.
  public let summary: String
  public let observationSize: Int
  public let actionSize: Int
  /// Actions lie in `-actionLimit ... actionLimit` for each entry (the family's own unit).
  public let actionLimit: Float
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
  public var drivenVelocities: [Int] = []
  let lists: TaskLists
  let rewardLaw: @Sendable (_ outcome: SIMD4<Double>, _ parameters: [Double]) -> Double
  let make: @Sendable (_ parameters: [Double]) -> any ControlTask

  /// All families, in the order in which help lists them.
  public static let all: [TaskFamily] = [
    pointRobot, cheetahDirection, cheetahVelocity, antDirection, hopperParameters, walkerParameters,
  ]

  /// Name and version of the physics, for provenance: `MuJoCo 2.2.2`.
  public static var simulator: String { "MuJoCo \(String(cString: mj_versionString()))" }

  /// The family called `name`; the error lists the families there are.
  public static func named(_ name: String) throws(TaskError) -> TaskFamily {
    guard let family = all.first(where: { $0.name == name }) else {
      throw .unknownFamily(name: name, known: all.map(\.name))
    }
    return family
  }

  /// The parameters of the tasks of one split, `[task][parameter]`, as many as the literature uses.
  public func tasks(_ split: TaskSplit) -> [[Double]] {
    switch split {
    case .train: lists.train
    case .heldOut: lists.heldOut
    case .test: lists.test
    }
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
    if let reason = mujoco_missing() { throw .noSimulator(reason: String(cString: reason)) }
    return make(parameters)
  }

  /// The reward that a step with this `outcome` earns in the task with these parameters.
  public func reward(outcome: SIMD4<Double>, parameters: [Double]) -> Double {
    rewardLaw(outcome, parameters)
  }
}
