// The contrastive loss: a value computed by hand, and its gradient against finite differences.

import Foundation
import GradientCheck
import Learning
import Testing

@Suite struct ContrastiveLossTests {
  @Test func `two tasks at right angles have the loss of the formula`() {
    let loss = ContrastiveLoss(weight: 1, temperature: 0.5)
    // Partners alike, others orthogonal, lengths of no matter: each of the four has −log(e² / (e² + 2)).
    let contexts: [Float] = [1, 0, 3, 0, 0, 0.5, 0, 2]
    var gradient = [Float](repeating: 0, count: 8)
    let value = loss.add(contexts, tasks: [5, 5, 7, 7], size: 2, to: &gradient)
    #expect(abs(value + log(exp(2) / (exp(2) + 2))) < 1e-6)
  }

  @Test func `contexts without a partner have no loss`() {
    let loss = ContrastiveLoss(weight: 1, temperature: 0.5)
    var gradient = [Float](repeating: 0, count: 6)
    #expect(loss.add([1, 2, 3, 4, 5, 6], tasks: [1, 2, 3], size: 2, to: &gradient) == 0)
    #expect(gradient.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2], [3, 3, 3, 3, 3, 3]])
  func `the gradient agrees with finite differences`(tasks: [Int]) {
    let loss = ContrastiveLoss(weight: 0.3, temperature: 0.4)
    var contexts = normalNumbers(6 * 4, seed: 3)
    var gradient = [Float](repeating: 0, count: contexts.count)
    _ = loss.add(contexts, tasks: tasks, size: 4, to: &gradient)
    let error = contexts.withUnsafeMutableBufferPointer { contexts in
      gradientError(of: contexts.baseAddress!, gradient, indices: 0..<24, step: 3e-3) {
        var unused = [Float](repeating: 0, count: 24)
        return 0.3 * loss.add(contexts.baseAddress!, tasks: tasks, size: 4, to: &unused)
      }
    }
    #expect(error < 0.01)
  }
}
