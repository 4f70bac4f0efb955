// The window's mean against one computed anew in double precision, over lengths, fillings and forgetting.

import PlannerRuntime
import Testing

@Suite struct EmbeddingWindowTests {
  private static let width = 3

  /// The mean of `rows`, each `[width]`.
  private func mean(_ rows: some Collection<[Float]>) -> [Double] {
    (0..<Self.width).map { index in rows.reduce(0) { $0 + Double($1[index]) } / Double(rows.count) }
  }

  private func found(_ window: EmbeddingWindow) -> [Float] {
    var values = [Float](repeating: .nan, count: Self.width)
    window.mean(&values)
    return values
  }

  @Test(arguments: [0, 1, 2, 3, 7, 20, 200])
  func `the mean is that of the newest embeddings, also after some were forgotten`(capacity: Int) {
    var arena = Arena(capacity: 1 << 16)
    let window = EmbeddingWindow(&arena, width: Self.width, capacity: capacity)
    var random = RandomSource(seed: UInt64(capacity))
    var kept: [[Float]] = []
    window.clear()
    for step in 0..<(5 * capacity + 40) {
      // Numbers of very different sizes: what is left of a large one that has gone would show.
      let size: Float = step % 11 == 0 ? 1e4 : 1
      let row = (0..<Self.width).map { _ in size * random.normal() }
      window.add(row)
      kept.append(row)
      if capacity > 0 { kept = kept.suffix(capacity) }
      if capacity > 0, random.index(below: 2 * capacity) == 0 {
        let count = 1 + random.index(below: kept.count)
        window.keep(newest: count)
        kept = kept.suffix(count)
      }
      #expect(window.count == kept.count)
      let largest = kept.joined().reduce(1) { max($0, abs($1)) }
      for (value, expected) in zip(found(window), mean(kept)) {
        #expect(abs(Double(value) - expected) < 1e-6 * Double(max(largest, 1e4)), "step \(step)")
      }
    }
  }

  @Test func `a million additions leave no rounding behind`() {
    var arena = Arena(capacity: 1 << 16)
    let window = EmbeddingWindow(&arena, width: Self.width, capacity: 50)
    var random = RandomSource(seed: 1)
    window.clear()
    for _ in 0..<20_000 { for _ in 0..<50 { window.add((0..<Self.width).map { _ in 1e4 * random.normal() }) } }
    // Once round with zeros: everything that is left is an error.
    for _ in 0..<50 { window.add([0, 0, 0]) }
    #expect(found(window) == [0, 0, 0])
  }

  @Test func `clearing forgets everything`() {
    var arena = Arena(capacity: 1 << 16)
    let window = EmbeddingWindow(&arena, width: Self.width, capacity: 4)
    for _ in 0..<6 { window.add([1, 2, 3]) }
    window.clear()
    #expect(window.count == 0)
    window.add([4, 5, 6])
    #expect(found(window) == [4, 5, 6])
  }
}
