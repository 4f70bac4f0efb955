// Lists of whole numbers on the command line, separated by commas: 32,64,128.

import ArgumentParser

struct Numbers: ExpressibleByArgument, CustomStringConvertible {
  let values: [Int]

  init(_ values: [Int]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Int($0.drop { $0 == " " }) }
    guard values.count == parts.count else { return nil }
  }

  var description: String { values.map(String.init).joined(separator: ",") }
  var defaultValueDescription: String { description }
}
