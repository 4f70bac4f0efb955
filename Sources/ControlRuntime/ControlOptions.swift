// Settings of the controller beyond the planner's own.

import ControlCore
import PlannerModel
import PlannerRuntime
import RobotLink

/// How a model is run on a robot. Real-time: no (strings and arrays).
public struct ControlOptions: Sendable {
  /// Seed of the planner's noise; the same seed and observations give the same plans while no budget cuts them.
  public var seed: UInt64 = 1
  /// Nanoseconds for a plan from the time its observation was due; nil: half the period.
  public var budgetNanoseconds: UInt64? = nil
  /// The plan's entries that each action takes along, 0 … 3: what the robot drives when the next one is late or lost;
  /// nil: three over UDP, and `laterEntriesOnLine` on a serial line.
  public var laterEntries: Int? = nil
  /// The most that any entry of a command may change by per second, beside what robot and model say; positive.
  public var slewPerSecond: Float? = nil
  /// How plans are made; nil: as the model says.
  public var planner: PlannerOptions? = nil
  /// What is done while nothing that the model knows explains the robot.
  public var whenUnexplained = UnexplainedReaction.carryOn
  /// Episodes that gather the warm start, if none is given.
  public var warmStartEpisodes = 1
  /// Recorded transitions to infer the context from.
  public var warmStart: WarmStart? = nil
  /// File name of `warmStart`, for messages.
  public var warmStartPath = ""
  /// Shared with the robot, over UDP; nil: the link is not authenticated.
  public var key: LinkKey? = nil
  /// Name told to the robot.
  public var modelName = "metadiffuser"
  /// Whether `run` ends with the robot's goodbye.
  public var exitsWithRobot = false
  /// Instruction set of the planner by name; nil: the best one here.
  public var kernel: String? = nil
  /// 2 for a second thread that computes half of a plan's candidates.
  public var threads = 1
  /// CPU of the control thread; nil leaves it to the system. A second thread gets the first other one.
  public var cpu: Int? = nil
  /// Whether it is an error that the machine refuses a step of the real-time set-up.
  public var requiresRealTime = false
  /// Heap allocations of the calling thread so far, from a program that counts them.
  public var allocationCount: (@Sendable () -> UInt64)? = nil

  /// The defaults. Real-time: no.
  public init() {}

  /// A line loses single frames, if any, and bytes take time on it.
  public static let laterEntriesOnLine = 1
}

extension ControlOptions {
  /// Throws when `model` is too large for the link, or the warm start was recorded on another kind of robot.
  func check(against model: LoadedModel) throws(ControlError) {
    let description = model.description
    let shape = description.shape
    func require(_ file: String, _ field: String, _ found: Int, _ expected: String, _ holds: Bool) throws(ControlError)
    {
      if !holds { throw .unfit(file: file, field: field, found: "\(found)", expected: expected) }
    }
    guard shape.contextKind != .oracle else {
      throw .unfit(
        file: model.path, field: "context", found: "oracle",
        expected: "one that is inferred from transitions: an oracle must be told what no robot knows, and is for "
          + "`metadiffuser evaluate` only")
    }
    try require(
      model.path, "observation_size", shape.observationSize,
      "at most \(LinkLimits.observationEntries) (the link's limit)",
      shape.observationSize <= LinkLimits.observationEntries)
    try require(
      model.path, "action_size", shape.actionSize, "at most \(LinkLimits.actionEntries) (the link's limit)",
      shape.actionSize <= LinkLimits.actionEntries)
    if planner?.contextInference == .belief, model.weights.bank == nil {
      throw .unfit(
        file: model.path, field: "bank_count", found: "none",
        expected: "a bank of contexts, which a belief needs; leave the choice out to drive as the model can")
    }
    guard let warmStart else { return }
    guard warmStart.family == description.family else {
      throw .unfit(
        file: warmStartPath, field: "family", found: warmStart.family, expected: "\(description.family), the model's")
    }
    try require(
      warmStartPath, "observation_size", warmStart.observationSize, "\(shape.observationSize), the model's",
      warmStart.observationSize == shape.observationSize)
    try require(
      warmStartPath, "action_size", warmStart.actionSize, "\(shape.actionSize), the model's",
      warmStart.actionSize == shape.actionSize)
  }

  /// Infers the context from the warm start, if there is one; how many of its transitions the planner passed over.
  func takeWarmStart(into planner: inout Planner) throws(ControlError) -> Int {
    guard let warmStart else { return 0 }
    let taken = warmStart.infer(into: &planner)
    guard taken > 0 else {
      throw .unfit(
        file: warmStartPath, field: "transitions", found: "of no use: none of the \(warmStart.count)",
        expected: "numbers within a million spreads of the training data; look at their units and order")
    }
    return warmStart.count - taken
  }
}
