// How an episode starts, and "start" of a family.json.

import Foundations

/// Where an episode starts: around a keyframe or the positions of the robot's description.
struct Start: Sendable {
  enum Velocities: Equatable, Sendable {
    /// Half the width of a uniform draw, and the deviation of a normal one.
    case uniform(Double)
    case normal(Double)
  }

  /// The middle of the draws, `[nq]` and `[nv]`, and the commands of a robot at rest, `[nu]`.
  var positions: [Double]
  var velocities: [Double]
  var controls: [Double]
  /// Half the width of each position's uniform draw, `[nq]`.
  var widths: [Double]
  var spread: Velocities = .uniform(0)
  /// Velocities that start as `velocities` says, without a draw, `[nv]`.
  var isStill: [Bool]

  /// A start, drawn.
  func draw(_ random: inout RandomSource) -> (positions: [Double], velocities: [Double]) {
    let positions = zip(positions, widths).map { $0 + random.uniform(-$1, $1) }
    var drawn = velocities
    for index in drawn.indices {
      // Drawn in any case, so that no joint's start depends on whether another one is still.
      let difference =
        switch spread {
        case .uniform(let width): random.uniform(-width, width)
        case .normal(let deviation): deviation * Double(random.normal())
        }
      if !isStill[index] { drawn[index] += difference }
    }
    return (positions, drawn)
  }
}

enum StartKey: String, FieldKey {
  case keyframe, positions, velocities, joints
}

enum SpreadKey: String, FieldKey {
  case uniform, normal
}

enum StartJointKey: String, FieldKey {
  case of, at, positions, still
}

extension Start {
  /// Without a field: at the description's positions, exactly.
  init(_ field: Field?, model: PlantModel) throws(TaskError) {
    positions = model.initialPositions
    velocities = [Double](repeating: 0, count: model.velocityCount)
    controls = [Double](repeating: 0, count: model.actuatorCount)
    widths = [Double](repeating: 0, count: model.positionCount)
    isStill = [Bool](repeating: false, count: model.velocityCount)
    guard let field else { return }
    let keys = try field.object(StartKey.self)
    if let keyframe = keys[.keyframe] {
      let frame = model.keyframe(try model.part(.keyframe, keyframe))
      (positions, velocities, controls) = (frame.positions, frame.velocities, frame.controls)
    }
    let width = try keys[.positions]?.number(in: 0...1e3) ?? 0
    widths = [Double](repeating: width, count: model.positionCount)
    if let spread = keys[.velocities] { self.spread = try Self.spread(spread) }
    for joint in try keys[.joints]?.list() ?? [] { try read(joint, model) }
  }

  private static func spread(_ field: Field) throws(TaskError) -> Velocities {
    let keys = try field.object(SpreadKey.self)
    switch (keys[.uniform], keys[.normal]) {
    case (let uniform?, nil): return .uniform(try uniform.number(in: 0...1e3))
    case (nil, let normal?): return .normal(try normal.number(in: 0...1e3))
    default: throw field.error("is not one law", "give either \"uniform\" or \"normal\"")
    }
  }

  /// What is different for some joints.
  private mutating func read(_ field: Field, _ model: PlantModel) throws(TaskError) {
    let keys = try field.object(StartJointKey.self)
    let of = try keys.required(.of)
    let joints = try model.parts(.joint, of) { _ in true }
    let width = try keys[.positions]?.number(in: 0...1e3)
    let still = try keys[.still]?.flag() ?? false
    for index in joints {
      let joint = model.joint(index)
      let (positionCount, velocityCount) = model.entryCounts(index)
      if let at = keys[.at] {
        let values = try at.list(orOne: true)
        guard values.count == positionCount else {
          throw at.error(
            "has \(values.count) numbers", "'\(model.label(.joint, index))' has \(positionCount) positions")
        }
        for (offset, value) in values.enumerated() {
          positions[joint.position + offset] = try value.number(in: -1e6...1e6)
        }
      }
      if let width {
        for offset in 0..<positionCount { widths[joint.position + offset] = width }
      }
      for offset in 0..<velocityCount { isStill[joint.velocity + offset] = still }
    }
  }
}
