// Robots whose bodies differ: which numbers of a body a family's parameters change, and by how much.

import CMuJoCo
import Glibc

/// The changes to a body that the parameters of a task stand for. A parameter u multiplies a number of the body by
/// 1.5^u, or by 1.3^u for damping.
///
/// The literature draws a u for every element of MuJoCo's arrays. Elements without an effect on a robot in the plane
/// are left out here, which makes the same robots: moments of inertia about axes other than the robot's own hinges',
/// the torsional and rolling friction of contacts that only slide, damping of joints that have none, and the world's
/// mass.
struct RandomisedBody: Sendable {
  /// One number of the body, `[parameter]`.
  enum Element: Sendable {
    case mass(body: String)
    /// Rotation in the plane: about the body's own principal axis that is parallel to y.
    case inertia(body: String)
    case damping(joint: String)
    case friction(geom: String)
  }

  var elements: [Element]

  /// Names of the parameters: the numbers that they multiply.
  var names: [String] {
    elements.map {
      switch $0 {
      case .mass(let body): "\(body) mass [log 1.5]"
      case .inertia(let body): "\(body) inertia [log 1.5]"
      case .damping(let joint): "\(joint) damping [log 1.3]"
      case .friction(let geom): "\(geom) friction [log 1.5]"
      }
    }
  }

  /// The same for every parameter.
  var ranges: [ClosedRange<Double>] { elements.map { _ in -3...3 } }

  /// The body that `parameters` make of `model`.
  func apply(_ parameters: [Double], to model: PlantModel) -> PlantModel {
    PlantModel(model) { model in
      for (element, exponent) in zip(elements, parameters) {
        switch element {
        case .mass(let name): model.pointee.body_mass[body(name, model)] *= pow(1.5, exponent)
        case .inertia(let name): inertiaInThePlane(body(name, model), model).pointee *= pow(1.5, exponent)
        case .damping(let name):
          let joint = identifier(mjOBJ_JOINT, name, model)
          model.pointee.dof_damping[Int(model.pointee.jnt_dofadr[joint])] *= pow(1.3, exponent)
        case .friction(let name):
          model.pointee.geom_friction[3 * identifier(mjOBJ_GEOM, name, model)] *= pow(1.5, exponent)
        }
      }
    }
  }

  private func body(_ name: String, _ model: UnsafeMutablePointer<mjModel>) -> Int {
    identifier(mjOBJ_BODY, name, model)
  }

  private func identifier(_ type: mjtObj, _ name: String, _ model: UnsafeMutablePointer<mjModel>) -> Int {
    let number = mj_name2id(model, Int32(bitPattern: type.rawValue), name)
    precondition(number >= 0, "the robot's description has no \(name)")
    return Int(number)
  }

  /// The principal moment whose axis, turned as the inertia frame is, is y.
  private func inertiaInThePlane(_ body: Int, _ model: UnsafeMutablePointer<mjModel>) -> UnsafeMutablePointer<Double> {
    let frame = model.pointee.body_iquat + 4 * body
    let axis = (0..<3).max { a, b in
      func alongY(_ index: Int) -> Double {
        var unit = (0.0, 0.0, 0.0)
        return withUnsafeMutableBytes(of: &unit) { bytes in
          let vector = bytes.bindMemory(to: Double.self)
          vector[index] = 1
          let pointer = vector.baseAddress!
          mju_rotVecQuat(pointer, UnsafePointer(pointer), frame)
          return abs(vector[1])
        }
      }
      return alongY(a) < alongY(b)
    }!
    return model.pointee.body_inertia + 3 * body + axis
  }
}
