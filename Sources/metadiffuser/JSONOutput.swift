// What commands print as their result: text, or with `--json` one object with snake-case keys in a fixed order.

import CConsole
import Foundation

/// What is no number is null: JSON has neither NaN nor infinity.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  // Foundation either throws, naming no field, or writes text: a text that nobody else writes, taken out again below.
  let noNumber = "\u{F8FF}no number"
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: noNumber, negativeInfinity: noNumber, nan: noNumber)
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self).replacing("\"\(noNumber)\"", with: "null")
}

func printJSON(_ value: some Encodable) throws { print(try jsonText(value)) }

/// Prints the summary of a command that was part of a driven robot: its end waits for a reader no longer than a second.
func printReport(_ text: String) { console_report(text + "\n") }

/// Prints `text` and the end of a line, in place of Swift's own: names in it, from files and peers, cannot steer the terminal.
func print(_ text: String) { console_print(text + "\n") }
