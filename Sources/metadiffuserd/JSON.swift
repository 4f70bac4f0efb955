// Writing JSON without Foundation, which the onboard program does not link.

/// A JSON value with its object keys in the order given.
indirect enum JSON {
  case null
  case truth(Bool)
  case number(Double)
  case text(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The value, indented by two spaces a level.
  var text: String { write(indent: "") }

  private func write(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .null: return "null"
    case .truth(let value): return "\(value)"
    case .number(let value):
      // JSON knows no NaN and no infinity.
      guard value.isFinite else { return "null" }
      return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .text(let text): return Self.quote(text)
    case .array(let values):
      if values.isEmpty { return "[]" }
      return "[\n" + values.map { inner + $0.write(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let entries):
      if entries.isEmpty { return "{}" }
      let lines = entries.map { "\(inner)\(Self.quote($0.0)): \($0.1.write(indent: inner))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    }
  }

  private static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
