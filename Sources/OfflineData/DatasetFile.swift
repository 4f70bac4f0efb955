// A data set as one HDF5 file in Minari's layout: a group an episode, attributes for what describes it.
//
//     /                    total_episodes, total_steps, family, observation_size, action_size, action_limit,
//                          period_nanoseconds, provenance; of channels (DatasetChannels.swift), all optional:
//                          observation_names, _units, _lower, _upper, action_names, _units, _lower, _upper, _slew
//     /episode_N           id, total_steps, task, parameters (optional), behaviour (optional)
//       observations [T + 1][observation_size], or a group of arrays   actions [T][action_size]   rewards [T]
//       terminations [T]   truncations [T]       (booleans)
//
// A seal lies before it, in the user block that HDF5 leaves to the user. h5py opens the file as it is. As
// `data/main_data.hdf5` beside Minari's `metadata.json` it is a Minari data set.

import Foundation
import Foundations
import PlannerModel

extension Dataset {
  /// Reads and checks the data set at `path`. Real-time: no.
  public static func load(path: String) throws(DataError) -> Dataset {
    try FileSeal.verify(path)
    let dataset = try HDF5Group.exclusively { () throws(DataError) in
      try Dataset(root: HDF5Group(reading: path))
    }
    try dataset.check(file: path)
    return dataset
  }

  /// Checks the data set and writes it to `path`: wholly, or not at all. Real-time: no.
  public func save(path: String) throws(DataError) {
    try check(file: path)
    let image = try HDF5Group.exclusively { () throws(DataError) in
      try HDF5Group.image(of: path) { (root) throws(DataError) in try write(to: root) }
    }
    do throws(ModelError) {
      try OutputFile(path).write(FileSeal.bytes(before: image), image)
    } catch {
      guard case .system(_, let operation, let reason) = error else { preconditionFailure("no other error of a file") }
      throw .system(file: path, operation: operation, reason: reason)
    }
  }

  /// About how long the file of `steps` steps in `episodes` episodes is, for the room that it takes.
  public static func fileBytes(episodes: Int, steps: Int, observationSize: Int, actionSize: Int) -> Int {
    let (row, episode) = (4 * (observationSize + actionSize + 1) + 2, 8192)
    return steps * row + episodes * (episode + 4 * observationSize)
  }

  private init(root: HDF5Group) throws(DataError) {
    self.init(
      family: try root.string("family"),
      observationChannels: try root.observationChannels(),
      actionChannels: try root.actionChannels(),
      periodNanoseconds: UInt64(try root.size("period_nanoseconds")))
    if root.has(attribute: "provenance") {
      let text = try root.string("provenance")
      guard let values = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8)) else {
        throw root.invalid("attribute 'provenance'", "is not a JSON object of strings", "correct or delete it")
      }
      provenance = values
    }
    let count = try root.size("total_episodes")
    for number in 0..<count {
      episodes.append(try episode(root.group("episode_\(number)")))
    }
    let groups = root.names().filter { $0.hasPrefix("episode_") && Int($0.dropFirst(8)) != nil }.count
    guard groups == count else {
      throw root.invalid(
        "attribute 'total_episodes'", "is \(count), but there are \(groups) groups episode_*",
        "set it to \(groups), or delete the groups that are left over")
    }
    let steps = try root.size("total_steps")
    guard steps == transitionCount else {
      throw root.invalid(
        "attribute 'total_steps'", "is \(steps), the episodes have \(transitionCount)", "correct the attribute")
    }
  }

  private mutating func episode(_ group: HDF5Group) throws(DataError) -> Episode {
    let steps = try group.size("total_steps")
    let terminations = try group.flags("terminations", rows: steps)
    let truncations = try group.flags("truncations", rows: steps)
    for (name, flags) in [("terminations", terminations), ("truncations", truncations)] {
      guard let early = flags.dropLast().firstIndex(of: true) else { continue }
      throw group.invalid("\(name)[\(early)]", "is set before the end", "split the recording into episodes there")
    }
    let (observations, names) = try group.channels("observations", rows: steps + 1, columns: observationSize)
    if !names.isEmpty, !observationChannels.haveNames, episodes.isEmpty {
      for (index, name) in names.enumerated() { observationChannels[index].name = name }
    }
    guard names.isEmpty || names == observationChannels.map(\.name) else {
      throw group.invalid(
        "observations", "has other arrays than the episodes before it or observation_names",
        "give every episode the same arrays")
    }
    return Episode(
      task: try group.integer("task"),
      parameters: group.has(attribute: "parameters") ? try group.numbers("parameters") : [],
      behaviour: group.has(attribute: "behaviour") ? try group.string("behaviour") : "unknown",
      observations: observations,
      actions: try group.floats("actions", rows: steps, columns: actionSize),
      rewards: try group.floats("rewards", rows: steps, columns: nil),
      terminated: terminations.last ?? false)
  }

  private func write(to root: HDF5Group) throws(DataError) {
    try root.set("total_episodes", integer: episodes.count)
    try root.set("total_steps", integer: transitionCount)
    try root.set("family", string: family)
    try root.set("observation_size", integer: observationSize)
    try root.set("action_size", integer: actionSize)
    try root.set("period_nanoseconds", integer: Int(periodNanoseconds))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let text = try? encoder.encode(provenance) {
      try root.set("provenance", string: String(decoding: text, as: UTF8.self))
    }
    try root.set(observationChannels: observationChannels)
    try root.set(actionChannels: actionChannels)
    for (number, episode) in episodes.enumerated() {
      let group = try root.createGroup("episode_\(number)")
      let steps = episode.length
      try group.set("id", integer: number)
      try group.set("total_steps", integer: steps)
      try group.set("task", integer: episode.task)
      if !episode.parameters.isEmpty { try group.set("parameters", numbers: episode.parameters) }
      try group.set("behaviour", string: episode.behaviour)
      try group.set("observations", floats: episode.observations, rows: steps + 1, columns: observationSize)
      try group.set("actions", floats: episode.actions, rows: steps, columns: actionSize)
      try group.set("rewards", floats: episode.rewards, rows: steps, columns: nil)
      let notLast = [Bool](repeating: false, count: steps - 1)
      try group.set("terminations", flags: notLast + [episode.terminated])
      try group.set("truncations", flags: notLast + [!episode.terminated])
    }
  }
}

extension HDF5Group {
  /// A whole number that counts something.
  func size(_ name: String) throws(DataError) -> Int {
    let value = try integer(name)
    // A damaged number must not make anyone reserve all memory.
    guard (1...Int(Int32.max)).contains(value) || (name == "period_nanoseconds" && value > 0) else {
      throw invalid("attribute '\(name)'", "is \(value)", "it must be 1 or more")
    }
    return value
  }
}
