// The parameters that tell a family's tasks apart, and "parameters" of a family.json.

import CMuJoCo
import Foundations

/// Parameters that are drawn together: one, a point in the plane, or one for each of several parts.
struct ParameterGroup: Sendable {
  /// Without units, `[parameter of the group]`.
  var names: [String]
  var unit: String
  var law: ParameterLaw
  /// The wider law of tests outside the training range.
  var outside: ParameterLaw?
  /// What people may ask for.
  var range: ClosedRange<Double>
  /// What each changes of the robot; empty: only rewards depend on them.
  var changes: [BodyChange]

  /// `target speed [m/s]`.
  var fullNames: [String] { names.map { unit.isEmpty ? $0 : "\($0) [\(unit)]" } }
}

enum ParameterKey: String, FieldKey {
  case name, unit, law, outside, range, each, changes
}

enum EachKey: String, FieldKey {
  case name, of
}

enum ChangeKey: String, FieldKey {
  case what, of
  case manner = "as"
  case base, axis
}

enum MannerName: String, CaseIterable {
  case factor, exponent, value, addition
}

enum AxisName: String, CaseIterable {
  case x, y, z
}

extension ParameterGroup {
  init(_ field: Field, model: PlantModel) throws(TaskError) {
    let keys = try field.object(ParameterKey.self)
    let nameField = try keys.required(.name)
    let name = try nameField.name()
    unit = try keys[.unit]?.name() ?? ""
    let lawField = try keys.required(.law)
    law = try ParameterLaw(lawField)
    outside = try keys[.outside].map { field throws(TaskError) in try ParameterLaw(field) }
    changes = []
    if let each = keys[.each] {
      guard let changesField = keys[.changes] else {
        throw each.error("means nothing without \"changes\"", "add \"changes\", or one parameter after the other")
      }
      (names, changes) = try Self.each(each, changesField, name: name, nameField, model)
    } else {
      names = law.isPlanar ? ["\(name) x", "\(name) y"] : [name]
      if let field = keys[.changes] { changes = [try BodyChange(field, parts: nil, model: model)] }
    }
    guard changes.isEmpty || !law.isPlanar else {
      throw lawField.error("draws points in the plane", "give another law")
    }
    if law.oneZero > 0, names.count == 1 { throw lawField.error("has \"one zero\" without a group", "add \"each\"") }
    if let outside, outside.isPlanar != law.isPlanar {
      throw keys[.outside]!.error("is of another kind than \"law\"", "give the same kind, wider")
    }
    let hulls = [law.hull] + (outside.map { [$0.hull] } ?? [])
    let hull = hulls.map(\.lowerBound).min()!...hulls.map(\.upperBound).max()!
    range = try keys[.range]?.range(in: -1e6...1e6) ?? hull
    guard range.contains(hull.lowerBound), range.contains(hull.upperBound) else {
      throw keys[.range]!.error(
        "does not hold all that is drawn", "give at least [\(hull.lowerBound), \(hull.upperBound)]")
    }
    for change in changes { try change.check(range, model, keys[.changes]!) }
  }

  /// One parameter for each of several parts.
  private static func each(
    _ field: Field, _ changes: Field, name: String, _ nameField: Field, _ model: PlantModel
  ) throws(TaskError) -> ([String], [BodyChange]) {
    guard name.contains("*") else {
      throw nameField.error("is the same for each", "put a * where the name of each belongs")
    }
    let entries = try field.list()
    guard !entries.isEmpty else { throw field.error("is empty", "name at least one") }
    var names: [String] = []
    var found: [BodyChange] = []
    for entry in entries {
      var own = entry
      let word: String
      if case .object = entry.value {
        let keys = try entry.object(EachKey.self)
        word = try keys.required(.name).name()
        own = try keys.required(.of)
      } else {
        word = try entry.name()
      }
      names.append(name.replacing("*", with: word))
      found.append(try BodyChange(changes, parts: own, model: model))
    }
    return (names, found)
  }
}

extension BodyChange {
  /// Reads `"changes"`; `parts` names them where that is not said in it.
  fileprivate init(_ field: Field, parts: Field?, model: PlantModel) throws(TaskError) {
    let keys = try field.object(ChangeKey.self)
    kind = try keys.required(.what).choice(ChangeKind.self)
    if let part = kind.part {
      if parts != nil { try keys.refuse(.of, because: "beside \"each\", which says it") }
      let named: Field
      if let parts { named = parts } else { named = try keys.required(.of) }
      self.parts = try model.parts(part, named) { model.isUsual($0, for: part) }
    } else {
      try keys.refuse(.of, because: "for \(kind.rawValue), which is of the whole robot")
      if let parts { throw parts.error("means nothing for \(kind.rawValue), of the whole robot", "leave \"each\" out") }
      self.parts = []
    }
    let name = try keys[.manner]?.choice(MannerName.self) ?? (kind.isOfTheCommands ? .value : .factor)
    switch name {
    case .factor: manner = .factor
    case .exponent: manner = .exponent(base: try keys.required(.base).number(in: 1.000001...1e3))
    case .value: manner = .value
    case .addition: manner = .addition
    }
    if name != .exponent { try keys.refuse(.base, because: "without \"as\": \"exponent\"") }
    if kind != .bodyInertia { try keys.refuse(.axis, because: "but for body inertia") }
    axis = try keys[.axis].map { field throws(TaskError) in
      AxisName.allCases.firstIndex(of: try field.choice(AxisName.self))!
    }
    let isManyNumbers = [.bodyInertia, .gravity, .actuatorGain, .actuatorStrength].contains(kind)
    if kind.isOfTheCommands ? name != .value : isManyNumbers && (name == .value || name == .addition) {
      let cure = kind.isOfTheCommands ? "leave \"as\" out: it is the value" : "give \"factor\" or \"exponent\""
      throw keys[.manner]!.error("is '\(name.rawValue)', which \(kind.rawValue) cannot be changed by", cure)
    }
  }

  /// What the parameter may be must leave a body that can exist.
  fileprivate func check(_ range: ClosedRange<Double>, _ model: PlantModel, _ field: Field) throws(TaskError) {
    let (lower, upper) = (range.lowerBound, range.upperBound)
    switch kind {
    case .actuatorLag:
      guard lower >= 0, upper <= 10 else {
        throw field.error("lets the lag be \(lower) … \(upper) s", "keep to 0 … 10 s")
      }
    case .actuatorDelay:
      guard lower >= 0, upper <= 100 else {
        throw field.error("lets the delay be \(lower) … \(upper) periods", "keep to 0 … 100")
      }
    case .actuatorGain, .actuatorStrength, .gravity: break
    case .bodyMass, .bodyInertia, .jointDamping, .jointFrictionLoss, .jointArmature, .jointStiffness, .geomFriction:
      let mustBePositive = kind == .bodyMass || kind == .bodyInertia
      for number in numbers(of: model.pointer) {
        let least = min(manner.changed(number.pointee, by: lower), manner.changed(number.pointee, by: upper))
        guard mustBePositive ? least > 0 : least >= 0 else {
          throw field.error(
            "lets a \(kind.rawValue) be \(least)", "narrow the law, or change a part whose \(kind.rawValue) is not 0")
        }
      }
    }
  }
}

extension PlantModel {
  /// What "*" stands for: joints and actuators as they are, bodies without the world.
  fileprivate func isUsual(_ index: Int, for part: PartKind) -> Bool { part != .body || index > 0 }
}
