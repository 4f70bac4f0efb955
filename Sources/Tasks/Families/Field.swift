// A place in a JSON file: what is read from it is what was asked for, or an error that names file and place.

import Foundation

/// The keys that an object may have.
protocol FieldKey: CaseIterable, RawRepresentable<String>, Hashable, Sendable {}

/// A value in a JSON file, and where it stands.
struct Field: Sendable {
  let file: String
  /// `reward[1].weight`; empty for the whole file.
  let path: String
  let value: JSONValue

  private init(file: String, path: String, value: JSONValue) {
    self.file = file
    self.path = path
    self.value = value
  }

  /// The whole of `file`.
  init(file: String) throws(TaskError) {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw .folder(path: file, problem: "cannot be read", cure: "a family is a folder with a family.json in it")
    }
    try self.init(file: file, data: data)
  }

  /// `data` as if it were the whole of `file`.
  init(file: String, data: Data) throws(TaskError) {
    do {
      self.init(file: file, path: "", value: try JSONDecoder().decode(JSONValue.self, from: data))
    } catch {
      var reason = ""
      if case .dataCorrupted(let context)? = error as? DecodingError {
        reason = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String ?? ""
      }
      throw .field(file: file, place: "", problem: "is no JSON\(reason.isEmpty ? "" : ": \(reason)")", cure: "mend it")
    }
  }

  func error(_ problem: String, _ cure: String) -> TaskError {
    .field(file: file, place: path, problem: problem, cure: cure)
  }

  func text() throws(TaskError) -> String {
    guard case .text(let text) = value else { throw error("is \(value.kind)", "give a text") }
    return text
  }

  /// A name: a text that is not empty and has nothing that would steer a terminal.
  func name(of most: Int = 100) throws(TaskError) -> String {
    let name = try text()
    guard !name.isEmpty, name.count <= most, name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
    else {
      throw error("is no such text", "give 1 … \(most) characters that can be printed")
    }
    return name
  }

  func flag() throws(TaskError) -> Bool {
    guard case .bool(let flag) = value else { throw error("is \(value.kind)", "give true or false") }
    return flag
  }

  func number(in range: ClosedRange<Double> = -1e12...1e12) throws(TaskError) -> Double {
    guard case .number(let number) = value else { throw error("is \(value.kind)", "give a number") }
    guard range.contains(number) else {
      throw error("is \(number)", "give a number in \(range.lowerBound) … \(range.upperBound)")
    }
    return number
  }

  func integer(in range: ClosedRange<Int>) throws(TaskError) -> Int {
    let number = try number()
    guard number == number.rounded(), range.contains(Int(number)) else {
      throw error("is \(number)", "give a whole number in \(range.lowerBound) … \(range.upperBound)")
    }
    return Int(number)
  }

  /// The entries of a list, or the value itself where `orOne` allows it to stand alone.
  func list(orOne: Bool = false) throws(TaskError) -> [Field] {
    guard case .list(let values) = value else {
      if orOne { return [self] }
      throw error("is \(value.kind)", "give a list")
    }
    return values.enumerated().map { Field(file: file, path: "\(path)[\($0.offset)]", value: $0.element) }
  }

  /// A list of two numbers, the first below the second (or equal to it).
  func range(in limits: ClosedRange<Double> = -1e12...1e12) throws(TaskError) -> ClosedRange<Double> {
    let ends = try list()
    guard ends.count == 2 else { throw error("has \(ends.count) entries", "give two numbers, [lower, upper]") }
    let (lower, upper) = (try ends[0].number(in: limits), try ends[1].number(in: limits))
    guard lower <= upper else { throw error("is [\(lower), \(upper)]", "give the lower number first") }
    return lower...upper
  }

  /// One of `all`.
  func choice<Value: CaseIterable & RawRepresentable<String>>(_ all: Value.Type) throws(TaskError) -> Value {
    let text = try text()
    guard let value = Value(rawValue: text) else {
      throw error("is '\(text)'", "there are: \(nearest(text, Value.allCases.map(\.rawValue)))")
    }
    return value
  }

  /// An object that may have the keys `Key` and no others.
  func object<Key: FieldKey>(_ keys: Key.Type) throws(TaskError) -> Fields<Key> {
    guard case .object(let values) = value else { throw error("is \(value.kind)", "give an object") }
    var fields: [Key: Field] = [:]
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      let field = Field(file: file, path: path.isEmpty ? name : "\(path).\(name)", value: value)
      guard let key = Key(rawValue: name) else {
        throw field.error("there is no such key", "there are: \(nearest(name, Key.allCases.map(\.rawValue)))")
      }
      fields[key] = field
    }
    return Fields(place: self, fields: fields)
  }
}

/// An object's fields by their keys.
struct Fields<Key: FieldKey>: Sendable {
  let place: Field
  fileprivate let fields: [Key: Field]

  subscript(key: Key) -> Field? { fields[key] }

  func required(_ key: Key) throws(TaskError) -> Field {
    guard let field = fields[key] else { throw place.error("has no \"\(key.rawValue)\"", "add one") }
    return field
  }

  /// Refuses `keys`, which mean nothing beside `reason`.
  func refuse(_ keys: Key..., because reason: String) throws(TaskError) {
    for key in keys {
      if let field = fields[key] { throw field.error("means nothing \(reason)", "leave it out") }
    }
  }
}

/// The names most like `name`, nearest first; at most eight.
func nearest(_ name: String, _ names: [String]) -> String {
  let wanted = Array(name.lowercased().unicodeScalars.prefix(100))
  let sorted = names.map { (distance(wanted, Array($0.lowercased().unicodeScalars.prefix(100))), $0) }
    .sorted { $0.0 < $1.0 }.map(\.1)
  return sorted.isEmpty ? "none" : sorted.prefix(8).joined(separator: ", ") + (sorted.count > 8 ? ", …" : "")
}

/// Insertions, deletions and changes of one character that turn `a` into `b` (Levenshtein, 1966).
private func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let change = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
