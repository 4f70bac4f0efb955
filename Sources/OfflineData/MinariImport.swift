// A data set as Minari keeps it: a folder with metadata.json and one HDF5 file, in which nothing says what tells tasks
// apart or how long a control period is.

import Foundation
import Foundations

extension Dataset {
  /// Reads the data set in `folder` (`data/main_data.hdf5` and `metadata.json` in it or in its `data`). Observations
  /// that are dictionaries become named channels; what the task is told from is none of them. Real-time: no.
  public static func importing(minari folder: String, _ request: ImportRequest) throws -> Dataset {
    let metadata = try MinariMetadata(folder: folder)
    let file = "\(metadata.folder)/main_data.hdf5"
    return try HDF5Group.exclusively { () throws(DataError) -> Result<Dataset, ImportError> in
      try read(HDF5Group(reading: file), metadata, request, source: folder)
    }.get()
  }

  private static func read(
    _ root: HDF5Group, _ metadata: MinariMetadata, _ request: ImportRequest, source: String
  ) throws(DataError) -> Result<Dataset, ImportError> {
    let numbers = root.names().compactMap { $0.hasPrefix("episode_") ? Int($0.dropFirst(8)) : nil }.sorted()
    guard let first = numbers.first else {
      return .failure(.incomplete(source: source, missing: ["episodes: the file has no group episode_0"]))
    }
    let sample = try root.group("episode_\(first)")
    let missing = missing(sample, metadata, request)
    guard missing.isEmpty else { return .failure(.incomplete(source: source, missing: missing)) }

    let excluded = Set(request.taskFrom)
    let steps = try sample.rows("rewards")
    let shape = try sample.observations(rows: steps + 1, excluding: excluded)
    var dataset = Dataset(
      family: request.family ?? familyName(metadata.name),
      observationChannels: metadata.observationChannels(shape.columns, names: shape.names),
      actionChannels: metadata.actionChannels(try sample.columns("actions"), limit: request.actionLimit),
      periodNanoseconds: request.periodNanoseconds ?? 0,
      provenance: ["imported": metadata.name, "format": "minari \(metadata.version)"])
    var tasks = TaskNumbers()
    for number in numbers {
      let group = try root.group("episode_\(number)")
      let steps = try group.rows("rewards")
      let (values, columns, names) = try group.observations(rows: steps + 1, excluding: excluded)
      guard columns == dataset.observationSize, names == shape.names else {
        throw group.invalid("observations", "has other channels than episode_\(first)", "leave the episode out")
      }
      var parameters: [Double] = []
      for key in request.taskFrom { parameters += key == "episode" ? [Double(number)] : try group.task(key) }
      dataset.episodes.append(
        Episode(
          task: tasks.number(parameters), parameters: parameters, behaviour: request.behaviour ?? "recorded",
          observations: values, actions: try group.floats("actions", rows: steps, columns: dataset.actionSize),
          rewards: try group.floats("rewards", rows: steps, columns: nil),
          terminated: try group.flags("terminations", rows: steps).last ?? false))
    }
    return .success(dataset)
  }

  /// Everything that neither the files nor `request` say.
  private static func missing(
    _ sample: HDF5Group, _ metadata: MinariMetadata, _ request: ImportRequest
  ) -> [String] {
    var missing: [String] = []
    if request.periodNanoseconds == nil {
      missing.append("the control period: Minari does not record it; give --period, for example --period 20ms")
    }
    if request.taskFrom.isEmpty {
      let known = sample.taskSources.joined(separator: ", ")
      missing.append(
        "what tells tasks apart: give --task-from with one of these, or episode for a task each: \(known)")
    }
    for key in request.taskFrom where key != "episode" && !sample.taskSources.contains(key) {
      missing.append(
        "--task-from \(key): there is no such entry; there are \(sample.taskSources.joined(separator: ", "))")
    }
    if request.actionLimit == nil, metadata.actionBox == nil {
      missing.append("the largest magnitude of an action: the action space has no bounds; give --action-limit")
    }
    for name in ["actions", "rewards", "terminations", "observations"] where !sample.names().contains(name) {
      missing.append("\(name): \(sample.label) has no such entry")
    }
    return missing
  }
}

/// What metadata.json says.
private struct MinariMetadata {
  /// Where the files lie.
  let folder: String
  let name: String
  let version: String
  /// Bounds of the action space, a pair for all channels or one for each; nil where it has none.
  let actionBox: [(low: Double, high: Double)]?
  /// Bounds of the observation space's arrays by name, the empty one where it is no dictionary.
  private let observationBoxes: [String: [(low: Double, high: Double)]]

  init(folder: String) throws(ImportError) {
    let places = [folder, "\(folder)/data"].filter {
      FileManager.default.fileExists(atPath: "\($0)/main_data.hdf5")
    }
    guard let place = places.first else {
      throw .unreadable(
        file: folder,
        problem: "holds no data/main_data.hdf5: give the folder that Minari keeps the data set in "
          + "(~/.minari/datasets/NAME); its Arrow format is not read")
    }
    self.folder = place
    let path = "\(place)/metadata.json"
    guard let bytes = FileManager.default.contents(atPath: path),
      let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any]
    else { throw .unreadable(file: path, problem: "cannot be read as a JSON object; Minari writes it beside the data") }
    name = (object["dataset_id"] as? String) ?? URL(fileURLWithPath: folder).lastPathComponent
    version = (object["minari_version"] as? String) ?? "of unknown version"
    let box = Self.space(object["action_space"]).flatMap { Self.boxes($0, "")[""] } ?? []
    actionBox = box.isEmpty || box.contains { !$0.low.isFinite || !$0.high.isFinite } ? nil : box
    observationBoxes = Self.space(object["observation_space"]).map { Self.boxes($0, "") } ?? [:]
  }

  /// `limit`: what whoever imports says.
  func actionChannels(_ count: Int, limit: Double?) -> [Channel] {
    var channels = [Channel].unnamed(count, limit: Float(limit ?? 0))
    guard limit == nil, let actionBox else { return channels }
    for index in channels.indices where actionBox.count == 1 || actionBox.count == count {
      let bound = actionBox[actionBox.count == 1 ? 0 : index]
      (channels[index].lower, channels[index].upper) = (Float(bound.low), Float(bound.high))
    }
    return channels
  }

  /// The limits of what has none, or none that make sense, stay infinite: they are information.
  func observationChannels(_ count: Int, names: [String]) -> [Channel] {
    var channels = [Channel].unnamed(count)
    for index in channels.indices {
      if !names.isEmpty { channels[index].name = names[index] }
      // Columns of an array are numbered: `arm.position.1`.
      let parts = channels[index].name.split(separator: ".")
      let column = parts.last.flatMap { Int($0) }
      let array = names.isEmpty ? "" : parts.dropLast(column == nil ? 0 : 1).joined(separator: ".")
      guard let box = observationBoxes[array], !box.isEmpty else { continue }
      let number = names.isEmpty ? index : column ?? 0
      let bound = box.count == 1 ? box[0] : box.indices.contains(number) ? box[number] : (-.infinity, .infinity)
      guard bound.low < bound.high else { continue }
      (channels[index].lower, channels[index].upper) = (Float(bound.low), Float(bound.high))
    }
    return channels
  }

  /// Minari keeps spaces as JSON in a string.
  private static func space(_ value: Any?) -> [String: Any]? {
    guard let text = value as? String else { return value as? [String: Any] }
    func parse(_ text: String) -> [String: Any]? {
      (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }
    // Python's names for what JSON has none for.
    let plain = text.replacingOccurrences(of: "-Infinity", with: "\"-inf\"").replacingOccurrences(
      of: "Infinity", with: "\"inf\"")
    return parse(text) ?? parse(plain)
  }

  /// The bounds of every array of numbers in `space`, by its path.
  private static func boxes(_ space: [String: Any], _ name: String) -> [String: [(low: Double, high: Double)]] {
    if let parts = space["subspaces"] as? [String: Any] {
      return parts.reduce(into: [:]) { all, part in
        guard let inner = part.value as? [String: Any] else { return }
        all.merge(boxes(inner, name.isEmpty ? part.key : "\(name).\(part.key)")) { first, _ in first }
      }
    }
    let (low, high) = (numbers(space["low"]), numbers(space["high"]))
    return low.count == high.count ? [name: zip(low, high).map { ($0, $1) }] : [:]
  }

  private static func numbers(_ value: Any?) -> [Double] {
    switch value {
    case let list as [Any]: list.flatMap { numbers($0) }
    case let number as NSNumber: [number.doubleValue]
    case let text as String: [Double(text) ?? .infinity]
    default: []
    }
  }
}

extension HDF5Group {
  /// Rows of the array `name`.
  fileprivate func rows(_ name: String) throws(DataError) -> Int {
    guard let shape = shape(of: name), let rows = shape.first, rows > 0 else {
      throw invalid(name, "is no array with rows", "leave the episode out")
    }
    return rows
  }

  /// Columns of the array `name`, which has rows and columns.
  fileprivate func columns(_ name: String) throws(DataError) -> Int {
    guard let shape = shape(of: name), shape.count == 2 else {
      throw invalid(name, "is no array of rows and columns", "a model takes actions that are vectors")
    }
    return shape[1]
  }

  /// Every channel of the observations but those in `excluded`, row after row.
  fileprivate func observations(
    rows: Int, excluding excluded: Set<String>
  ) throws(DataError) -> (values: [Float], columns: Int, names: [String]) {
    if let shape = shape(of: "observations") {
      guard shape.count == 2 else {
        throw invalid("observations", "has shape \(shape)", "a model takes observations that are vectors")
      }
      return (try floats("observations", rows: rows, columns: shape[1]), shape[1], [])
    }
    let parts = try group("observations").columns(rows: rows).filter { part in
      !excluded.contains {
        part.name == $0 || part.name.hasPrefix($0 + ".") || "observations/" + part.name == $0
          || ("observations/" + part.name).hasPrefix($0 + ".")
      }
    }
    var values = [Float](repeating: 0, count: rows * parts.count)
    for (column, part) in parts.enumerated() {
      for row in 0..<rows { values[row * parts.count + column] = part.values[row] }
    }
    return (values, parts.count, parts.map(\.name))
  }

  /// What may tell tasks apart: attributes, and entries of `infos` and of observations that are dictionaries.
  fileprivate var taskSources: [String] {
    func entries(_ name: String) -> [String] {
      guard names().contains(name), shape(of: name) == nil, let group = try? group(name) else { return [] }
      return group.names().map { "\(name)/\($0)" }
    }
    let counts: Set = ["id", "total_steps"]
    return attributeNames.filter { !counts.contains($0) } + entries("infos") + entries("observations")
  }

  /// The numbers of the entry `key` at the start of the episode.
  fileprivate func task(_ key: String) throws(DataError) -> [Double] {
    if has(attribute: key) { return try numbers(key) }
    let parts = key.split(separator: "/").map(String.init)
    var place = self
    for part in parts.dropLast() { place = try place.group(part) }
    let name = parts.last ?? key
    guard let shape = place.shape(of: name), let rows = shape.first, rows > 0, shape.count <= 2 else {
      throw invalid(key, "is no array of numbers", "name another entry with --task-from")
    }
    let columns = shape.count == 2 ? shape[1] : nil
    let values = try place.floats(name, rows: rows, columns: columns)
    return values.prefix(columns ?? 1).map { Double($0) }
  }
}
