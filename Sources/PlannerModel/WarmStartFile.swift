// A warm start: a few recorded transitions of the robot, from which a planner infers what it is facing.

import PlannerRuntime

/// Recorded transitions in a file of their own, small enough to carry to a robot. Real-time: no (arrays).
public struct WarmStart: Equatable, Sendable {
  /// First thing checked in a file.
  public static let format = "metadiffuser-warm-start/1"

  /// Task family of the robot that was recorded.
  public var family: String
  /// Channels of state and command, 1…1024 and 1…256.
  public let observationSize: Int, actionSize: Int
  /// Who drove: `random`, `medium`, `expert`, `mixed`, or free text.
  public var behaviour: String
  /// States before each transition, physical units, `[count][observationSize]`.
  public private(set) var observations: [Float] = []
  /// Commands, physical units, `[count][actionSize]`.
  public private(set) var actions: [Float] = []
  /// Rewards, physical units, `[count]`.
  public private(set) var rewards: [Float] = []
  /// States after each transition, physical units, `[count][observationSize]`.
  public private(set) var nextObservations: [Float] = []

  /// Transitions recorded. Real-time: no.
  public var count: Int { rewards.count }

  /// A warm start without transitions yet. Real-time: no.
  public init(family: String, observationSize: Int, actionSize: Int, behaviour: String) {
    self.family = family
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.behaviour = behaviour
  }

  /// Adds one transition, physical units: `observation` and `next` `[observationSize]`, `action` `[actionSize]`.
  /// Real-time: no.
  public mutating func append(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    precondition(observation.count == observationSize && next.count == observationSize && action.count == actionSize)
    observations += observation
    actions += action
    rewards.append(reward)
    nextObservations += next
  }

  /// Reads and checks a warm-start file of 1…1 000 000 transitions. Real-time: no.
  ///
  /// - Throws: `ModelError` where the file cannot be read or is not sound.
  public init(path: String) throws(ModelError) {
    let file = try SafetensorsFile(path: path)
    let format = try file.field("format")
    guard format == Self.format else {
      throw .invalid(file: path, field: "__metadata__.format", found: "'\(format)'", expected: "'\(Self.format)'")
    }
    self.init(
      family: try file.field("family"), observationSize: try file.integer("observation_size", in: 1...1024),
      actionSize: try file.integer("action_size", in: 1...256), behaviour: try file.field("behaviour"))
    let count = file.entries["rewards"]?.shape.first ?? 0
    guard (1...1_000_000).contains(count) else {
      throw .invalid(file: path, field: "rewards", found: "\(count) transitions", expected: "1...1000000")
    }
    rewards = try file.tensor("rewards", shape: [count])
    observations = try file.tensor("observations", shape: [count, observationSize])
    actions = try file.tensor("actions", shape: [count, actionSize])
    nextObservations = try file.tensor("next_observations", shape: [count, observationSize])
  }

  /// Writes the file, whole or not at all. Precondition: all values are finite. Real-time: no.
  ///
  /// - Throws: `ModelError.system` where the file cannot be written.
  public func write(to path: String) throws(ModelError) {
    var writer = SafetensorsWriter(metadata: [
      "format": Self.format, "family": family, "observation_size": "\(observationSize)",
      "action_size": "\(actionSize)", "behaviour": behaviour,
    ])
    writer.add("observations", shape: [count, observationSize], type: .float32, values: observations)
    writer.add("actions", shape: [count, actionSize], type: .float32, values: actions)
    writer.add("rewards", shape: [count], type: .float32, values: rewards)
    writer.add("next_observations", shape: [count, observationSize], type: .float32, values: nextObservations)
    try writer.write(to: path)
  }

  /// Replaces `planner`'s context by what these transitions say, and returns how many it took. It passes over those
  /// that are absurdly far from the training data. Sizes must be those of the planner. Real-time: no: it takes as long
  /// as there are transitions.
  @discardableResult
  public func infer(into planner: inout Planner) -> Int {
    var taken = 0
    precondition(observationSize == planner.observationSize && actionSize == planner.actionSize)
    planner.clearContext()
    observations.withUnsafeBufferPointer { observation in
      actions.withUnsafeBufferPointer { action in
        nextObservations.withUnsafeBufferPointer { next in
          for index in 0..<count {
            let isTaken = planner.addTransition(
              observation: observation.baseAddress! + index * observationSize,
              action: action.baseAddress! + index * actionSize, reward: rewards[index],
              next: next.baseAddress! + index * observationSize)
            if isTaken { taken += 1 }
          }
        }
      }
    }
    planner.updateContext()
    return taken
  }
}
