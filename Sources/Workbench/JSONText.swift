// Results for programs: one JSON object with snake-case keys in a fixed order.

import Foundation

/// What is no number is null: JSON has neither NaN nor infinity.
package func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  // Foundation either throws, naming no field, or writes text: a text that nobody else writes, taken out again below.
  let noNumber = "\u{F8FF}no number"
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: noNumber, negativeInfinity: noNumber, nan: noNumber)
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self).replacing("\"\(noNumber)\"", with: "null")
}
