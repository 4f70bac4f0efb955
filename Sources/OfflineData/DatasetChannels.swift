// Names, units and limits of a data set's channels as attributes of its file. What says nothing is left out: a file
// without names and with one limit for all actions is as it always was.
//
//     observation_names, observation_units, action_names, action_units     JSON arrays of strings
//     observation_lower, observation_upper, action_lower, action_upper     numbers, one per channel
//     action_slew                                                          numbers, one per channel, per second
//     action_limit     the largest magnitude of an action, or one for each channel; action_lower and _upper go before

import Foundation
import Foundations
import PlannerModel

extension HDF5Group {
  /// The entries of an observation.
  func observationChannels() throws(DataError) -> [Channel] {
    var channels = [Channel].unnamed(try count("observation_size", ModelDescription.observationSizes))
    try readTexts("observation", into: &channels)
    try readNumbers("observation_lower", into: &channels, \.lower)
    try readNumbers("observation_upper", into: &channels, \.upper)
    return channels
  }

  /// The entries of an action.
  func actionChannels() throws(DataError) -> [Channel] {
    var channels = [Channel].unnamed(try count("action_size", ModelDescription.actionSizes))
    let hasRange = has(attribute: "action_lower") && has(attribute: "action_upper")
    if !hasRange || has(attribute: "action_limit") {
      let limits = try actionLimits(count: channels.count)
      for index in channels.indices { (channels[index].lower, channels[index].upper) = (-limits[index], limits[index]) }
    }
    try readTexts("action", into: &channels)
    try readNumbers("action_lower", into: &channels, \.lower)
    try readNumbers("action_upper", into: &channels, \.upper)
    try readNumbers("action_slew", into: &channels, \.slew)
    return channels
  }

  /// A number of channels that a model can have: a damaged one must not make anyone reserve all memory.
  private func count(_ name: String, _ allowed: ClosedRange<Int>) throws(DataError) -> Int {
    let count = try size(name)
    guard allowed.contains(count) else {
      throw invalid(name, "is \(count)", "a model can have \(allowed.lowerBound) ... \(allowed.upperBound)")
    }
    return count
  }

  /// One number for all channels of the action, or one for each.
  private func actionLimits(count: Int) throws(DataError) -> [Float] {
    let limits = try numbers("action_limit").map { Float($0) }
    guard limits.count == 1 || limits.count == count else {
      throw invalid(
        "attribute 'action_limit'", "has \(limits.count) numbers for \(count) channels of the action",
        "give one number, or one for each channel")
    }
    let allowed = Channel.actionMagnitudes
    if let bad = limits.first(where: { !allowed.contains($0) }) {
      throw invalid(
        "action_limit", "is \(bad)",
        "give the largest magnitude of an action, in a unit in which it is "
          + "\(allowed.lowerBound) ... \(allowed.upperBound)")
    }
    return limits.count == count ? limits : [Float](repeating: limits[0], count: count)
  }

  private func readTexts(_ kind: String, into channels: inout [Channel]) throws(DataError) {
    for (name, part) in [("\(kind)_names", \Channel.name), ("\(kind)_units", \Channel.unit)]
    where has(attribute: name) {
      let text = try string(name)
      guard let values = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), values.count == channels.count
      else {
        throw invalid(
          "attribute '\(name)'", "is not a JSON array of \(channels.count) strings", "correct or delete it")
      }
      for (index, value) in values.enumerated() { channels[index][keyPath: part] = value }
    }
  }

  private func readNumbers(
    _ name: String, into channels: inout [Channel], _ part: WritableKeyPath<Channel, Float>
  ) throws(DataError) {
    guard has(attribute: name) else { return }
    let values = try numbers(name)
    guard values.count == channels.count else {
      throw invalid(
        "attribute '\(name)'", "has \(values.count) numbers for \(channels.count) channels", "give one for each")
    }
    for (index, value) in values.enumerated() { channels[index][keyPath: part] = Float(value) }
  }

  func set(observationChannels channels: [Channel]) throws(DataError) {
    try writeTexts("observation", channels)
    if channels.contains(where: { $0.lower > -.infinity || $0.upper < .infinity }) {
      try writeRanges("observation", channels)
    }
  }

  func set(actionChannels channels: [Channel]) throws(DataError) {
    let limit = channels.largestMagnitude
    try set("action_limit", number: Double(limit))
    try writeTexts("action", channels)
    if channels.contains(where: { $0.lower != -limit || $0.upper != limit }) { try writeRanges("action", channels) }
    if channels.contains(where: { $0.slew < .infinity }) {
      try set("action_slew", numbers: channels.map { Double($0.slew) })
    }
  }

  private func writeTexts(_ kind: String, _ channels: [Channel]) throws(DataError) {
    for (name, texts) in [("\(kind)_names", channels.map(\.name)), ("\(kind)_units", channels.map(\.unit))]
    where texts.contains(where: { !$0.isEmpty }) {
      guard let text = try? JSONEncoder().encode(texts) else { preconditionFailure("strings are JSON") }
      try set(name, string: String(decoding: text, as: UTF8.self))
    }
  }

  private func writeRanges(_ kind: String, _ channels: [Channel]) throws(DataError) {
    try set("\(kind)_lower", numbers: channels.map { Double($0.lower) })
    try set("\(kind)_upper", numbers: channels.map { Double($0.upper) })
  }
}
