// What `metadiffuser inspect` says about the small kinds of file: experts, baselines and warm starts.

import Experts
import Foundations
import Learning
import PlannerModel
import Tasks

package struct ExpertReport: FileReport {
  /// One skill level.
  package struct Level: Encodable {
    package var level: String
    /// Updates of the networks until then.
    package var updates: Int?
    /// Over the training tasks.
    package var meanReturn: Double?
  }

  package let kind = "expert"
  package var path: String
  package var family: String
  package var observationSize: Int, actionSize: Int, parameterCount: Int
  package var actionLimit: Float
  package var parameters: Int
  package var levels: [Level]
  package var randomReturn: Double?
  package var provenance: [String: String]
  /// Loading has checked it; said because people look for it.
  package let isFinite = true
  package var warnings: [String]

  package init(file: SafetensorsFile) throws {
    let levelNames = file.entries.keys.filter { $0.hasPrefix("policy.") && $0.hasSuffix(".0.weight") }
      .map { String($0.split(separator: ".")[1]) }
    guard let first = levelNames.first else {
      throw ModelError.missing(file: file.path, field: "policy.expert.0.weight")
    }
    var policy = try ExpertPolicy(path: file.path, level: first)
    for name in levelNames { policy = try ExpertPolicy(path: file.path, level: name) }
    path = file.path
    family = try file.field("family")
    observationSize = policy.observationSize
    actionSize = policy.actionSize
    parameterCount = policy.parameterCount
    actionLimit = policy.actionLimit
    parameters = file.entries.filter { $0.key.hasPrefix("policy.") }.values
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
    levels = levelNames.map {
      Level(
        level: $0, updates: file.metadata["\($0)_updates"].flatMap { Int($0) },
        meanReturn: file.metadata["\($0)_return"].flatMap { Double($0) })
    }.sorted { ($0.meanReturn ?? 0) < ($1.meanReturn ?? 0) }
    randomReturn = file.metadata["random_return"].flatMap { Double($0) }
    provenance = file.metadata.filter { ["command", "seed", "updates"].contains($0.key) }
    warnings = []
    if let family = try? TaskFamily.shipped(family),
      (observationSize, actionSize, parameterCount)
        != (family.observationSize, family.actionSize, family.parameterNames.count)
    {
      warnings.append("its sizes are not those of \(family.name) in this program; train the expert again")
    }
  }

  package var lines: [String] {
    [
      "\(path): an expert for \(family)",
      "  observation \(observationSize), task parameters \(parameterCount), "
        + "action \(actionSize) within ±\(actionLimit)",
      "weights: \(parameters) parameters, all finite",
    ]
      + table(
        ["level", "updates", "mean return"],
        (randomReturn.map { [["random", "–", decimal($0, 1)]] } ?? [])
          + levels.map {
            [$0.level, $0.updates.map(String.init) ?? "–", $0.meanReturn.map { decimal($0, 1) } ?? "–"]
          })
      + section("provenance", provenance)
  }
}

package struct BaselineFileReport: FileReport {
  package let kind = BaselineModel.kind
  package var path: String
  package var method: String
  package var family: String
  package var observationSize: Int, actionSize: Int, contextSize: Int
  package var actionLimit: Float
  package var parameters: Int
  package var provenance: [String: String]
  /// Loading has checked it; said because people look for it.
  package let isFinite = true
  package let warnings: [String] = []

  package init(file: SafetensorsFile) throws(ModelError) {
    let baseline = try BaselineModel(file: file)
    path = file.path
    method = baseline.method.rawValue
    family = baseline.family
    observationSize = baseline.observationSize
    actionSize = baseline.actionSize
    contextSize = baseline.contextSize
    actionLimit = baseline.actionLimit
    parameters = baseline.parameterCount
    provenance = baseline.provenance
  }

  package var lines: [String] {
    [
      "\(path): a baseline for \(family), method \(method)",
      "  observation \(observationSize), context \(contextSize), action \(actionSize) within ±\(actionLimit)",
      "weights: \(parameters) parameters, all finite",
    ] + section("provenance", provenance)
  }
}

package struct WarmStartReport: FileReport {
  package let kind = "warm-start"
  package var path: String
  package var family: String
  package var observationSize: Int, actionSize: Int
  package var behaviour: String
  package var transitions: Int
  package var meanReward: Double, lowestReward: Float, highestReward: Float
  /// Loading has checked it; said because people look for it.
  package let isFinite = true
  package var warnings: [String]

  package init(path: String) throws(ModelError) {
    let warmStart = try WarmStart(path: path)
    self.path = path
    family = warmStart.family
    observationSize = warmStart.observationSize
    actionSize = warmStart.actionSize
    behaviour = warmStart.behaviour
    transitions = warmStart.count
    meanReward = warmStart.rewards.reduce(0) { $0 + Double($1) } / Double(warmStart.count)
    lowestReward = warmStart.rewards.min() ?? 0
    highestReward = warmStart.rewards.max() ?? 0
    warnings =
      warmStart.count < Self.fewest
      ? ["\(warmStart.count) transitions are few, contexts are learnt from \(Self.fewest) or more; record more"] : []
  }

  /// Contexts of fewer transitions than this are not met in training.
  private static let fewest = TrainingConfiguration().fewestContextTransitions

  package var lines: [String] {
    [
      "\(path): a warm start of \(family), driven by \(behaviour)",
      "  observation \(observationSize), action \(actionSize), \(transitions) transitions, all finite",
      "  reward: mean \(short(meanReward)), range \(short(Double(lowestReward))) ... \(short(Double(highestReward)))",
    ]
  }
}
