// The range of a setting that is no whole number: either end may itself be left out.

/// What lies between two numbers. Real-time: no.
public struct Bounds<Value: BinaryFloatingPoint & Sendable>: Sendable {
  /// The two ends, and whether each belongs to the range.
  public let lower, upper: Value
  private let hasLower, hasUpper: Bool

  private init(_ lower: Value, _ hasLower: Bool, _ upper: Value, _ hasUpper: Bool) {
    (self.lower, self.upper) = (lower, upper)
    (self.hasLower, self.hasUpper) = (hasLower, hasUpper)
  }

  /// lower ≤ value ≤ upper. Real-time: no.
  public static func from(_ lower: Value, to upper: Value) -> Bounds { Bounds(lower, true, upper, true) }
  /// lower ≤ value < upper. Real-time: no.
  public static func from(_ lower: Value, below upper: Value) -> Bounds { Bounds(lower, true, upper, false) }
  /// lower < value ≤ upper. Real-time: no.
  public static func above(_ lower: Value, to upper: Value) -> Bounds { Bounds(lower, false, upper, true) }
  /// lower < value < upper. Real-time: no.
  public static func above(_ lower: Value, below upper: Value) -> Bounds { Bounds(lower, false, upper, false) }

  /// Whether `value` lies in the range; false for NaN. Real-time: no.
  public func contains(_ value: Value) -> Bool {
    (hasLower ? value >= lower : value > lower) && (hasUpper ? value <= upper : value < upper)
  }

  /// The range for people: `0...1`, or in words where an end is left out. Real-time: no.
  public var text: String {
    let (low, high) = (plain(lower), plain(upper))
    if hasLower, hasUpper { return "\(low)...\(high)" }
    return "\(hasLower ? "at least" : "above") \(low), \(hasUpper ? "at most" : "below") \(high)"
  }

  private func plain(_ value: Value) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
