// A MuJoCo simulation with a Swift face: a compiled robot that tasks share, and the state of one simulation of it.

import CMuJoCo

/// A compiled MuJoCo robot. It never changes once made, so any number of simulations on any threads share it.
final class PlantModel: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<mjModel>

  /// Compiles `mjcf`, which is part of the program: an error in it is a precondition failure.
  init(mjcf: StaticString) {
    Self.installHandlers()
    // MuJoCo reads from a virtual file system in memory; nothing touches the disk.
    let files = UnsafeMutablePointer<mjVFS>.allocate(capacity: 1)
    defer { files.deallocate() }
    mj_defaultVFS(files)
    defer { mj_deleteVFS(files) }
    let name = "robot.xml"
    guard mj_makeEmptyFileVFS(files, name, Int32(mjcf.utf8CodeUnitCount)) == 0,
      let file = files.pointee.filedata.0
    else { preconditionFailure("MuJoCo has no room for the robot's description") }
    file.copyMemory(from: mjcf.utf8Start, byteCount: mjcf.utf8CodeUnitCount)
    var message = [CChar](repeating: 0, count: 1000)
    guard let model = mj_loadXML(name, files, &message, Int32(message.count)) else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      preconditionFailure("MuJoCo rejects the robot's description: \(text)")
    }
    pointer = model
  }

  /// Another robot: a copy of `other` with `change` made to its numbers.
  init(_ other: PlantModel, change: (UnsafeMutablePointer<mjModel>) -> Void) {
    guard let copy = mj_copyModel(nil, other.pointer) else { preconditionFailure("no memory for a MuJoCo model") }
    change(copy)
    pointer = copy
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
}

/// One simulation of a robot, in double precision. Not thread-safe. Real-time: no.
final class Plant {
  private let model: PlantModel
  private let data: UnsafeMutablePointer<mjData>

  init(model: PlantModel) {
    guard let data = mj_makeData(model.pointer) else { preconditionFailure("no memory for a MuJoCo simulation") }
    self.model = model
    self.data = data
  }

  deinit {
    mj_deleteData(data)
  }

  /// Generalised positions, `[nq]`, and velocities, `[nv]`, in SI units.
  var positions: [Double] { numbers(data.pointee.qpos, model.pointer.pointee.nq) }
  var velocities: [Double] { numbers(data.pointee.qvel, model.pointer.pointee.nv) }

  /// One generalised position without making an array of all.
  func position(_ index: Int) -> Double { data.pointee.qpos[index] }

  /// The positions, `[nq]`, at which the description puts the robot.
  var initialPositions: [Double] { numbers(model.pointer.pointee.qpos0, model.pointer.pointee.nq) }

  /// The numbers overflowed at some time since the last `set`; MuJoCo then puts the robot back to its start.
  var diverged: Bool {
    withUnsafeBytes(of: data.pointee.warning) { bytes in
      let warnings = bytes.bindMemory(to: mjWarningStat.self)
      return [mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC].contains { warnings[Int($0.rawValue)].number > 0 }
    }
  }

  /// Starts anew from a full state; nothing of the past remains (time, warm starts of the solver, warnings).
  func set(positions: [Double], velocities: [Double]) {
    precondition(positions.count == Int(model.pointer.pointee.nq) && velocities.count == Int(model.pointer.pointee.nv))
    mj_resetData(model.pointer, data)
    data.pointee.qpos.update(from: positions, count: positions.count)
    data.pointee.qvel.update(from: velocities, count: velocities.count)
    mj_forward(model.pointer, data)
  }

  /// Holds `controls`, `[nu]`, for so many physics steps.
  func advance(controls: [Double], steps: Int) {
    precondition(controls.count == Int(model.pointer.pointee.nu))
    data.pointee.ctrl.update(from: controls, count: controls.count)
    for _ in 0..<steps { mj_step(model.pointer, data) }
  }

  private func numbers(_ start: UnsafeMutablePointer<mjtNum>, _ count: Int32) -> [Double] {
    Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }
}
