// What a setting is: everything that names, reads, writes, checks or explains one follows from a single description of
// it.

/// One setting of `Options`. Real-time: no.
public struct Setting<Options: Sendable>: Sendable {
  /// What its values are, and where they lie.
  public enum Kind: Sendable {
    case whole(WritableKeyPath<Options, Int> & Sendable, ClosedRange<Int>)
    case real(WritableKeyPath<Options, Float> & Sendable, ClosedRange<Float>)
    /// One of some words.
    case word(
      [String], get: @Sendable (borrowing Options) -> String, set: @Sendable (inout Options, String) -> Void)
  }

  /// In files and JSON; the command line writes it with dashes.
  public let name: String
  public let kind: Kind
  /// Empty for counts, shares and words.
  public let unit: String
  /// One sentence, as `--help` prints it.
  public let sentence: String

  public init(_ name: String, _ kind: Kind, unit: String = "", _ sentence: String) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.sentence = sentence
  }

  /// As on the command line, `--guide-strength`.
  public var option: String { "--" + name.split(separator: "_").joined(separator: "-") }

  /// What is allowed, in words.
  public var range: String {
    switch kind {
    case .whole(_, let range): "\(range.lowerBound)...\(range.upperBound)"
    case .real(_, let range): "\(plain(range.lowerBound))...\(plain(range.upperBound))"
    case .word(let words, _, _): words.joined(separator: ", ")
    }
  }

  /// The value in `options`, as files and the command line have it.
  public func text(of options: Options) -> String {
    switch kind {
    case .whole(let path, _): "\(options[keyPath: path])"
    case .real(let path, _): "\(options[keyPath: path])"
    case .word(_, let get, _): get(options)
    }
  }

  /// Puts the value that `text` says into `options`; false, and nothing is changed, where it says none that is allowed.
  public func read(_ text: String, into options: inout Options) -> Bool {
    switch kind {
    case .whole(let path, let range):
      guard let value = Int(text), range.contains(value) else { return false }
      options[keyPath: path] = value
    case .real(let path, let range):
      guard let value = Float(text), range.contains(value) else { return false }
      options[keyPath: path] = value
    case .word(let words, _, let set):
      guard words.contains(text) else { return false }
      set(&options, text)
    }
    return true
  }

  /// Whether the value in `options` is allowed.
  public func holds(for options: Options) -> Bool {
    switch kind {
    case .whole(let path, let range): range.contains(options[keyPath: path])
    case .real(let path, let range): range.contains(options[keyPath: path])
    case .word(let words, let get, _): words.contains(get(options))
    }
  }

  private func plain(_ value: Float) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
