// A data set as one HDF5 file in Minari's layout: a group an episode, attributes for what describes it.
//
//     /                    total_episodes, total_steps, family, observation_size, action_size, action_limit,
//                          period_nanoseconds, provenance (JSON, optional)
//     /episode_N           id, total_steps, task, parameters (optional), behaviour (optional)
//       observations [T + 1][observation_size]   actions [T][action_size]   rewards [T]
//       terminations [T]   truncations [T]       (booleans)
//
// A seal lies before it, in the user block that HDF5 leaves to the user. h5py opens the file as it is. As `data/main_data.hdf5` beside Minari's `metadata.json` it is a Minari data set.

import Foundation

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
    let partial = "\(path).\(getpid()).partial"
    do throws(DataError) {
      try HDF5Group.exclusively { () throws(DataError) in
        let root = try HDF5Group(creating: partial, file: path)
        try write(to: root)
        try root.flush()
      }
      try FileSeal.write(partial, file: path)
      guard rename(partial, path) == 0 else {
        throw .system(file: path, operation: "write", reason: String(cString: strerror(errno)))
      }
    } catch {
      unlink(partial)
      throw error
    }
  }

  private init(root: HDF5Group) throws(DataError) {
    self.init(
      family: try root.string("family"),
      observationSize: try root.size("observation_size"),
      actionSize: try root.size("action_size"),
      actionLimit: Float(try root.numbers("action_limit").first ?? .nan),
      periodNanoseconds: UInt64(try root.size("period_nanoseconds")))
    if root.has(attribute: "provenance") {
      let text = try root.string("provenance")
      guard let values = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8)) else {
        throw root.invalid("attribute 'provenance'", "is not a JSON object of strings", "correct or delete it")
      }
      provenance = values
    }
    for number in 0..<(try root.size("total_episodes")) {
      episodes.append(try episode(root.group("episode_\(number)")))
    }
    let steps = try root.size("total_steps")
    guard steps == transitionCount else {
      throw root.invalid(
        "attribute 'total_steps'", "is \(steps), the episodes have \(transitionCount)", "correct the attribute")
    }
  }

  private func episode(_ group: HDF5Group) throws(DataError) -> Episode {
    let steps = try group.size("total_steps")
    let terminations = try group.flags("terminations", rows: steps)
    _ = try group.flags("truncations", rows: steps)
    if let early = terminations.dropLast().firstIndex(of: true) {
      throw group.invalid("terminations[\(early)]", "is set before the end", "split the recording into episodes there")
    }
    return Episode(
      task: try group.integer("task"),
      parameters: group.has(attribute: "parameters") ? try group.numbers("parameters") : [],
      behaviour: group.has(attribute: "behaviour") ? try group.string("behaviour") : "unknown",
      observations: try group.floats("observations", rows: steps + 1, columns: observationSize),
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
    try root.set("action_limit", number: Double(actionLimit))
    try root.set("period_nanoseconds", integer: Int(periodNanoseconds))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let text = try? encoder.encode(provenance) {
      try root.set("provenance", string: String(decoding: text, as: UTF8.self))
    }
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
  fileprivate func size(_ name: String) throws(DataError) -> Int {
    let value = try integer(name)
    // A damaged number must not make anyone reserve all memory.
    guard (1...Int(Int32.max)).contains(value) || (name == "period_nanoseconds" && value > 0) else {
      throw invalid("attribute '\(name)'", "is \(value)", "it must be 1 or more")
    }
    return value
  }
}
