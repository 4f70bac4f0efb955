// One entry of an observation or an action: what it is called, its unit and its limits.

/// An entry of an observation or an action. Real-time: no (it holds text).
public struct Channel: Equatable, Sendable {
  /// Unique within its observation or action, `back_hip velocity`.
  public var name: String
  /// `rad/s`; empty where there is none.
  public var unit: String
  /// The least that the entry can be, in its unit; −∞ where nothing bounds it.
  public var lower: Float
  /// The most that the entry can be, in its unit; ∞ where nothing bounds it.
  public var upper: Float

  /// A channel; without limits unless they are given. Real-time: no.
  public init(name: String, unit: String = "", lower: Float = -.infinity, upper: Float = .infinity) {
    self.name = name
    self.unit = unit
    self.lower = lower
    self.upper = upper
  }
}
