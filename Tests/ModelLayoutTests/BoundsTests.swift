// Ranges of settings that are no whole numbers: what they hold, and how they are said.

import ModelLayout
import Testing

@Suite("Bounds") struct BoundsTests {
  @Test(
    arguments: [
      (Bounds<Float>.from(0, to: 0.5), true, true, "0...0.5"),
      (.from(0, below: 0.5), true, false, "at least 0, below 0.5"),
      (.above(0, to: 0.5), false, true, "above 0, at most 0.5"),
      (.above(0, below: 0.5), false, false, "above 0, below 0.5"),
    ])
  func `an end belongs to them or does not, and the words say so`(
    bounds: Bounds<Float>, hasLower: Bool, hasUpper: Bool, text: String
  ) {
    #expect(bounds.contains(0) == hasLower && bounds.contains(0.5) == hasUpper)
    #expect(bounds.contains(.leastNonzeroMagnitude) && bounds.contains(Float(0.5).nextDown))
    #expect(!bounds.contains(-.leastNonzeroMagnitude) && !bounds.contains(Float(0.5).nextUp))
    #expect(!bounds.contains(.nan) && !bounds.contains(.infinity))
    #expect(bounds.text == text)
  }
}
