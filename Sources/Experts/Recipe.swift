// How a family's expert, data and model are made, as a readable file: what it does not say keeps its default.

import Foundation
import Learning
import Tasks

/// How the data of a family are recorded.
public struct CollectionOptions: Codable, Equatable, Sendable {
  public var seed: UInt64 = 1
  /// Training tasks; the first of them are the family's fixed list, which more of them continue. 0: that list.
  public var tasks = 0
  /// Episodes of each task, a mixture of all behaviours.
  public var episodesPerTask = 75
  /// Share of the recoveries that come from driving for another task: they show how to change from one to the other.
  public var detours = 0.0

  public init() {}
}

/// Everything that settles what ships for a family, seeds included. Real-time: no.
public struct Recipe: Codable, Sendable {
  /// Name of a family that ships, or the folder of one; empty where the recipe is for data of any robot.
  public var family: String
  public var expert = ExpertOptions()
  public var collection = CollectionOptions()
  public var model = TrainingConfiguration()
  public var baseline = BaselineOptions()

  /// The defaults of a family, by its name or folder.
  public init(family: String) { self.family = family }

  /// Reads a recipe: a JSON object with, where they differ from the defaults, `family` and settings of `expert`,
  /// `collection`, `model` and `baseline`. A setting that does not exist, or has the wrong type, is refused by name.
  public init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw LearningError.file(path: path, problem: "cannot be read")
    }
    guard let given = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw LearningError.file(path: path, problem: "is not a JSON object")
    }
    var folder = ""
    if let name = given["family"] {
      guard let name = name as? String else {
        throw LearningError.file(path: path, problem: "family: is no text: name a family that ships, or a folder")
      }
      folder = name.contains("/") && !name.hasPrefix("/") ? Self.folder(name, beside: path) : name
      _ = try TaskFamily.name(of: folder)
    }
    let defaults = try JSONEncoder().encode(Recipe(family: folder))
    var merged = try Self.merge(given, into: JSONSerialization.jsonObject(with: defaults) as! [String: Any], path, "")
    merged["family"] = folder
    do {
      self = try JSONDecoder().decode(Recipe.self, from: JSONSerialization.data(withJSONObject: merged))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw LearningError.file(path: path, problem: "\(place): \(context.debugDescription)")
    }
  }

  /// A folder that a recipe names, as seen from the recipe.
  private static func folder(_ name: String, beside recipe: String) -> String {
    URL(fileURLWithPath: recipe).deletingLastPathComponent().appendingPathComponent(name).standardizedFileURL.path
  }

  /// `defaults` with what `given` says instead.
  private static func merge(
    _ given: [String: Any], into defaults: [String: Any], _ path: String, _ place: String
  ) throws(LearningError) -> [String: Any] {
    var merged = defaults
    for (key, value) in given {
      guard let old = defaults[key] else {
        let known = defaults.keys.sorted().joined(separator: ", ")
        throw .file(path: path, problem: "\(place)\(key): there is no such setting; there are \(known)")
      }
      if let old = old as? [String: Any] {
        guard let value = value as? [String: Any] else {
          throw .file(path: path, problem: "\(place)\(key): is not an object of settings")
        }
        merged[key] = try merge(value, into: old, path, "\(place)\(key).")
      } else {
        merged[key] = value
      }
    }
    return merged
  }
}
