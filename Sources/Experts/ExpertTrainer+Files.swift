// What an expert's training leaves on disk: the checkpoint to resume from and the file of policies that ships.

import Foundation
import Learning
import PlannerModel
import PlannerRuntime

extension ExpertTrainer {
  /// Finds out before the training whether it can write what it is to write. A checkpoint holds every step that is
  /// remembered, and of each network weights and two moments.
  public func prepare(output: String, checkpoint: String, log: String) throws(LearningError) {
    let weights = learner.policyStore.count + learner.criticStore.count
    for (path, bytes) in [
      (output, 4 * learner.policyStore.count), (checkpoint, 4 * (replay.capacity * replay.rowSize + 4 * weights)),
      (log, 0),
    ] {
      try LearningError.writing(path) { () throws(ModelError) in
        try OutputFile.prepare(path, bytes: bytes + (1 << 16))
      }
    }
  }

  /// Writes the whole state of the training.
  public func saveCheckpoint(path: String) throws(LearningError) {
    var checkpoint = Checkpoint()
    checkpoint.set("settings", settings)
    checkpoint.set("policy", learner.policyStore.valueBuffer)
    checkpoint.set("critics", learner.criticStore.valueBuffer)
    checkpoint.set("targets", learner.targets)
    checkpoint.set("temperature", learner.logTemperature)
    checkpoint.set("adam.policy", learner.policyAdam)
    checkpoint.set("adam.critics", learner.criticAdam)
    checkpoint.set("adam.temperature", learner.temperatureAdam)
    checkpoint.set("random.world", worldRandom)
    checkpoint.set("random.batch", batchRandom)
    checkpoint.set("replay", replay.filled)
    checkpoint.set("normaliser", observationNormaliser.map { $0.mean + $0.deviation } ?? [])
    checkpoint.set("counters", [Int64(updates), Int64(replay.next)])
    checkpoint.set("random.return", [randomReturn])
    checkpoint.set("snapshots.updates", snapshots.map { Int64($0.updates) })
    checkpoint.set("snapshots.returns", snapshots.map(\.meanReturn))
    checkpoint.set("snapshots.weights", snapshots.flatMap(\.weights))
    try checkpoint.save(path: path)
  }

  /// Continues from a checkpoint of a training with the same family and settings; only the number of updates may
  /// differ.
  public func restore(path: String) throws(LearningError) {
    let checkpoint = try Checkpoint.load(path: path)
    guard checkpoint.numbers("settings", as: Double.self) == settings else {
      throw .file(path: path, problem: "belongs to a training with other settings: delete it, or use the same settings")
    }
    try checkpoint.restore("policy", into: learner.policyStore.valueBuffer, path: path)
    try checkpoint.restore("critics", into: learner.criticStore.valueBuffer, path: path)
    try checkpoint.restore("targets", into: learner.targets, path: path)
    try checkpoint.restore("temperature", into: learner.logTemperature, path: path)
    try checkpoint.restore("adam.policy", into: learner.policyAdam, path: path)
    try checkpoint.restore("adam.critics", into: learner.criticAdam, path: path)
    try checkpoint.restore("adam.temperature", into: learner.temperatureAdam, path: path)
    worldRandom = try checkpoint.random("random.world", path: path)
    batchRandom = try checkpoint.random("random.batch", path: path)
    let counters: [Int64] = try checkpoint.numbers("counters", count: 2, path: path)
    updates = Int(counters[0])
    let filled: [Float] = checkpoint.numbers("replay") ?? []
    guard filled.count % replay.rowSize == 0, filled.count / replay.rowSize <= replay.capacity,
      (0..<replay.capacity).contains(Int(counters[1]))
    else { throw .file(path: path, problem: "the replay buffer does not fit the settings: delete it") }
    replay.restore(filled: filled, next: Int(counters[1]))
    let size = family.observationSize
    if let statistics: [Float] = checkpoint.numbers("normaliser"), statistics.count == 2 * size {
      observationNormaliser = Normaliser(mean: Array(statistics[..<size]), deviation: Array(statistics[size...]))
    }
    randomReturn = try checkpoint.numbers("random.return", count: 1, path: path)[0]
    let times: [Int64] = checkpoint.numbers("snapshots.updates") ?? []
    let returns: [Double] = try checkpoint.numbers("snapshots.returns", count: times.count, path: path)
    let width = learner.policyStore.count
    let weights: [Float] = try checkpoint.numbers("snapshots.weights", count: times.count * width, path: path)
    snapshots = times.indices.map {
      Snapshot(
        updates: Int(times[$0]), meanReturn: returns[$0], weights: Array(weights[$0 * width..<($0 + 1) * width]))
    }
  }

  /// What must be equal for a checkpoint to be continued.
  private var settings: [Double] {
    [
      Double(family.observationSize), Double(family.actionSize), Double(family.trainTasks.count), Double(options.seed),
      Double(options.learningRate), Double(options.batchSize), Double(options.hiddenSize), Double(options.discount),
      Double(options.smoothing), Double(options.initialTemperature), Double(options.relabelledShare),
      Double(options.warmUpSteps), Double(options.stepsPerUpdate), Double(options.robots),
      Double(options.replayCapacity), Double(options.evaluationInterval),
    ] + family.trainTasks.flatMap { $0 }
  }

  /// The levels of skill that ship: `expert` is the best snapshot, `medium` the one before it whose return is nearest
  /// to the middle between random actions and the expert.
  public var levels: [(name: String, snapshot: Snapshot)] {
    guard let expert = snapshots.max(by: { $0.meanReturn < $1.meanReturn }) else { return [] }
    let middle = (randomReturn + expert.meanReturn) / 2
    let medium = snapshots.filter { $0.updates <= expert.updates }
      .min { abs($0.meanReturn - middle) < abs($1.meanReturn - middle) }
    return [("medium", medium ?? expert), ("expert", expert)]
  }

  /// Writes the levels, fp16, with their statistics and provenance; `command` is the command line that repeats it.
  public func export(path: String, command: String) throws {
    guard let observation = observationNormaliser, !levels.isEmpty else { return }
    var writer = SafetensorsWriter(metadata: [
      "kind": "expert", "family": family.name, "seed": "\(options.seed)", "command": command,
      "updates": "\(updates)", "observation_size": "\(family.observationSize)", "action_size": "\(family.actionSize)",
      "parameter_count": "\(family.parameterNames.count)", "hidden_size": "\(options.hiddenSize)",
      "action_limit": "\(family.actionLimit)", "random_return": String(format: "%.2f", randomReturn),
    ])
    for (name, snapshot) in levels {
      writer.metadata["\(name)_updates"] = "\(snapshot.updates)"
      writer.metadata["\(name)_return"] = String(format: "%.2f", snapshot.meanReturn)
      for entry in learner.policyStore.entries {
        let values = Array(snapshot.weights[entry.slot.offset..<entry.slot.offset + entry.slot.count])
        let tensor = entry.name.replacing("policy.", with: "policy.\(name).")
        writer.add(tensor, shape: entry.shape, type: .float16, values: values)
      }
    }
    for (name, statistics) in [("observation", observation), ("parameters", parameterNormaliser)] {
      let shape = [statistics.mean.count]
      writer.add("statistics.\(name).mean", shape: shape, type: .float32, values: statistics.mean)
      writer.add("statistics.\(name).std", shape: shape, type: .float32, values: statistics.deviation)
    }
    for (name, limits) in [
      ("lower", family.actionChannels.map(\.lower)), ("upper", family.actionChannels.map(\.upper)),
    ] {
      writer.add("limits.action.\(name)", shape: [limits.count], type: .float32, values: limits)
    }
    try writer.write(to: path)
  }
}
