// Channels as compact JSON text, as a model's metadata carry them: what says nothing is left out.

import FoundationEssentials
import Foundations

/// A channel as JSON: `{"name":"hip","unit":"rad","lower":-1,"upper":2.5}`.
private struct ChannelFields: Codable {
  var name: String?
  var unit: String?
  var lower: Float?
  var upper: Float?
  var slew: Float?

  init(_ channel: Channel) {
    name = channel.name.isEmpty ? nil : channel.name
    unit = channel.unit.isEmpty ? nil : channel.unit
    // JSON has no infinity.
    lower = channel.lower.isFinite ? channel.lower : nil
    upper = channel.upper.isFinite ? channel.upper : nil
    slew = channel.slew.isFinite ? channel.slew : nil
  }

  var channel: Channel {
    Channel(
      name: name ?? "", unit: unit ?? "", lower: lower ?? -.infinity, upper: upper ?? .infinity,
      slew: slew ?? .infinity)
  }
}

extension [Channel] {
  /// The same as compact JSON.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(map { ChannelFields($0) }) else {
      preconditionFailure("strings and finite numbers are JSON")
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension SafetensorsFile {
  /// The channels in the metadata field `name`; nil where there is none.
  func channels(_ name: String, count: Int) throws(ModelError) -> [Channel]? {
    guard let text = metadata[name] else { return nil }
    let place = "__metadata__.\(name)"
    guard let fields = try? JSONDecoder().decode([ChannelFields].self, from: Data(text.utf8)) else {
      throw .invalid(
        file: path, field: place, found: "something else",
        expected: "a JSON array of objects with name, unit, lower, upper and slew, all optional")
    }
    guard fields.count == count else {
      throw .invalid(file: path, field: place, found: "of \(fields.count) channels", expected: "\(count)")
    }
    let channels = fields.map(\.channel)
    if let defect = channels.defect(ofActions: name == "action_channels") {
      throw .invalid(
        file: path, field: "\(place)[\(defect.number)].\(defect.field)", found: "which \(defect.problem)",
        expected: "to \(defect.cure)")
    }
    return channels
  }
}
