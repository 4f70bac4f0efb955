// One simulation of a robot: MuJoCo with a Swift face.

import CMuJoCo
import Glibc

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

  /// The actuators' own states, `[na]`, such as those of a filter or a muscle.
  var activations: [Double] { numbers(data.pointee.act, model.pointer.pointee.na) }

  /// The numbers overflowed at some time since the last `set`; MuJoCo then puts the robot back to its start.
  var diverged: Bool {
    withUnsafeBytes(of: data.pointee.warning) { bytes in
      let warnings = bytes.bindMemory(to: mjWarningStat.self)
      return [mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC].contains { warnings[Int($0.rawValue)].number > 0 }
    }
  }

  /// Starts anew from a full state; nothing of the past remains (time, warm starts of the solver, warnings).
  func set(positions: [Double], velocities: [Double], activations: [Double] = []) {
    precondition(positions.count == model.positionCount && velocities.count == model.velocityCount)
    mj_resetData(model.pointer, data)
    data.pointee.qpos.update(from: positions, count: positions.count)
    data.pointee.qvel.update(from: velocities, count: velocities.count)
    if !activations.isEmpty { data.pointee.act.update(from: activations, count: activations.count) }
    refresh()
  }

  /// Brings all that follows from positions and velocities up to them: places of bodies and sites, sensors.
  func refresh() { mj_forward(model.pointer, data) }

  /// Holds `controls`, `[nu]`, for so many physics steps.
  func advance(controls: [Double], steps: Int) {
    precondition(controls.count == model.actuatorCount)
    data.pointee.ctrl.update(from: controls, count: controls.count)
    for _ in 0..<steps { mj_step(model.pointer, data) }
  }

  /// What `reading` says now; of a place or a sensor, what it was when `refresh` was last called.
  func value(_ reading: Reading) -> Double {
    switch reading {
    case .position(let index): data.pointee.qpos[index]
    case .velocity(let index): data.pointee.qvel[index]
    case .sine(let index): sin(data.pointee.qpos[index])
    case .cosine(let index): cos(data.pointee.qpos[index])
    case .place(let frame, let axis): place(frame)[axis]
    case .offset(let frame, let origin, let axis): place(frame)[axis] - place(origin)[axis]
    case .attitude(let body, let entry): data.pointee.xquat[4 * body + entry]
    case .linearVelocity(let frame, let axis): motion(frame, 3 + axis)
    case .angularVelocity(let frame, let axis): motion(frame, axis)
    case .upright(let body): data.pointee.xmat[9 * body + 8]
    case .sensor(let address): data.pointee.sensordata[address]
    }
  }

  /// Where a body or site is, `[3]`, in the world [m].
  private func place(_ frame: Reading.Frame) -> UnsafeMutablePointer<mjtNum> {
    switch frame {
    case .body(let index): data.pointee.xpos + 3 * index
    case .site(let index): data.pointee.site_xpos + 3 * index
    }
  }

  /// One of six velocities of a body or site along the world's axes: three of rotation, three of movement.
  private func motion(_ frame: Reading.Frame, _ entry: Int) -> Double {
    let (kind, index) =
      switch frame {
      case .body(let index): (mjOBJ_XBODY, index)
      case .site(let index): (mjOBJ_SITE, index)
      }
    return withUnsafeTemporaryAllocation(of: mjtNum.self, capacity: 6) { velocity in
      mj_objectVelocity(
        model.pointer, data, Int32(bitPattern: kind.rawValue), Int32(index), velocity.baseAddress, 0)
      return velocity[entry]
    }
  }
}
