// A task on the command line: its parameters, separated by commas.

import ArgumentParser

/// `2.3`, or `0.6,0.8` for a family with two parameters.
package struct TaskArgument: ExpressibleByArgument {
  package var parameters: [Double]

  package init?(argument: String) {
    parameters = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Double(part) else { return nil }
      parameters.append(value)
    }
  }
}
