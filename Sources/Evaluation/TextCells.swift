// Cells of the tables that reports print at a terminal.

import Foundation

/// `text`, filled up or cut to `width`.
func left(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }

/// `text` at the right of `width`, whole where it is longer.
func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

/// The same of what may be unknown.
func right(_ value: Double?, _ width: Int, _ decimals: Int) -> String {
  value.map { right($0, width, decimals) } ?? right("–", width)
}

/// `value` with so many decimals, at the right of `width`.
func right(_ value: Double, _ width: Int, _ decimals: Int) -> String {
  right(String(format: "%.\(decimals)f", value), width)
}
