// The families of tasks: what all tasks of a family share, and the fixed lists of training and test tasks.

import PlannerRuntime

/// Which of a family's fixed task lists: `train` tasks make data, `test` tasks only ever evaluate.
public enum TaskSplit: String, CaseIterable, Sendable { case train, test }

/// What all tasks of a family share.
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
  /// The fixed parameter lists, `[task][parameter]`.
  public let trainTasks: [[Double]]
  public let testTasks: [[Double]]
  /// Makes one task of the family.
  let make: @Sendable ([Double]) -> any ControlTask
}
