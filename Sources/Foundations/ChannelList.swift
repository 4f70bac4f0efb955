// The channels of an observation or an action together: how messages call them, and what can be wrong with them.

extension Channel {
  /// Allowed ends of an action's range and, halved, its least width; in the channel's unit. Real-time: no.
  public static var actionMagnitudes: ClosedRange<Float> { 1e-6...1e6 }

  /// What the channel of this number is called in messages: `3 ('knee torque')`, or `3`. Real-time: no.
  public func label(_ number: Int) -> String { name.isEmpty ? "\(number)" : "\(number) ('\(name)')" }

  /// What its limits are as text: `±1.0 N`, `0.0 … 2.5 m`. Real-time: no.
  public var range: String {
    let unit = unit.isEmpty ? "" : " \(unit)"
    return lower == -upper ? "±\(upper)\(unit)" : "\(lower) … \(upper)\(unit)"
  }

  /// It says nothing but `-limit ... limit`. Real-time: no.
  public func isPlain(within limit: Float) -> Bool {
    self == Channel(name: "", lower: -limit, upper: limit)
  }
}

extension [Channel] {
  /// Channels with numbers only, each within `-limit ... limit`. Real-time: no.
  public static func unnamed(_ count: Int, limit: Float = .infinity) -> [Channel] {
    [Channel](repeating: Channel(name: "", lower: -limit, upper: limit), count: count)
  }

  /// The largest magnitude that any of them allows. Real-time: no.
  public var largestMagnitude: Float { reduce(0) { Swift.max($0, abs($1.lower), abs($1.upper)) } }

  /// Any of them has a name. Real-time: no.
  public var haveNames: Bool { contains { !$0.name.isEmpty } }

  /// The first of them that `others`, as many, call otherwise, or that has another unit there; nil: none. What one side
  /// leaves out differs from nothing. Real-time: no.
  public func difference(from others: [Channel]) -> (number: Int, here: String, there: String)? {
    for (number, (one, other)) in zip(self, others).enumerated() {
      if !one.name.isEmpty, !other.name.isEmpty, one.name != other.name {
        return (number, "'\(one.name)'", "'\(other.name)'")
      }
      if !one.unit.isEmpty, !other.unit.isEmpty, one.unit != other.unit {
        return (number, "in '\(one.unit)'", "in '\(other.unit)'")
      }
    }
    return nil
  }

  /// What is wrong with them as channels of an action (or of an observation), and where; nil: nothing. Real-time: no.
  public func defect(ofActions isAction: Bool) -> (number: Int, field: String, problem: String, cure: String)? {
    var numbers: [String: Int] = [:]
    let magnitudes = Channel.actionMagnitudes
    for (number, channel) in enumerated() {
      for (field, text) in [("name", channel.name), ("unit", channel.unit)] where !Self.isVisible(text) {
        return (number, field, "has characters that cannot be seen", "write it in letters")
      }
      if !channel.name.isEmpty, let other = numbers.updateValue(number, forKey: channel.name) {
        return (number, "name", "is '\(channel.name)', as that of channel \(other)", "give each channel its own name")
      }
      for (field, value) in [("lower", channel.lower), ("upper", channel.upper), ("slew", channel.slew)]
      where value.isNaN { return (number, field, "is nan", "give a number, or leave the field out") }
      guard channel.lower < channel.upper else {
        return (number, "lower", "is \(channel.lower), not below upper, \(channel.upper)", "give lower below upper")
      }
      guard isAction else { continue }
      for (field, value) in [("lower", channel.lower), ("upper", channel.upper)]
      where abs(value) > magnitudes.upperBound {
        return (number, field, "is \(value)", "use a unit in which it is within ±\(magnitudes.upperBound)")
      }
      guard channel.upper - channel.lower >= 2 * magnitudes.lowerBound else {
        return (
          number, "upper", "is \(channel.upper), as good as lower, \(channel.lower)",
          "leave out what cannot move, or use a smaller unit"
        )
      }
      guard channel.slew > 0 else {
        return (number, "slew", "is \(channel.slew)", "give the largest change per second, above 0")
      }
    }
    return nil
  }

  private static func isVisible(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy {
      ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }
}
