// Small files that people write: keys and recipes.

import Experts
import Foundation
import RobotLink
import Tasks

enum KeyFuzzing {
  /// The first byte is the file's mode, the others its content. True if a key was read.
  static func check(mode: UInt8, _ content: [UInt8], path: String) -> Bool {
    chmod(path, mode_t(mode) & 0o77 | 0o600)
    let isRead = (try? LinkKey(file: path)) != nil
    let text = content.last == 10 ? content.dropLast() : content[...]
    let isDigits = text.count == 64 && text.allSatisfy { Character(UnicodeScalar($0)).isHexDigit && $0 < 128 }
    let isPrivate = mode & 0o77 == 0
    precondition(isRead == (isPrivate && (content.count == 32 || isDigits)), "a key file that is not what it should be")
    return isRead
  }

  static var seeds: [[UInt8]] {
    [
      [0] + [UInt8](repeating: 0x5A, count: 32),
      [0] + Array(String(repeating: "0aF9", count: 16).utf8) + [10],
    ]
  }
}

enum RecipeFuzzing {
  /// True if the file was taken for a recipe; then it is one again when it is written and read.
  static func check(_ path: String) -> Bool {
    guard let recipe = try? Recipe(path: path) else { return false }
    do {
      let text = try encoder.encode(recipe)
      try text.write(to: URL(fileURLWithPath: path))
      let again = try encoder.encode(Recipe(path: path))
      precondition(again == text, "a recipe is another one when it is read again")
    } catch {
      fatalError("a recipe that was read cannot be written and read again: \(error)")
    }
    return true
  }

  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return encoder
  }()

  static var seeds: [[UInt8]] {
    TaskFamily.names.map { Array((try? encoder.encode(Recipe(family: $0))) ?? Data()) }
      + [Array("{\"family\": \"point-robot\", \"model\": {\"batch\": 16}}".utf8)]
  }
}
