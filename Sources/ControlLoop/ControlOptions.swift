// Settings of the controller beyond the planner's own.

import PlannerModel
import PlannerRuntime

/// How a model is run on a robot.
public struct ControlOptions: Sendable {
  /// Seed of the planner's noise; the same seed and observations give the same plans while no budget cuts them.
  public var seed: UInt64 = 1
  /// Nanoseconds for a plan from the time its observation was due; nil: half the period.
  public var budgetNanoseconds: UInt64? = nil
  /// nil: the model's own setting.
  public var guide: Guide? = nil
  /// Episodes that gather the warm start, if none is given.
  public var warmStartEpisodes = 1
  /// Recorded transitions to infer the context from.
  public var warmStart: WarmStart? = nil
  /// File name of `warmStart`, for messages.
  public var warmStartPath = ""
  /// Name told to the robot.
  public var modelName = "metadiffuser"
  public var exitsWithRobot = false
  /// CPU of the control thread; nil leaves it to the system.
  public var cpu: Int? = nil
  public var requiresRealTime = false

  public init() {}
}
