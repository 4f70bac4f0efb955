// What a family.json can say about a robot's state: a kind of quantity, of which part, along which axes.

import CMuJoCo
import Foundations

/// The kinds of quantity that can be observed, paid for, or end an episode.
enum QuantityKind: String, CaseIterable, Sendable {
  case jointPosition = "joint position"
  case jointQuaternion = "joint quaternion"
  case jointVelocity = "joint velocity"
  case jointAngularVelocity = "joint angular velocity"
  case jointSine = "joint sine"
  case jointCosine = "joint cosine"
  case bodyPosition = "body position"
  case bodyQuaternion = "body quaternion"
  case bodyVelocity = "body velocity"
  case bodyAngularVelocity = "body angular velocity"
  case bodyUpright = "body upright"
  case sitePosition = "site position"
  case siteVelocity = "site velocity"
  case sensor = "sensor"

  fileprivate var part: PartKind {
    switch self {
    case .jointPosition, .jointQuaternion, .jointVelocity, .jointAngularVelocity, .jointSine, .jointCosine: .joint
    case .bodyPosition, .bodyQuaternion, .bodyVelocity, .bodyAngularVelocity, .bodyUpright: .body
    case .sitePosition, .siteVelocity: .site
    case .sensor: .sensor
    }
  }

  /// Its name without the kind of part.
  fileprivate var word: String {
    self == .sensor ? "" : rawValue.split(separator: " ").dropFirst().joined(separator: " ")
  }

  fileprivate var hasAxes: Bool {
    switch self {
    case .bodyPosition, .bodyVelocity, .bodyAngularVelocity, .sitePosition, .siteVelocity: true
    default: false
    }
  }
}

/// A reading and what it is called.
struct Quantity: Equatable, Sendable {
  var reading: Reading
  var channel: Channel
}

/// Reads `"quantity"`, `"of"`, `"axes"` and `"from"` of an observation, a reward term or an end against a robot.
struct QuantityReader {
  let model: PlantModel

  /// The quantities, part after part and axis after axis.
  func quantities(
    _ kind: QuantityKind, of: Field, axes: Field?, from: Field?
  ) throws(TaskError) -> [Quantity] {
    let parts = try model.parts(kind.part, of) { kind.part != .joint || model.isSingle($0) }
    let isFree = kind.part == .joint && parts.contains { !model.isSingle($0) }
    if let axes, !kind.hasAxes, !isFree {
      throw axes.error("means nothing for a \(kind.rawValue) of what has no axes", "leave it out")
    }
    let origin = try from.map { field throws(TaskError) in try frame(kind, field) }
    let chosen = try axes.map { field throws(TaskError) in try Self.axes(field) } ?? [0, 1, 2]
    var all: [Quantity] = []
    for part in parts {
      let name = model.label(kind.part, part)
      all +=
        kind.part == .joint
        ? try joint(kind, part, name, chosen, of) : fixed(kind, part, name, chosen, origin: origin)
    }
    return all
  }

  /// What positions are measured from: a body or a site.
  private func frame(_ kind: QuantityKind, _ field: Field) throws(TaskError) -> Reading.Frame {
    guard kind == .bodyPosition || kind == .sitePosition else {
      throw field.error("means nothing for a \(kind.rawValue)", "leave it out")
    }
    let name = try field.text()
    if let site = model.index(.site, name) { return .site(site) }
    if let body = model.index(.body, name) { return .body(body) }
    let known = nearest(name, model.names(.site) + model.names(.body))
    throw field.error("names no body or site: '\(name)'", "the robot has: \(known)")
  }

  /// `"xz"` as 0, 2.
  private static func axes(_ field: Field) throws(TaskError) -> [Int] {
    let text = try field.text()
    let axes = text.compactMap { Array("xyz").firstIndex(of: $0) }
    guard axes.count == text.count, Set(axes).count == axes.count, !axes.isEmpty else {
      throw field.error("is '\(text)'", "give some of x, y and z, such as \"xz\"")
    }
    return axes
  }

  private func joint(
    _ kind: QuantityKind, _ index: Int, _ name: String, _ axes: [Int], _ field: Field
  ) throws(TaskError) -> [Quantity] {
    let joint = model.joint(index)
    let isHinge = joint.kind == mjJNT_HINGE
    let (isFree, isBall) = (joint.kind == mjJNT_FREE, joint.kind == mjJNT_BALL)
    func single(_ reading: Reading, _ unit: String, _ lower: Float, _ upper: Float) -> [Quantity] {
      [.init(reading: reading, channel: Channel(name: "\(name) \(kind.word)", unit: unit, lower: lower, upper: upper))]
    }
    func along(_ axes: [Int], _ unit: String, _ reading: (Int) -> Reading) -> [Quantity] {
      axes.map { .init(reading: reading($0), channel: Channel(name: "\(name) \(kind.word) \("xyz"[$0])", unit: unit)) }
    }
    switch kind {
    case .jointPosition where isFree: return along(axes, "m") { .position(joint.position + $0) }
    case .jointVelocity where isFree: return along(axes, "m/s") { .velocity(joint.velocity + $0) }
    case .jointPosition where !isBall:
      let range = model.pointer.pointee.jnt_range + 2 * index
      let isLimited = mujoco_is_joint_limited(model.pointer, Int32(index))
      return single(
        .position(joint.position), isHinge ? "rad" : "m", isLimited ? Float(range[0]) : -.infinity,
        isLimited ? Float(range[1]) : .infinity)
    case .jointVelocity where !isBall:
      return single(.velocity(joint.velocity), isHinge ? "rad/s" : "m/s", -.infinity, .infinity)
    case .jointSine where isHinge: return single(.sine(joint.position), "", -1, 1)
    case .jointCosine where isHinge: return single(.cosine(joint.position), "", -1, 1)
    case .jointQuaternion where isFree || isBall:
      let start = joint.position + (isFree ? 3 : 0)
      return (0..<4).map {
        .init(
          reading: .position(start + $0),
          channel: Channel(name: "\(name) \(kind.word) \("wxyz"[$0])", lower: -1, upper: 1))
      }
    case .jointAngularVelocity where isFree || isBall:
      let start = joint.velocity + (isFree ? 3 : 0)
      return along(axes, "rad/s") { .velocity(start + $0) }
    default:
      throw field.error(
        "'\(name)' is a joint without a \(kind.word)",
        "hinges and slides have a position and a velocity, hinges a sine and a cosine, balls and free joints a "
          + "quaternion and an angular velocity")
    }
  }

  private func fixed(
    _ kind: QuantityKind, _ index: Int, _ name: String, _ axes: [Int], origin: Reading.Frame?
  ) -> [Quantity] {
    let frame: Reading.Frame = kind.part == .site ? .site(index) : .body(index)
    func along(_ unit: String, _ reading: (Int) -> Reading) -> [Quantity] {
      axes.map { .init(reading: reading($0), channel: Channel(name: "\(name) \(kind.word) \("xyz"[$0])", unit: unit)) }
    }
    switch kind {
    case .bodyPosition, .sitePosition:
      return along("m") { axis in
        origin.map { .offset(frame, from: $0, axis: axis) } ?? .place(frame, axis: axis)
      }
    case .bodyVelocity, .siteVelocity: return along("m/s") { .linearVelocity(frame, axis: $0) }
    case .bodyAngularVelocity: return along("rad/s") { .angularVelocity(frame, axis: $0) }
    case .bodyQuaternion:
      return (0..<4).map {
        .init(
          reading: .attitude(body: index, entry: $0),
          channel: Channel(name: "\(name) \(kind.word) \("wxyz"[$0])", lower: -1, upper: 1))
      }
    case .bodyUpright:
      return [
        .init(reading: .upright(body: index), channel: Channel(name: "\(name) upright", lower: -1, upper: 1))
      ]
    default:
      let (address, size) = (
        Int(model.pointer.pointee.sensor_adr[index]), Int(model.pointer.pointee.sensor_dim[index])
      )
      return (0..<size).map {
        .init(reading: .sensor(address + $0), channel: Channel(name: size == 1 ? name : "\(name) \($0 + 1)"))
      }
    }
  }
}

extension String {
  fileprivate subscript(_ index: Int) -> Character { self[self.index(startIndex, offsetBy: index)] }
}
