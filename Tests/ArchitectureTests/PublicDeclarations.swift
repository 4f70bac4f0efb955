// The public declarations of a Swift source and their comments, read line by line, which the project's style allows.

/// A public declaration, and what its comment leaves out.
struct PublicDeclaration {
  enum Kind: String {
    case type, function, initialiser, computedProperty, storedProperty, alias
  }

  let line: Int
  let isTopLevel: Bool
  let kind: Kind
  let name: String
  let canThrow: Bool
  /// Its `///` lines, joined.
  let comment: String

  /// What the rule in CONTRIBUTING.md asks for and the comment does not say.
  var omissions: [String] {
    if Self.wellKnown.contains(name) { return [] }
    if comment.isEmpty { return ["no comment"] }
    var omissions: [String] = []
    let statesRealTime = comment.contains(/Real-time: (yes|no)\b/)
    if kind != .storedProperty, kind != .alias, !statesRealTime { omissions.append("no 'Real-time: yes' or 'no'") }
    if canThrow, !comment.contains(/\b[Tt]hrows\b/) { omissions.append("not what it throws") }
    // A comment of nothing but lists, or of nothing but the statement, does not say what the thing is.
    let says = comment.replacing(/Real-time: (yes|no)[^.]*\./, with: "").trimmingPrefix(/\s*/)
    if says.isEmpty || says.hasPrefix("- ") { omissions.append("not what it is") }
    return omissions
  }

  /// What conformances to protocols of the standard library bring, which everyone knows.
  private static let wellKnown: Set<String> = ["description", "==", "allCases"]
}

extension PublicDeclaration {
  /// The public declarations in `source`, requirements of public protocols included, cases of enums left out.
  static func all(in source: String) -> [PublicDeclaration] {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    var found: [PublicDeclaration] = []
    var comment: [Substring] = []
    /// The indentation of the public protocol that the line is in.
    var protocolIndent: Int? = nil
    for (index, line) in lines.enumerated() {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("///") {
        comment.append(text.dropFirst(3).drop { $0 == " " })
        continue
      }
      let indent = line.count - text.count
      if text.hasPrefix("}"), indent == protocolIndent { protocolIndent = nil }
      let statement = text.hasPrefix("@") ? text.replacing(/^(?:@\w+(?:\([^)]*\))?\s*)+/, with: "") : text
      // Attributes on a line of their own stand between a comment and what it is of.
      if statement.isEmpty, !text.isEmpty { continue }
      let isRequirement = protocolIndent.map { indent == $0 + 2 } ?? false
      // Cheaper than the pattern, which most lines need not be held against.
      let isPublic = isRequirement || statement.hasPrefix("public ") || statement.hasPrefix("open ")
      if isPublic,
        let declaration = read(
          String(statement), lines: lines[index...], comment: comment.joined(separator: " "), number: index + 1,
          isTopLevel: indent == 0, isRequirement: isRequirement)
      {
        found.append(declaration)
        if statement.hasPrefix("public protocol ") { protocolIndent = indent }
      }
      comment = []
    }
    return found
  }

  private static func read(
    _ statement: String, lines: ArraySlice<Substring>, comment: String, number: Int, isTopLevel: Bool,
    isRequirement: Bool
  ) -> PublicDeclaration? {
    let form =
      #/
        ^(public|open)?\s*
        (?:(?:static|final|mutating|convenience|borrowing|consuming|indirect|(?:private|internal|package)\(set\))\s+)*
        (func|init|subscript|var|let|struct|class|enum|actor|protocol|typealias)\b[\s?]*(`[^`]+`|[\w=+\-]*)
      /#
    guard let match = statement.firstMatch(of: form), match.1 != nil || isRequirement else { return nil }
    // Up to the body, or until every bracket is closed.
    var head = ""
    for line in lines {
      head += line + " "
      if line.contains("{") || head.count(where: { $0 == "(" }) == head.count(where: { $0 == ")" }) { break }
    }
    let signature = head.prefix { $0 != "{" }
    let kind: Kind =
      switch match.2 {
      case "func", "subscript": .function
      case "init": .initialiser
      case "var": head.contains("{") && !signature.contains(" = ") ? .computedProperty : .storedProperty
      case "let": .storedProperty
      case "typealias": .alias
      default: .type
      }
    return PublicDeclaration(
      line: number, isTopLevel: isTopLevel, kind: kind, name: match.2 == "init" ? "init" : String(match.3),
      canThrow: (kind == .function || kind == .initialiser) && signature.contains(/\bthrows\b/), comment: comment)
  }
}
