// Times on the command line, with their unit: 8ms, 500us, 0.05s; at most 1000 s.

import ArgumentParser

package struct TimeSpan: ExpressibleByArgument {
  package let milliseconds: Double

  package init?(argument: String) {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)]
    guard let (unit, scale) = units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(unit.count)), number > 0, number * scale <= 1e6
    else { return nil }
    milliseconds = number * scale
  }
}
