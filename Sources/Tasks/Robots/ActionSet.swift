// Which of a robot's actuators the actions drive, and within which limits.

import CMuJoCo
import Foundations

/// The actuators that actions drive, in the order of an action's entries.
struct ActionSet: Sendable {
  var actuators: [Int] = []
  /// Name, unit and limits of each entry, `[action entry]`.
  var channels: [Channel] = []
  /// What the actuators do that no action drives, `[nu]`.
  let rest: [Double]

  /// What a robot at rest does, `[action entry]`.
  var resting: [Double] { actuators.map { rest[$0] } }

  /// `action` as the robot applies it: within the limits, in double precision.
  func applied(_ action: [Float]) -> [Double] {
    zip(action, channels).map { Double(min(max($0, $1.lower), $1.upper)) }
  }

  /// The commands of all actuators, `[nu]`.
  func controls(_ applied: [Double]) -> [Double] {
    var controls = rest
    for (actuator, value) in zip(actuators, applied) { controls[actuator] = value }
    return controls
  }

  /// Σ of squares of the actions, each as a share −1 … 1 of its range.
  func effort(_ applied: [Double]) -> Double {
    var sum = 0.0
    for (value, channel) in zip(applied, channels) {
      let share = (value - channel.centre) / channel.halfWidth
      sum += share * share
    }
    return sum
  }

  /// The same of the difference to `previous`.
  func change(_ applied: [Double], from previous: [Double]) -> Double {
    var sum = 0.0
    for (index, channel) in channels.enumerated() {
      let share = (applied[index] - previous[index]) / channel.halfWidth
      sum += share * share
    }
    return sum
  }
}

extension Channel {
  /// Of the range between finite limits.
  var centre: Double { (Double(lower) + Double(upper)) / 2 }
  var halfWidth: Double { (Double(upper) - Double(lower)) / 2 }
}

enum ActionKey: String, FieldKey {
  case of, limits, unit, around
}

/// What limits are measured from.
enum ActionOrigin: String, CaseIterable {
  case start
}

extension ActionSet {
  /// Reads `"actions"`. `start` is what the start's keyframe commands, `[nu]`.
  init(_ field: Field, model: PlantModel, start: [Double]) throws(TaskError) {
    rest = start
    for entry in try field.list() {
      let keys = try entry.object(ActionKey.self)
      let of = try keys.required(.of)
      for actuator in try model.parts(.actuator, of) {
        let name = model.label(.actuator, actuator)
        guard !actuators.contains(actuator) else { throw of.error("names '\(name)' again", "leave it out") }
        let (lower, upper) = try Self.limits(actuator, keys, of, model: model, start: start)
        actuators.append(actuator)
        channels.append(
          Channel(
            name: name, unit: try keys[.unit]?.text() ?? model.commandUnit(actuator), lower: Float(lower),
            upper: Float(upper)))
      }
    }
    guard !actuators.isEmpty else { throw field.error("is empty", "name at least one actuator") }
  }

  private static func limits(
    _ actuator: Int, _ keys: Fields<ActionKey>, _ of: Field, model: PlantModel, start: [Double]
  ) throws(TaskError) -> (Double, Double) {
    let name = model.label(.actuator, actuator)
    let isLimited = mujoco_is_command_limited(model.pointer, Int32(actuator))
    let range = model.pointer.pointee.actuator_ctrlrange + 2 * actuator
    let origin = try keys[.around].map { field throws(TaskError) in try field.choice(ActionOrigin.self) }
    guard let field = keys[.limits] else {
      guard origin == nil else { throw keys.place.error("has \"around\" but no \"limits\"", "add \"limits\"") }
      guard isLimited else {
        throw of.error("'\(name)' has no ctrlrange in robot.xml", "add \"limits\": [lower, upper] beside it")
      }
      guard range[0] < range[1] else { throw of.error("'\(name)' has an empty ctrlrange", "mend robot.xml") }
      return (range[0], range[1])
    }
    let limits = try field.range(in: -1e6...1e6)
    guard limits.lowerBound < limits.upperBound else { throw field.error("is empty", "give the lower limit first") }
    let centre = origin == .start ? start[actuator] : 0
    let (lower, upper) = (centre + limits.lowerBound, centre + limits.upperBound)
    guard isLimited else { return (lower, upper) }
    guard origin != nil || (lower >= range[0] && upper <= range[1]) else {
      throw field.error("is wider than '\(name)' allows", "its ctrlrange is [\(range[0]), \(range[1])]")
    }
    guard max(lower, range[0]) < min(upper, range[1]) else {
      throw field.error("leaves '\(name)' no room in its ctrlrange [\(range[0]), \(range[1])]", "shift it")
    }
    return (max(lower, range[0]), min(upper, range[1]))
  }
}

extension PlantModel {
  /// The unit of an actuator's command: a servo's is that of its joint, a motor's its force.
  fileprivate func commandUnit(_ actuator: Int) -> String {
    let model = pointer.pointee
    guard let joint = drivenJoint(actuator) else { return "" }
    let isHinge = self.joint(joint).kind == mjJNT_HINGE
    let bias = model.actuator_biasprm + Int(mjNBIAS) * actuator
    if model.actuator_biastype[actuator] == Int32(mjBIAS_AFFINE.rawValue) {
      if bias[1] != 0 { return isHinge ? "rad" : "m" }
      return bias[2] != 0 ? (isHinge ? "rad/s" : "m/s") : ""
    }
    let gear = model.actuator_gear[6 * actuator]
    return gear == 1 ? (isHinge ? "N m" : "N") : ""
  }

  /// The hinge or slide that an actuator turns or pushes; nil where it does something else.
  func drivenJoint(_ actuator: Int) -> Int? {
    guard pointer.pointee.actuator_trntype[actuator] == Int32(mjTRN_JOINT.rawValue) else { return nil }
    let joint = Int(pointer.pointee.actuator_trnid[2 * actuator])
    return isSingle(joint) ? joint : nil
  }

  /// It turns its command into a force, without a servo in between.
  func isMotor(_ actuator: Int) -> Bool {
    pointer.pointee.actuator_biastype[actuator] == Int32(mjBIAS_NONE.rawValue)
      && pointer.pointee.actuator_gaintype[actuator] == Int32(mjGAIN_FIXED.rawValue)
      && pointer.pointee.actuator_gear[6 * actuator] * pointer.pointee.actuator_gainprm[Int(mjNGAIN) * actuator] > 0
  }
}
