// Behaviours of a family by skill level: random needs nothing, the others are levels of a trained expert.

import DataCollection
import Evaluation
import Experts
import Foundation
import Learning
import OfflineData
import Tasks

extension TaskFamily {
  /// The family's expert, `path` or else the one that ships.
  private func expert(_ path: String?) throws -> String {
    try path
      ?? ShippedFiles.own.path(
        ShippedFiles.expert(name), cure: "'metadiffuser train expert --family \(name)' makes one, --experts names it")
  }

  /// The behaviour of `level`, sampled from the expert at `expertPath`; nil: the one that ships. Throws when that file
  /// is not for this family.
  package func behaviour(_ level: BehaviourLevel, expertPath: String?) throws -> Behaviour {
    guard level != .random else { return .random(self) }
    let expertPath = try expert(expertPath)
    guard FileManager.default.fileExists(atPath: expertPath) else {
      throw DataError.system(
        file: expertPath, operation: "open",
        reason: "there is no such file; metadiffuser train expert --family \(name) -o \(expertPath) makes it")
    }
    let isRecovery = level == .recovery
    let policyLevel = isRecovery || level == .astray ? BehaviourLevel.expert.rawValue : level.rawValue
    let load: @Sendable () throws -> ExpertPolicy = { try ExpertPolicy(path: expertPath, level: policyLevel) }
    try check(fits: load(), file: expertPath)
    return Behaviour(name: level.rawValue, stumblesFirst: isRecovery) {
      let expert = try load()
      return { random, observation, parameters in
        expert.sampledAction(observation: observation, parameters: parameters, random: &random)
      }
    }
  }

  /// The behaviours of all levels.
  package func behaviours(expertPath: String?) throws -> [BehaviourLevel: Behaviour] {
    var behaviours: [BehaviourLevel: Behaviour] = [:]
    for level in BehaviourLevel.allCases { behaviours[level] = try behaviour(level, expertPath: expertPath) }
    return behaviours
  }

  /// Throws, naming the field, when `expert` was trained for another kind of robot or task.
  private func check(fits expert: ExpertPolicy, file: String) throws(DataError) {
    for (field, found, expected) in [
      ("observation size", expert.observationSize, observationSize),
      ("action size", expert.actionSize, actionSize),
      ("number of task parameters", expert.parameterCount, parameterNames.count),
    ] where found != expected {
      throw DataError.invalid(
        file: file, place: "", field: field, problem: "is \(found), family \(name) has \(expected)",
        cure: "give the expert that was trained for \(name)")
    }
  }

  /// The expert's mean action: the yardstick that returns are held against.
  package func yardstick(expertPath: String?) throws -> Behaviour {
    let expertPath = try expert(expertPath)
    try check(fits: ExpertPolicy(path: expertPath), file: expertPath)
    return Behaviour(name: "expert mean") {
      let expert = try ExpertPolicy(path: expertPath)
      return { _, observation, parameters in expert.meanAction(observation: observation, parameters: parameters) }
    }
  }
}
