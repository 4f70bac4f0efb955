// The families of tasks: what all tasks of a family share, and the fixed lists of training and test tasks.

import CMuJoCo
import PlannerRuntime

/// Which of a family's fixed task lists: `train` tasks make data, `held-out` tasks settle what is not learnt, such as
/// planning settings, `test` tasks only ever evaluate.
public enum TaskSplit: String, CaseIterable, Sendable {
  case train
  case heldOut = "held-out"
  case test

  /// Stream of random numbers that the tasks are drawn from.
  fileprivate var stream: UInt64 {
    switch self {
    case .train: 0
    case .test: 1
    case .heldOut: 2
    }
  }
}

/// What all tasks of a family share. Real-time: no.
public struct TaskFamily: Sendable {
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
  /// The fixed parameter lists, `[task][parameter]`; no task is in two of them.
  public let trainTasks: [[Double]]
  public let heldOutTasks: [[Double]]
  public let testTasks: [[Double]]
  let rewardLaw: @Sendable (_ outcome: SIMD4<Double>, _ parameters: [Double]) -> Double
  let make: @Sendable (_ parameters: [Double]) -> any ControlTask

  /// All families, in the order in which help lists them.
  public static let all: [TaskFamily] = [pointRobot, cheetahVelocity]

  /// Name and version of the physics, for provenance: `MuJoCo 2.2.2`.
  public static var simulator: String { "MuJoCo \(String(cString: mj_versionString()))" }

  /// The family called `name`; the error lists the families there are.
  public static func named(_ name: String) throws(TaskError) -> TaskFamily {
    guard let family = all.first(where: { $0.name == name }) else {
      throw .unknownFamily(name: name, known: all.map(\.name))
    }
    return family
  }

  /// The parameters of the tasks of one split, `[task][parameter]`.
  public func tasks(_ split: TaskSplit) -> [[Double]] {
    switch split {
    case .train: trainTasks
    case .heldOut: heldOutTasks
    case .test: testTasks
    }
  }

  /// Makes one task, reset with seed 0. Throws when `parameters`, `[parameterNames.count]`, do not fit the family.
  public func task(parameters: [Double]) throws(TaskError) -> any ControlTask {
    guard parameters.count == parameterNames.count else {
      throw .parameterCount(family: name, found: parameters.count, names: parameterNames)
    }
    for (index, value) in parameters.enumerated() where !parameterRanges[index].contains(value) {
      throw .parameterRange(
        family: name, name: parameterNames[index], value: value, range: parameterRanges[index])
    }
    return make(parameters)
  }

  /// The reward that a step with this `outcome` earns in the task with these parameters.
  ///
  /// What a robot did under one task is thereby experience for every task of the family, as long as the parameters
  /// change the reward and not the robot.
  public func reward(outcome: SIMD4<Double>, parameters: [Double]) -> Double {
    rewardLaw(outcome, parameters)
  }

  /// `count` draws from the law of a family's tasks; each split has a stream of its own.
  static func draw<Parameters>(
    _ count: Int, _ split: TaskSplit, seed: UInt64, law: (inout RandomSource) -> Parameters
  ) -> [Parameters] {
    var random = RandomSource(seed: seed, stream: split.stream)
    return (0..<count).map { _ in law(&random) }
  }
}
