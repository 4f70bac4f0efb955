// Where families are found: those that come with the program, and anybody's own folder.

import Foundation
import Synchronization

extension TaskFamily {
  private static let loaded = Mutex<[String: TaskFamily]>([:])

  /// Names of the families that come with the program: point-robot, which is code, and the folders in `Families`.
  public static var names: [String] {
    let folder = ShippedFiles.own.path("Families")
    let found = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
    return [pointRobot.name]
      + found.filter { name in folder.map { isFamily("\($0)/\(name)") } ?? false }.sorted()
  }

  /// For the help of options.
  public static var help: String { "\(names.joined(separator: ", ")), or a folder with a family.json" }

  /// The family called `name`, or the one of the folder `name`; the error lists the families there are.
  ///
  /// A folder has a slash in its name, or there is no family of that name. It is read once; what changes in it later is
  /// not seen.
  public static func named(_ name: String) throws(TaskError) -> TaskFamily {
    if let family = try shipped(name) { return family }
    guard name.contains("/") || isFamily(name) else { throw .unknownFamily(name: name, known: names) }
    var folder = name
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    return try load(folder)
  }

  /// The name of the family that `named` would find, without its robot and so without a simulator.
  public static func name(of name: String) throws(TaskError) -> String {
    if names.contains(name) { return name }
    guard isFamily(name) else { throw .unknownFamily(name: name, known: names) }
    return try FamilyDefinition.name(Field(file: "\(name)/family.json").object(FamilyKey.self))
  }

  /// The family of that name that comes with the program; nil when there is none.
  public static func shipped(_ name: String) throws(TaskError) -> TaskFamily? {
    if name == pointRobot.name { return pointRobot }
    guard names.contains(name), let folder = ShippedFiles.own.path("Families") else { return nil }
    return try load("\(folder)/\(name)")
  }

  /// The family that `description`, the text of a family.json in `folder`, describes; nothing of it is kept.
  package static func described(_ description: Data, inFolder folder: String) throws(TaskError) -> TaskFamily {
    TaskFamily(
      try FamilyDefinition(Field(file: "\(folder)/family.json", data: description), folder: folder))
  }

  private static func isFamily(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/family.json")
  }

  private static func load(_ folder: String) throws(TaskError) -> TaskFamily {
    let path = URL(fileURLWithPath: folder).standardizedFileURL.path
    return try loaded.withLock { families throws(TaskError) in
      if let family = families[path] { return family }
      let family = TaskFamily(try FamilyDefinition(folder: folder))
      families[path] = family
      return family
    }
  }
}
