// The embedding of the denoising step at values one can work out by hand.

import Learning
import Testing

@Suite struct StepEmbeddingTests {
  @Test func `the embedding is sines, then cosines, at frequencies from 1 to 1 ∕ 10 000`() {
    let rows = stepEmbeddings(steps: 3, size: 4)
    #expect(rows.count == 12)
    #expect(Array(rows[..<4]) == [0, 0, 1, 1])
    let expected: [Float] = [0.909297427, 0.000199999999, -0.416146837, 0.99999998]
    #expect(zip(rows[8...], expected).allSatisfy { abs($0 - $1) < 1e-7 })
  }
}
