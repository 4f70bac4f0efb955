// What a task's parameter changes of a robot: numbers of the compiled body, or of its actuators.

import CMuJoCo
import Glibc

/// The kinds of number that a parameter can change.
enum ChangeKind: String, CaseIterable, Sendable {
  case bodyMass = "body mass"
  case bodyInertia = "body inertia"
  case jointDamping = "joint damping"
  case jointFrictionLoss = "joint friction loss"
  case jointArmature = "joint armature"
  case jointStiffness = "joint stiffness"
  case geomFriction = "geom friction"
  case gravity
  /// Of a motor its force; of a servo its stiffness.
  case actuatorGain = "actuator gain"
  /// All of the force: at 0 the actuator is dead.
  case actuatorStrength = "actuator strength"
  /// Time constant of a filter in front of the actuators [s].
  case actuatorLag = "actuator lag"
  /// Control periods until a command acts.
  case actuatorDelay = "actuator delay"

  /// What it is a number of; nil: the whole robot.
  var part: PartKind? {
    switch self {
    case .bodyMass, .bodyInertia: .body
    case .jointDamping, .jointFrictionLoss, .jointArmature, .jointStiffness: .joint
    case .geomFriction: .geom
    case .actuatorGain, .actuatorStrength: .actuator
    case .gravity, .actuatorLag, .actuatorDelay: nil
    }
  }

  /// It belongs to the way from the command to the actuator, not to the compiled robot.
  var isOfTheCommands: Bool { self == .actuatorLag || self == .actuatorDelay }
}

/// How a parameter's value changes a number.
enum ChangeManner: Equatable, Sendable {
  case factor
  /// The factor is the base to the power of the value.
  case exponent(base: Double)
  case value
  case addition

  func changed(_ number: Double, by value: Double) -> Double {
    switch self {
    case .factor: number * value
    case .exponent(let base): number * pow(base, value)
    case .value: value
    case .addition: number + value
    }
  }
}

/// One parameter's change of a robot.
struct BodyChange: Sendable {
  var kind: ChangeKind
  /// The parts that it changes, `[part]`; empty for the whole robot.
  var parts: [Int]
  var manner: ChangeManner
  /// Of an inertia: the axis of rotation, 0 … 2; nil: all.
  var axis: Int?

  /// Changes `model` as a parameter of this value says.
  func apply(_ value: Double, to model: UnsafeMutablePointer<mjModel>) {
    for number in numbers(of: model) { number.pointee = manner.changed(number.pointee, by: value) }
  }

  typealias Number = UnsafeMutablePointer<mjtNum>

  /// The numbers that it changes.
  func numbers(of model: UnsafeMutablePointer<mjModel>) -> [Number] {
    let body = model.pointee
    switch kind {
    case .bodyMass: return parts.map { body.body_mass + $0 }
    case .bodyInertia:
      return parts.flatMap { (part: Int) -> [Number] in
        let axes = axis.map { [principalAxis(along: $0, of: part, model)] } ?? [0, 1, 2]
        return axes.map { body.body_inertia + 3 * part + $0 }
      }
    case .jointDamping: return degrees(model).map { body.dof_damping + $0 }
    case .jointFrictionLoss: return degrees(model).map { body.dof_frictionloss + $0 }
    case .jointArmature: return degrees(model).map { body.dof_armature + $0 }
    case .jointStiffness: return parts.map { body.jnt_stiffness + $0 }
    case .geomFriction: return parts.map { body.geom_friction + 3 * $0 }
    case .gravity:
      let offset = MemoryLayout<mjModel>.offset(of: \.opt.gravity)!
      let gravity = (UnsafeMutableRawPointer(model) + offset).assumingMemoryBound(to: mjtNum.self)
      return (0..<3).map { gravity + $0 }
    case .actuatorGain:
      return parts.flatMap { (part: Int) -> [Number] in
        let gain: Number = body.actuator_gainprm + Int(mjNGAIN) * part
        let stiffness: Number = body.actuator_biasprm + Int(mjNBIAS) * part + 1
        let isServo = body.actuator_biastype[part] == Int32(mjBIAS_AFFINE.rawValue)
        return isServo ? [gain, stiffness] : [gain]
      }
    case .actuatorStrength:
      return parts.flatMap { (part: Int) -> [Number] in
        let gain: Number = body.actuator_gainprm + Int(mjNGAIN) * part
        let bias: Number = body.actuator_biasprm + Int(mjNBIAS) * part
        return (0..<3).map { gain + $0 } + (0..<3).map { bias + $0 }
      }
    case .actuatorLag, .actuatorDelay: return []
    }
  }

  /// The degrees of freedom of the joints.
  private func degrees(_ model: UnsafeMutablePointer<mjModel>) -> [Int] {
    parts.flatMap { joint in
      let count =
        switch mjtJoint(rawValue: UInt32(model.pointee.jnt_type[joint])) {
        case mjJNT_FREE: 6
        case mjJNT_BALL: 3
        default: 1
        }
      let start = Int(model.pointee.jnt_dofadr[joint])
      return Array(start..<start + count)
    }
  }

  /// The principal moment whose axis, turned as the inertia frame is, is nearest to an axis of the body.
  private func principalAxis(along axis: Int, of body: Int, _ model: UnsafeMutablePointer<mjModel>) -> Int {
    let frame = model.pointee.body_iquat + 4 * body
    func share(_ index: Int) -> Double {
      var unit = (0.0, 0.0, 0.0)
      return withUnsafeMutableBytes(of: &unit) { bytes in
        let vector = bytes.bindMemory(to: Double.self)
        vector[index] = 1
        let pointer = vector.baseAddress!
        mju_rotVecQuat(pointer, UnsafePointer(pointer), frame)
        return abs(vector[axis])
      }
    }
    return (0..<3).max { share($0) < share($1) }!
  }
}
