// One entry of an observation or an action: what it is called, its unit and its limits.

/// An entry of an observation or an action. Real-time: no (it holds text).
public struct Channel: Equatable, Sendable {
  /// Unique within its observation or action, `back_hip velocity`; empty where it has a number only.
  public var name: String
  /// `rad/s`; empty where there is none.
  public var unit: String
  /// The least that the entry can be, in its unit; −∞ where nothing bounds it.
  public var lower: Float
  /// The most that the entry can be, in its unit; ∞ where nothing bounds it.
  public var upper: Float
  /// The most that an entry of an action changes by, its unit per second; infinite where nothing bounds it.
  public var slew: Float

  /// A channel of these parts, unchecked. Real-time: no.
  public init(
    name: String, unit: String = "", lower: Float = -.infinity, upper: Float = .infinity, slew: Float = .infinity
  ) {
    self.name = name
    self.unit = unit
    self.lower = lower
    self.upper = upper
    self.slew = slew
  }
}
