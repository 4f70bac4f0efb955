// Reads "reward" of a family.json.

import Foundations

enum RewardKey: String, FieldKey {
  case name, quantity, of, axes, from, target, along
  case shape = "as"
  case scale, weight
}

/// What only a reward can measure; it may also measure any `QuantityKind`.
enum RewardQuantity: String, CaseIterable {
  case one
  case control
  case controlChange = "control change"
  case jointMeanVelocity = "joint mean velocity"
  case bodyMeanVelocity = "body mean velocity"
  case siteMeanVelocity = "site mean velocity"

  /// What moves at the mean velocity.
  fileprivate var moving: QuantityKind? {
    switch self {
    case .jointMeanVelocity: .jointPosition
    case .bodyMeanVelocity: .bodyPosition
    case .siteMeanVelocity: .sitePosition
    default: nil
    }
  }

  static var allNames: [String] { allCases.map(\.rawValue) + QuantityKind.allCases.map(\.rawValue) }
}

/// The terms of a reward and what they measure.
struct Reward: Sendable {
  var terms: [RewardTerm] = []
  /// `[outcome entry]`.
  var measures: [Measure] = []

  func value(_ outcome: [Double], _ parameters: [Double]) -> Double {
    var sum = 0.0
    for term in terms { sum += term.value(outcome, parameters) }
    return sum
  }
}

extension Reward {
  /// `parameters` are the names that targets, directions and weights may use.
  init(_ field: Field, quantities: QuantityReader, parameters: [String]) throws(TaskError) {
    let entries = try field.list()
    guard (1...64).contains(entries.count) else { throw field.error("has \(entries.count) terms", "give 1 … 64") }
    for entry in entries {
      let keys = try entry.object(RewardKey.self)
      let nameField = try keys.required(.name)
      let name = try nameField.name()
      guard !terms.contains(where: { $0.name == name }) else { throw nameField.error("is used twice", "rename one") }
      let (found, unit) = try Self.measures(keys, quantities)
      let start = measures.count
      measures += found
      terms.append(
        try Self.term(keys, name: name, entries: start..<measures.count, unit: unit, parameters: parameters))
    }
    guard measures.count <= 256 else { throw field.error("measures \(measures.count) numbers", "give fewer terms") }
  }

  private static func measures(
    _ keys: Fields<RewardKey>, _ quantities: QuantityReader
  ) throws(TaskError) -> ([Measure], unit: String) {
    let field = try keys.required(.quantity)
    let text = try field.text()
    if let special = RewardQuantity(rawValue: text) {
      if let moving = special.moving {
        let found = try quantities.quantities(moving, of: try keys.required(.of), axes: keys[.axes], from: keys[.from])
        return (found.map { .meanVelocity($0.reading) }, "\(found[0].channel.unit)/s")
      }
      try keys.refuse(.of, .axes, .from, because: "for \"\(text)\", which is of the whole robot")
      if special == .one { try keys.refuse(.target, .along, .shape, .scale, because: "for \"one\", which is always 1") }
      return (special == .one ? [] : [special == .control ? .control : .controlChange], "")
    }
    guard let kind = QuantityKind(rawValue: text) else {
      throw field.error("is '\(text)'", "there are: \(nearest(text, RewardQuantity.allNames))")
    }
    let found = try quantities.quantities(kind, of: try keys.required(.of), axes: keys[.axes], from: keys[.from])
    return (found.map { .reading($0.reading) }, found[0].channel.unit)
  }

  private static func term(
    _ keys: Fields<RewardKey>, name: String, entries: Range<Int>, unit: String, parameters: [String]
  ) throws(TaskError) -> RewardTerm {
    func vector(_ key: RewardKey) throws(TaskError) -> [TermNumber] {
      guard let field = keys[key] else { return [] }
      var vector: [TermNumber] = []
      for entry in try field.list(orOne: true) { vector.append(try number(entry, parameters)) }
      guard vector.count == entries.count else {
        throw field.error("has \(vector.count) entries", "what is measured has \(entries.count)")
      }
      return vector
    }
    let along = try vector(.along)
    let shape = try keys[.shape]?.choice(TermShape.self) ?? .value
    if !along.isEmpty, shape != .value {
      try keys.refuse(.along, because: "with \"as\": \"\(shape.rawValue)\"")
    }
    if shape == .value, along.isEmpty, entries.count > 1 {
      throw keys.place.error(
        "measures \(entries.count) numbers", "choose one with \"axes\", or say \"as\" or \"along\" what")
    }
    let scale = keys[.scale]
    if shape == .nearness {
      guard scale != nil else { throw keys.place.error("is a nearness without \"scale\"", "add one") }
    } else {
      try keys.refuse(.scale, because: "without \"as\": \"nearness\"")
    }
    return RewardTerm(
      name: name, entries: entries, unit: unit, target: try vector(.target), along: along, shape: shape,
      scale: try scale?.number(in: 1e-6...1e6) ?? 1, weight: try number(try keys.required(.weight), parameters))
  }

  /// A number, or the name of a parameter.
  private static func number(_ field: Field, _ parameters: [String]) throws(TaskError) -> TermNumber {
    guard case .text(let name) = field.value else { return .constant(try field.number()) }
    guard let index = parameters.firstIndex(of: name) else {
      throw field.error("names no parameter: '\(name)'", "there are: \(nearest(name, parameters))")
    }
    return .parameter(index)
  }
}
