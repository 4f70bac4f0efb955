// The names of a compiled robot's parts, and what to say when there is no such part.

import CMuJoCo

/// Parts of a robot that have names.
enum PartKind: String, Sendable {
  case body, joint, geom, site, sensor, actuator, keyframe

  fileprivate var object: mjtObj {
    switch self {
    case .body: mjOBJ_BODY
    case .joint: mjOBJ_JOINT
    case .geom: mjOBJ_GEOM
    case .site: mjOBJ_SITE
    case .sensor: mjOBJ_SENSOR
    case .actuator: mjOBJ_ACTUATOR
    case .keyframe: mjOBJ_KEY
    }
  }
}

extension PlantModel {
  func count(_ kind: PartKind) -> Int {
    let model = pointer.pointee
    return switch kind {
    case .body: Int(model.nbody)
    case .joint: Int(model.njnt)
    case .geom: Int(model.ngeom)
    case .site: Int(model.nsite)
    case .sensor: Int(model.nsensor)
    case .actuator: Int(model.nu)
    case .keyframe: Int(model.nkey)
    }
  }

  /// The name of a part; nil where the robot's description gives it none.
  func name(_ kind: PartKind, _ index: Int) -> String? {
    mj_id2name(pointer, Int32(bitPattern: kind.object.rawValue), Int32(index)).map { String(cString: $0) }
  }

  /// All parts of a kind that have a name.
  func names(_ kind: PartKind) -> [String] { (0..<count(kind)).compactMap { name(kind, $0) }.filter { !$0.isEmpty } }

  func index(_ kind: PartKind, _ name: String) -> Int? {
    let index = mj_name2id(pointer, Int32(bitPattern: kind.object.rawValue), name)
    return index < 0 ? nil : Int(index)
  }

  /// The part that `field` names.
  func part(_ kind: PartKind, _ field: Field) throws(TaskError) -> Int {
    let name = try field.text()
    guard let index = index(kind, name) else {
      throw field.error("names no \(kind.rawValue): '\(name)'", "the robot has: \(nearest(name, names(kind)))")
    }
    return index
  }

  /// The parts that `field` names, one or a list; "*" is all that `isUsual`, in the robot's order.
  func parts(_ kind: PartKind, _ field: Field, usual isUsual: (Int) -> Bool = { _ in true }) throws(TaskError) -> [Int]
  {
    if field.value == .text("*") {
      let all = (0..<count(kind)).filter(isUsual)
      guard !all.isEmpty else { throw field.error("is \"*\", but the robot has no such \(kind.rawValue)", "name some") }
      return all
    }
    var parts: [Int] = []
    for entry in try field.list(orOne: true) {
      let part = try part(kind, entry)
      guard !parts.contains(part) else { throw entry.error("names the \(kind.rawValue) again", "leave it out") }
      parts.append(part)
    }
    guard !parts.isEmpty else { throw field.error("is empty", "name at least one \(kind.rawValue)") }
    return parts
  }

  /// A part's name; where it has none that of the joint that it drives, or its kind and number.
  func label(_ kind: PartKind, _ index: Int) -> String {
    if let name = name(kind, index), !name.isEmpty { return name }
    if kind == .actuator, let joint = drivenJoint(index) { return label(.joint, joint) }
    return "\(kind.rawValue) \(index)"
  }
}

extension PlantModel {
  /// What a joint is, and where its entries are.
  func joint(_ index: Int) -> (kind: mjtJoint, position: Int, velocity: Int) {
    let model = pointer.pointee
    return (
      mjtJoint(rawValue: UInt32(model.jnt_type[index])), Int(model.jnt_qposadr[index]), Int(model.jnt_dofadr[index])
    )
  }

  /// It has one position: a hinge or a slide.
  func isSingle(_ joint: Int) -> Bool {
    let kind = self.joint(joint).kind
    return kind == mjJNT_HINGE || kind == mjJNT_SLIDE
  }

  /// How many positions and velocities a joint has.
  func entryCounts(_ joint: Int) -> (positions: Int, velocities: Int) {
    switch self.joint(joint).kind {
    case mjJNT_FREE: (7, 6)
    case mjJNT_BALL: (4, 3)
    default: (1, 1)
    }
  }
}
