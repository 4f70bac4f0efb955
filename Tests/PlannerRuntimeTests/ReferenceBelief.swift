// The belief once more, in double precision and plain arrays, its derivatives by finite differences: what the planner's
// is held against.

import PlannerRuntime

/// The learned models of a planner with a pooled encoder. Normalised units.
struct ReferenceModels {
  let weights: PlannerWeights
  var shape: PlannerShape { weights.shape }

  private func layer(_ name: String, _ input: [Double]) -> [Double] {
    let matrix = weights.tensors["\(name).weight"]!
    let bias = weights.tensors["\(name).bias"]!
    return bias.indices.map { row in
      input.indices.reduce(Double(bias[row])) { $0 + Double(matrix[row * input.count + $1]) * input[$1] }
    }
  }

  private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
  private func exp(_ x: Double) -> Double { Double(ReferenceBelief.exp(x)) }

  /// `model` is "reward" or "dynamics"; `row` is [state, action].
  func predict(_ model: String, _ row: [Double], _ context: [Double]) -> [Double] {
    let first = layer("\(model).0", row + context).map(silu)
    return layer("\(model).2", layer("\(model).1", first).map(silu))
  }

  func embed(_ transition: [Double]) -> [Double] {
    layer("encoder.transition.1", layer("encoder.transition.0", transition).map(silu))
  }

  func context(ofMean mean: [Double]) -> [Double] {
    layer("encoder.output", mean.map(silu)).map { 2 / (1 + exp(-2 * $0)) - 1 }
  }

  /// d prediction / d context, `[output][contextSize]`, by central differences.
  func jacobian(_ model: String, _ row: [Double], _ context: [Double]) -> [[Double]] {
    let step = 1e-5
    let columns = context.indices.map { entry in
      func moved(_ by: Double) -> [Double] {
        var other = context
        other[entry] += by
        return predict(model, row, other)
      }
      return zip(moved(step), moved(-step)).map { ($0 - $1) / (2 * step) }
    }
    return columns[0].indices.map { output in columns.map { $0[output] } }
  }
}

/// Filter, draws and refinement as ContextBelief's comments define them.
struct ReferenceBelief {
  private let models: ReferenceModels
  private let bank: ContextBank
  private var random: RandomSource
  private var embeddings: [[Double]] = []
  /// The bank's, the refined one, the encoder's.
  private(set) var contexts: [[Double]]
  private(set) var weights: [Double]
  private var origin: [Double] = []
  private var directions: [[Double]] = []
  private var x: [Double] = []
  private var covariance: [[Double]] = []
  private(set) var draws = 0
  private var centre = 0

  private var refined: Int { bank.count }
  private var encoder: Int { bank.count + 1 }

  init(_ weights: PlannerWeights, seed: UInt64) {
    let bank = weights.bank!
    let size = weights.shape.contextSize
    models = ReferenceModels(weights: weights)
    self.bank = bank
    random = RandomSource(seed: seed)
    let ofBank = (0..<bank.count).map { row in bank.contexts[row * size..<(row + 1) * size].map { Double($0) } }
    contexts = ofBank + [ofBank[0], ofBank[0]]
    self.weights = ofBank.map { _ in 1 / Double(bank.count) } + [0, 0]
    adopt(random.index(below: bank.count))
  }

  /// e^x by its series, so that nothing is shared with the code under test.
  static func exp(_ x: Double) -> Double {
    if x < 0 { return 1 / exp(-x) }
    if x > 1 { return exp(x / 2) * exp(x / 2) }
    var (sum, term) = (1.0, 1.0)
    for n in 1..<30 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }

  /// ln x, x > 0, by Newton's method.
  static func log(_ x: Double) -> Double {
    var y = 0.0
    for _ in 0..<200 { y += x / exp(y) > 2 ? 1 : x / exp(y) - 1 }
    return y
  }

  private func loss(_ errors: [Double], _ scales: [Float]) -> Double {
    zip(errors, scales).reduce(0) { $0 + 2 * Self.log(1 + ($1.0 / Double($1.1)) * ($1.0 / Double($1.1)) / 3) }
      / Double(errors.count)
  }

  /// `transition` is [state, action, reward, change], normalised.
  mutating func observe(_ transition: [Double]) {
    let shape = models.shape
    let row = Array(transition[..<shape.rowSize])
    let reward = [transition[shape.rowSize]]
    let change = Array(transition[(shape.rowSize + 1)...])
    let rows = embeddings.isEmpty ? encoder : encoder + 1
    if !embeddings.isEmpty {
      let mean = embeddings[0].indices.map { i in embeddings.reduce(0) { $0 + $1[i] } / Double(embeddings.count) }
      contexts[encoder] = models.context(ofMean: mean)
    }
    embeddings.append(models.embed(transition))
    func errors(_ model: String, _ context: [Double], _ target: [Double]) -> [Double] {
      zip(target, models.predict(model, row, context)).map { $0 - $1 }
    }
    let losses = (0..<rows).map { slot in
      Double(bank.rewardWeight) * loss(errors("reward", contexts[slot], reward), [bank.rewardScale])
        + Double(bank.dynamicsWeight) * loss(errors("dynamics", contexts[slot], change), bank.dynamicsScale)
    }
    for slot in 0..<rows { weights[slot] *= Self.exp(-min(losses[slot] - losses.min()!, 4)) }
    let sum = weights[..<rows].reduce(0, +)
    for slot in 0..<rows { weights[slot] = 0.995 * weights[slot] / sum + 0.005 / Double(rows) }

    for i in covariance.indices { covariance[i][i] = min(covariance[i][i] + 0.0001, 0.2) }
    let z = contexts[refined]
    if bank.rewardWeight > 0 {
      correct(
        models.jacobian("reward", row, z)[0], errors("reward", z, reward)[0],
        Double(bank.rewardScale * bank.rewardScale / bank.rewardWeight))
    }
    if bank.dynamicsWeight > 0 {
      let slopes = models.jacobian("dynamics", row, z)
      for (channel, error) in errors("dynamics", z, change).enumerated() {
        let scale = Double(bank.dynamicsScale[channel])
        correct(slopes[channel], error, scale * scale * Double(change.count) / Double(bank.dynamicsWeight))
      }
    }
    for i in z.indices {
      let moved = directions.indices.reduce(origin[i]) { $0 + x[$1] * directions[$1][i] }
      contexts[refined][i] = min(max(moved, -1), 1)
    }

    let best = (0..<rows).max { weights[$0] < weights[$1] }!
    guard weights[refined] * 10 < weights[best] else { return }
    draws += 1
    var left = Double(random.uniform())
    for slot in 0..<rows {
      left -= weights[slot]
      guard left < 0 else { continue }
      if slot != refined { adopt(slot) }
      return
    }
  }

  private mutating func adopt(_ slot: Int) {
    let z = contexts[slot]
    contexts[refined] = z
    weights[centre] += weights[refined]
    weights[slot] /= 2
    weights[refined] = weights[slot]
    func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    centre =
      slot < bank.count ? slot : (0..<bank.count).min { distance(contexts[$0], z) < distance(contexts[$1], z) }!
    let row = (0..<bank.count).map { bank.distances[centre * bank.count + $0] }
    let others = row.indices.filter { $0 != centre }.sorted { (row[$0], $0) < (row[$1], $1) }
    origin = z
    directions = ([centre] + others).prefix(7).map { other in
      zip(contexts[other], contexts[centre]).map { $0 - $1 }
    }
    x = directions.map { _ in 0 }
    covariance = directions.indices.map { i in directions.indices.map { i == $0 ? 0.05 : 0 } }
  }

  private mutating func correct(_ derivatives: [Double], _ innovation: Double, _ variance: Double) {
    let slope = directions.map { direction in zip(direction, derivatives).reduce(0) { $0 + $1.0 * $1.1 } }
    let gain = covariance.map { row in zip(row, slope).reduce(0) { $0 + $1.0 * $1.1 } }
    let spread = max(zip(gain, slope).reduce(0) { $0 + $1.0 * $1.1 }, 0)
    let total = spread + variance * max(1, (3 + innovation * innovation / (spread + variance)) / 4)
    for i in x.indices {
      x[i] = min(max(x[i] + gain[i] / total * innovation, -1), 1)
      for j in x.indices { covariance[i][j] -= gain[i] / total * gain[j] }
    }
  }
}
