// What a data set or model says about its channels, for reports.

import Foundations

/// Names, units and limits of an observation's or an action's channels.
package struct StatedChannels: Encodable {
  package struct Entry: Encodable {
    package var name: String, unit: String
    /// nil: nothing bounds it.
    package var lower: Float?, upper: Float?, slew: Float?
  }

  package let channels: [Channel]
  /// Empty when none has one.
  package var names: [String] { channels.haveNames ? channels.map(\.name) : [] }

  package init(_ channels: [Channel]) { self.channels = channels }

  package func encode(to encoder: any Encoder) throws {
    try channels.map {
      Entry(
        name: $0.name, unit: $0.unit, lower: finite($0.lower), upper: finite($0.upper), slew: finite($0.slew))
    }.encode(to: encoder)
  }

  private func finite(_ value: Float) -> Float? { value.isFinite ? value : nil }

  /// Channel numbers in words: by name where they have names, otherwise `0 ... 7, 9`.
  package func list(_ numbers: [Int]) -> String {
    channels.haveNames ? numbers.map { channels[$0].label($0) }.joined(separator: ", ") : channelList(numbers)
  }

  /// `within ±1.0`, or what the channels have in common: the table has each one's own.
  package var limits: String {
    guard let first = channels.first else { return "" }
    let isCommon = channels.allSatisfy { $0.lower == first.lower && $0.upper == first.upper }
    return isCommon ? "within " + Channel(name: "", lower: first.lower, upper: first.upper).range : "within own limits"
  }

  /// Mean, spread and range of each channel in the data, and what is stated about it where anything is.
  package func table(_ kind: String, _ data: ModelReport.Channels) -> [String] {
    let hasLimits = channels.contains { $0.lower.isFinite || $0.upper.isFinite }
    let hasSlew = channels.contains { $0.slew.isFinite }
    let header = [kind, "mean", "std", "min", "max"] + (hasLimits ? ["limits"] : []) + (hasSlew ? ["slew per s"] : [])
    return Workbench.table(
      header,
      channels.enumerated().map { number, channel in
        let unit = channel.unit.isEmpty ? "" : " [\(channel.unit)]"
        let name = (channel.name.isEmpty ? "\(number)" : "\(number) \(channel.name)") + unit
        let plain = Channel(name: "", lower: channel.lower, upper: channel.upper)
        return [name] + [data.mean, data.std, data.min, data.max].map { short(Double($0[number])) }
          + (hasLimits ? [channel.lower == -.infinity && channel.upper == .infinity ? "-" : plain.range] : [])
          + (hasSlew ? [channel.slew.isFinite ? "\(channel.slew)" : "-"] : [])
      })
  }
}
