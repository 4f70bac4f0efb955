import Experts
import Foundation
import GradientCheck
import Learning
import PlannerRuntime
import Tasks
import Testing

/// A small expert for the point robot that learns in about a second.
private func smallOptions(updates: Int) -> ExpertOptions {
  var options = ExpertOptions()
  options.updates = updates
  options.learningRate = 2e-3
  options.batchSize = 64
  options.hiddenSize = 32
  options.discount = 0.9
  options.smoothing = 0.02
  options.warmUpSteps = 400
  options.replayCapacity = 3_000
  options.evaluationInterval = 400
  return options
}

/// A folder of its own that is removed with the value's owner.
private final class Scratch {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func file(_ name: String) -> String { "\(path)/\(name)" }
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }
}

private func train(_ trainer: ExpertTrainer, until updates: Int? = nil) throws {
  while !trainer.isFinished, trainer.updates < updates ?? .max { _ = try trainer.round() }
}

private func makeTrainer(updates: Int = 1_200, threads: Int = 1, seed: UInt64 = 1) throws -> ExpertTrainer {
  var options = smallOptions(updates: updates)
  options.seed = seed
  return try ExpertTrainer(family: .pointRobot, options: options, threads: threads)
}

@Suite struct SACTests {
  @Test func `the squashed Gaussian's log-probability is the density by change of variables`() {
    let outputs: [Float] = [0.3, -1.2, -0.5, 0.4, 4, 0, 1.9, -4]
    let noise: [Float] = [0.7, -0.3, 1.5, -2]
    let distribution = SquashedGaussian(actionSize: 2)
    let actions = FloatBuffer(count: 4)
    let logs = FloatBuffer(count: 2)
    distribution.sample(
      outputs, noise: noise, actions: actions.pointer, stride: 2, logProbabilities: logs.pointer, rows: 2)
    for row in 0..<2 {
      var expected = 0.0
      for i in 0..<2 {
        let mean = Double(outputs[row * 4 + i])
        let deviation = exp(Double(outputs[row * 4 + 2 + i]))
        let u = mean + deviation * Double(noise[row * 2 + i])
        let density = exp(-0.5 * pow((u - mean) / deviation, 2)) / (deviation * (2 * Double.pi).squareRoot())
        expected += log(density) - log(1 - pow(tanh(u), 2))
        #expect(abs(Double(actions.pointer[row * 2 + i]) - tanh(u)) < 1e-6)
      }
      #expect(abs(Double(logs.pointer[row]) - expected) < 1e-3)
    }
  }

  @Test func `the squashed Gaussian's gradient agrees with finite differences`() {
    let rows = 5
    let size = 3
    var random = RandomSource(seed: 9)
    func normals(_ count: Int) -> [Float] { (0..<count).map { _ in 0.7 * random.normal() } }
    let distribution = SquashedGaussian(actionSize: size)
    let outputs = FloatBuffer(count: rows * 2 * size)
    outputs.assign(normals(rows * 2 * size))
    let noise = normals(rows * size)
    let actionWeights = normals(rows * size)
    let actions = FloatBuffer(count: rows * size)
    let logs = FloatBuffer(count: rows)
    func loss() -> Double {
      distribution.sample(
        outputs.pointer, noise: noise, actions: actions.pointer, stride: size, logProbabilities: logs.pointer,
        rows: rows)
      return weightedSum(actions.pointer, actionWeights)
        + weightedSum(logs.pointer, [Float](repeating: 0.3, count: rows))
    }
    _ = loss()
    let gradient = FloatBuffer(count: outputs.count)
    distribution.backward(
      outputs.pointer, noise: noise, actions: actions.pointer, stride: size, actionGradient: actionWeights,
      gradientStride: size, weight: 0.3, outputGradient: gradient.pointer, rows: rows)
    #expect(gradientError(of: outputs.pointer, gradient.pointer, indices: 0..<outputs.count, loss: loss) < 2e-3)
  }

  @Test func `an expert of the point robot comes close to going straight to the goal`() throws {
    let trainer = try makeTrainer(updates: 3_000)
    try train(trainer)
    // The best policy: towards the goal with the largest moves there are.
    let best = try TaskFamily.pointRobot.trainTasks.map { goal in
      let task = try TaskFamily.pointRobot.task(parameters: goal)
      task.reset(seed: 0)
      return (0..<TaskFamily.pointRobot.episodeLength).reduce(0.0) { sum, _ in
        let position = task.observation
        return sum + task.step(action: (0..<2).map { min(max(Float(goal[$0]) - position[$0], -0.1), 0.1) }).reward
      }
    }
    let optimum = best.reduce(0, +) / Double(best.count)
    let expert = try #require(trainer.levels.last).snapshot.meanReturn
    let score = (expert - trainer.randomReturn) / (optimum - trainer.randomReturn)
    #expect(score > 0.9, "expert \(expert), random \(trainer.randomReturn), optimum \(optimum)")
    #expect(score <= 1)
  }

  @Test func `an interrupted and resumed training equals an uninterrupted one, bit for bit`() throws {
    let scratch = try Scratch()
    let whole = try makeTrainer()
    try train(whole)
    try whole.export(path: scratch.file("whole"), command: "")
    try whole.saveCheckpoint(path: scratch.file("whole.checkpoint"))

    let first = try makeTrainer()
    try train(first, until: 500)
    try first.saveCheckpoint(path: scratch.file("checkpoint"))
    let second = try makeTrainer()
    try second.restore(path: scratch.file("checkpoint"))
    try train(second)
    try second.export(path: scratch.file("resumed"), command: "")
    try second.saveCheckpoint(path: scratch.file("resumed.checkpoint"))
    #expect(try scratch.bytes("whole") == scratch.bytes("resumed"))
    #expect(try scratch.bytes("whole.checkpoint") == scratch.bytes("resumed.checkpoint"))
  }

  @Test func `one thread and two train the same expert; another seed trains another`() throws {
    let scratch = try Scratch()
    for (name, threads, seed) in [("one", 1, UInt64(1)), ("two", 2, 1), ("other", 1, 2)] {
      let trainer = try makeTrainer(updates: 400, threads: threads, seed: seed)
      try train(trainer)
      try trainer.saveCheckpoint(path: scratch.file(name))
    }
    #expect(try scratch.bytes("one") == scratch.bytes("two"))
    #expect(try scratch.bytes("one") != scratch.bytes("other"))
  }

  @Test func `an exported expert acts as it did in training, level by level`() throws {
    let scratch = try Scratch()
    let trainer = try makeTrainer()
    try train(trainer)
    try trainer.export(path: scratch.file("expert"), command: "test")
    for (name, snapshot) in trainer.levels {
      let policy = try ExpertPolicy(path: scratch.file("expert"), level: name)
      let meanReturn = try trainer.evaluate(policy, episodes: 1)
      // fp16 weights move the return a little.
      #expect(abs(meanReturn - snapshot.meanReturn) < 0.05)
      var random = RandomSource(seed: 3)
      let action = policy.sampledAction(observation: [0, 0], parameters: [0, 1], random: &random)
      #expect(action.count == 2 && action.allSatisfy { abs($0) <= 0.1 })
    }
    let error = #expect(throws: LearningError.self) { try ExpertPolicy(path: scratch.file("expert"), level: "novice") }
    #expect(error.map { "\($0)".contains("expert, medium") } == true)
  }

  @Test func `a truncated checkpoint and one of another training are refused by name`() throws {
    let scratch = try Scratch()
    let trainer = try makeTrainer()
    try trainer.saveCheckpoint(path: scratch.file("good"))
    let bytes = try scratch.bytes("good")
    for length in [0, 5, 12, 100, bytes.count / 2, bytes.count - 1] {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: scratch.file("bad")))
      let error = #expect(throws: LearningError.self) { try trainer.restore(path: scratch.file("bad")) }
      #expect(error.map { "\($0)".contains("bad") } == true)
    }
    #expect(throws: LearningError.self) { try makeTrainer(seed: 2).restore(path: scratch.file("good")) }
  }

  @Test func `settings that cannot work are refused`() {
    var options = ExpertOptions()
    options.batchSize = 255
    #expect(throws: LearningError.self) { try ExpertTrainer(family: .pointRobot, options: options, threads: 1) }
  }
}
