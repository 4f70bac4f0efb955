// What commands print as their result: text, or with `--json` one object with snake-case keys in a fixed order.

import CConsole
import Foundation

func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func printJSON(_ value: some Encodable) throws { print(try jsonText(value)) }

/// Prints the summary of a command that was part of a driven robot: its end waits for a reader no longer than a second.
func printReport(_ text: String) { console_report(text + "\n") }
