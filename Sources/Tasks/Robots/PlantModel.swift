// A robot as MuJoCo has compiled it, shared by all tasks of all families that name its file.

import CMuJoCo
import Foundation
import Synchronization

/// A compiled MuJoCo robot. It never changes once made, so any number of simulations on any threads share it.
final class PlantModel: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<mjModel>

  private static let compiled = Mutex<[String: PlantModel]>([:])

  /// The robot of the MJCF at `path`, compiled when it is first asked for.
  static func shared(path: String) throws(TaskError) -> PlantModel {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    return try compiled.withLock { models throws(TaskError) in
      if let model = models[path] { return model }
      let model = try PlantModel(path: path)
      models[path] = model
      return model
    }
  }

  private init(path: String) throws(TaskError) {
    if let reason = mujoco_missing() { throw .noSimulator(reason: String(cString: reason)) }
    Self.installHandlers()
    var message = [CChar](repeating: 0, count: 1000)
    guard let model = mj_loadXML(path, nil, &message, Int32(message.count)) else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw .robot(file: path, reason: text.split(separator: "\n").joined(separator: " "))
    }
    pointer = model
  }

  /// Another robot: a copy of `other` with `change` made to its numbers.
  init(_ other: PlantModel, change: (UnsafeMutablePointer<mjModel>) -> Void) {
    pointer = Self.copy(other.pointer)
    change(pointer)
    updateConstantInertia()
  }

  private static func copy(_ model: UnsafePointer<mjModel>) -> UnsafeMutablePointer<mjModel> {
    guard let copy = mj_copyModel(nil, model) else { preconditionFailure("no memory for a MuJoCo model") }
    return copy
  }

  /// The inertia of bodies that no other body hangs on is a constant of the compiled model; it follows what has been
  /// changed. Other constants stay, as in the literature's robots: the scale of constraints and the masses of subtrees,
  /// which are a point of reference only.
  private func updateConstantInertia() {
    let count = velocityCount
    guard (0..<count).contains(where: { pointer.pointee.dof_simplenum[$0] > 0 }) else { return }
    let copy = Self.copy(pointer)
    defer { mj_deleteModel(copy) }
    guard let data = mj_makeData(copy) else { preconditionFailure("no memory for a MuJoCo simulation") }
    defer { mj_deleteData(data) }
    mj_setConst(copy, data)
    pointer.pointee.dof_M0.update(from: copy.pointee.dof_M0, count: count)
  }

  deinit {
    mj_deleteModel(pointer)
  }

  /// Left alone, MuJoCo writes MUJOCO_LOG.TXT into the working directory and exits on errors.
  private static func installHandlers() {
    mujoco_set_handlers(
      { fatalError("MuJoCo: " + (($0.map { String(cString: $0) }) ?? "unknown error")) },
      // Warnings are counted in the simulation's own state, where `Plant.diverged` reads them.
      { _ in })
  }

  /// Seconds of a physics step.
  var timestep: Double { pointer.pointee.opt.timestep }
  /// The positions, `[nq]`, at which the description puts the robot.
  var initialPositions: [Double] { numbers(pointer.pointee.qpos0, pointer.pointee.nq) }
  var positionCount: Int { Int(pointer.pointee.nq) }
  var velocityCount: Int { Int(pointer.pointee.nv) }
  var actuatorCount: Int { Int(pointer.pointee.nu) }
  var keyframeCount: Int { Int(pointer.pointee.nkey) }

  /// Positions, velocities and controls of a keyframe.
  func keyframe(_ index: Int) -> (positions: [Double], velocities: [Double], controls: [Double]) {
    let model = pointer.pointee
    return (
      numbers(model.key_qpos + index * positionCount, model.nq),
      numbers(model.key_qvel + index * velocityCount, model.nv),
      numbers(model.key_ctrl + index * actuatorCount, model.nu)
    )
  }
}

/// `count` numbers of one of MuJoCo's arrays.
func numbers(_ start: UnsafeMutablePointer<mjtNum>?, _ count: some BinaryInteger) -> [Double] {
  Array(UnsafeBufferPointer(start: start, count: Int(count)))
}
