// Lists of whole numbers on the command line, separated by commas: 32,64,128.

import ArgumentParser

package struct Numbers: ExpressibleByArgument, CustomStringConvertible {
  package let values: [Int]

  package init(_ values: [Int]) { self.values = values }

  package init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Int($0.drop { $0 == " " }) }
    guard values.count == parts.count else { return nil }
  }

  package var description: String { values.map(String.init).joined(separator: ",") }
  package var defaultValueDescription: String { description }
}
