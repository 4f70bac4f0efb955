// InfoNCE between contexts: two of the same task attract, those of other tasks repel (van den Oord et al., 2018; CORRO,
// 2022).

import Foundation

/// Mean over contexts i and their partners p of −log(e^{s_ip/τ} / Σ_{j ∈ {p} ∪ others} e^{s_ij/τ}), s the cosine
/// similarity.
package struct ContrastiveLoss: Sendable {
  /// Of the loss against the models' errors.
  package var weight: Float
  package var temperature: Float

  package init(weight: Float, temperature: Float) {
    self.weight = weight
    self.temperature = temperature
  }

  /// The loss of `contexts`, `[tasks.count][size]`, `tasks[i]` the task of context i; every two contexts of one task
  /// are partners. Adds its gradient times `weight` to `gradient`, of the same shape. 0 where no task has two contexts.
  package func add(
    _ contexts: UnsafePointer<Float>, tasks: [Int], size: Int, to gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let count = tasks.count
    let rows = (0..<count).map { UnsafeBufferPointer(start: contexts + $0 * size, count: size) }
    let norms = rows.map { max($0.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-6) }
    let pairs = (0..<count).flatMap { i in (0..<count).filter { $0 != i && tasks[$0] == tasks[i] }.map { (i, $0) } }
    guard !pairs.isEmpty else { return 0 }
    func similarity(_ i: Int, _ j: Int) -> Float {
      zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 } / (norms[i] * norms[j])
    }
    // slope[i][j]: d loss / d s_ij.
    var slope = [Float](repeating: 0, count: count * count)
    var loss = 0.0
    let share = 1 / Float(pairs.count)
    for (i, partner) in pairs {
      let rivals = [partner] + (0..<count).filter { tasks[$0] != tasks[i] }
      let scores = rivals.map { similarity(i, $0) / temperature }
      let top = scores.max()!
      let powers = scores.map { exp($0 - top) }
      let sum = powers.reduce(0, +)
      loss += Double(share * (log(sum) + top - scores[0]))
      for (rival, power) in zip(rivals, powers) {
        slope[i * count + rival] += share / temperature * (power / sum - (rival == partner ? 1 : 0))
      }
    }
    // d s_ij / d z_i = (z_j / |z_j| − s_ij z_i / |z_i|) / |z_i|, and the same for j.
    for i in 0..<count {
      for j in 0..<count where slope[i * count + j] != 0 {
        let s = similarity(i, j)
        let factor = weight * slope[i * count + j]
        for k in 0..<size {
          let (a, b) = (rows[i][k] / norms[i], rows[j][k] / norms[j])
          gradient[i * size + k] += factor * (b - s * a) / norms[i]
          gradient[j * size + k] += factor * (a - s * b) / norms[j]
        }
      }
    }
    return loss
  }
}
