// The range of a setting that is no whole number: either end may itself be left out.

/// What lies between two numbers. Real-time: no.
public struct Bounds<Value: BinaryFloatingPoint & Sendable>: Sendable {
  public let lower, upper: Value
  private let hasLower, hasUpper: Bool

  private init(_ lower: Value, _ hasLower: Bool, _ upper: Value, _ hasUpper: Bool) {
    (self.lower, self.upper) = (lower, upper)
    (self.hasLower, self.hasUpper) = (hasLower, hasUpper)
  }

  public static func from(_ lower: Value, to upper: Value) -> Bounds { Bounds(lower, true, upper, true) }
  public static func from(_ lower: Value, below upper: Value) -> Bounds { Bounds(lower, true, upper, false) }
  public static func above(_ lower: Value, to upper: Value) -> Bounds { Bounds(lower, false, upper, true) }
  public static func above(_ lower: Value, below upper: Value) -> Bounds { Bounds(lower, false, upper, false) }

  /// False for NaN.
  public func contains(_ value: Value) -> Bool {
    (hasLower ? value >= lower : value > lower) && (hasUpper ? value <= upper : value < upper)
  }

  /// `0...1`, or in words where an end is left out.
  public var text: String {
    let (low, high) = (plain(lower), plain(upper))
    if hasLower, hasUpper { return "\(low)...\(high)" }
    return "\(hasLower ? "at least" : "above") \(low), \(hasUpper ? "at most" : "below") \(high)"
  }

  private func plain(_ value: Value) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
