// What a setting is: everything that names, reads, writes, checks or explains one follows from a single description of
// it.

/// One setting of `Options`. Real-time: no.
public struct Setting<Options: Sendable>: Sendable {
  /// What its values are, and where they lie. Real-time: no.
  public enum Kind: Sendable {
    case whole(WritableKeyPath<Options, Int> & Sendable, ClosedRange<Int>, even: Bool = false)
    case real(WritableKeyPath<Options, Float> & Sendable, Bounds<Float>)
    case precise(WritableKeyPath<Options, Double> & Sendable, Bounds<Double>)
    /// Any number that seeds a random source.
    case seed(WritableKeyPath<Options, UInt64> & Sendable)
    /// Whole numbers, separated by commas.
    case list(
      WritableKeyPath<Options, [Int]> & Sendable, count: ClosedRange<Int>, each: ClosedRange<Int>, multipleOf: Int)
    /// One of some words.
    case word(
      [String], get: @Sendable (borrowing Options) -> String, set: @Sendable (inout Options, String) -> Void)
  }

  /// In files, recipes and JSON.
  public let name: String
  /// What its values are.
  public let kind: Kind
  /// Empty for counts, shares and words.
  public let unit: String
  /// On the command line; nil: a recipe alone can say it.
  public let option: String?
  /// One sentence, as `--help` prints it.
  public let sentence: String

  /// A setting with an option, which is called as in files, with dashes: `--guide-strength`. Real-time: no.
  public init(_ name: String, _ kind: Kind, unit: String = "", _ sentence: String) {
    var option = "--"
    for letter in name {
      if letter == "_" || letter.isUppercase { option += "-" }
      if letter != "_" { option += letter.lowercased() }
    }
    self.init(name, kind, unit: unit, option: option, sentence)
  }

  /// A setting with the option given, or with none. Real-time: no.
  public init(_ name: String, _ kind: Kind, unit: String = "", option: String?, _ sentence: String) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.option = option
    self.sentence = sentence
  }

  /// What is allowed, in words. Real-time: no.
  public var range: String {
    switch kind {
    case .whole(_, let range, let even): (even ? "even, " : "") + text(range)
    case .real(_, let bounds): bounds.text
    case .precise(_, let bounds): bounds.text
    case .seed: "0...\(UInt64.max)"
    case .list(_, let count, let each, let multiple): "\(text(count)) multiples of \(multiple) in \(text(each))"
    case .word(let words, _, _): words.joined(separator: ", ")
    }
  }

  /// Sentence, range and unit, for `--help`. Real-time: no.
  public var explanation: String { "\(sentence) \(range)\(unit.isEmpty ? "" : " \(unit)")" }

  /// The value in `options`: a number, a list of numbers or a word. Real-time: no.
  public func value(of options: Options) -> any Encodable & Sendable {
    switch kind {
    case .whole(let path, _, _): options[keyPath: path]
    case .real(let path, _): options[keyPath: path]
    case .precise(let path, _): options[keyPath: path]
    case .seed(let path): options[keyPath: path]
    case .list(let path, _, _, _): options[keyPath: path]
    case .word(_, let get, _): get(options)
    }
  }

  /// The value in `options`, as files and the command line have it. Real-time: no.
  public func text(of options: Options) -> String {
    guard case .list(let path, _, _, _) = kind else { return "\(value(of: options))" }
    return options[keyPath: path].map(String.init).joined(separator: ",")
  }

  /// Puts the value that `text` says into `options`; false, and nothing is changed, where it says none that is allowed.
  /// Real-time: no.
  public func read(_ text: String, into options: inout Options) -> Bool {
    var changed = options
    switch kind {
    case .whole(let path, _, _): guard put(Int(text), at: path, of: &changed) else { return false }
    case .real(let path, _): guard put(Float(text), at: path, of: &changed) else { return false }
    case .precise(let path, _): guard put(Double(text), at: path, of: &changed) else { return false }
    case .seed(let path): guard put(UInt64(text), at: path, of: &changed) else { return false }
    case .list(let path, _, _, _):
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let values = parts.compactMap { Int($0) }
      guard put(values.count == parts.count ? values : nil, at: path, of: &changed) else { return false }
    case .word(let words, _, let set):
      guard words.contains(text) else { return false }
      set(&changed, text)
    }
    guard holds(for: changed) else { return false }
    options = changed
    return true
  }

  /// Whether the value in `options` is allowed. Real-time: no.
  public func holds(for options: Options) -> Bool {
    switch kind {
    case .whole(let path, let range, let even):
      range.contains(options[keyPath: path]) && (!even || options[keyPath: path] % 2 == 0)
    case .real(let path, let bounds): bounds.contains(options[keyPath: path])
    case .precise(let path, let bounds): bounds.contains(options[keyPath: path])
    case .seed: true
    case .list(let path, let count, let each, let multiple):
      count.contains(options[keyPath: path].count)
        && options[keyPath: path].allSatisfy { each.contains($0) && $0 % multiple == 0 }
    case .word(let words, let get, _): words.contains(get(options))
    }
  }

  private func put<Value>(_ value: Value?, at path: WritableKeyPath<Options, Value>, of options: inout Options) -> Bool
  {
    guard let value else { return false }
    options[keyPath: path] = value
    return true
  }

  private func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)...\(range.upperBound)" }
}

extension Array {
  /// The setting called `name`. Traps where there is none: names are written in code. Real-time: no.
  public func setting<Options>(_ name: String) -> Element where Element == Setting<Options> {
    guard let setting = first(where: { $0.name == name }) else { preconditionFailure("no setting is called \(name)") }
    return setting
  }
}
