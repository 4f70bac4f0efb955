// A robot of the tests' own in a folder of its own, and family.json files that are changed in one place.

import Foundation
import Tasks
import Testing

/// A folder that is removed with the object.
final class FamilyFixture {
  let folder: String

  init(_ json: String = arm, robot: String = armRobot) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("family-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try robot.write(toFile: "\(folder)/robot.xml", atomically: true, encoding: .utf8)
    try json.write(toFile: "\(folder)/family.json", atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func family() throws -> TaskFamily { try TaskFamily.named(folder) }

  /// The arm's family, with `old` in its description replaced by `new`.
  static func arm(replacing old: String, with new: String) throws -> FamilyFixture {
    try #require(arm.contains(old))
    return try FamilyFixture(arm.replacing(old, with: new))
  }

  /// The first task that trains of a family like the arm's.
  static func task(replacing old: String = "\"arm\"", with new: String = "\"arm\"") throws -> RobotTask {
    let family = try arm(replacing: old, with: new).family()
    return try #require(try family.task(parameters: family.trainTasks[0]) as? RobotTask)
  }

  /// Two links in a vertical plane: a shoulder with a motor, an elbow with a servo, a tool on a free ball beside them.
  static let armRobot = """
    <mujoco model="arm">
      <compiler angle="radian"/>
      <option timestep="0.005"/>
      <default><geom type="capsule" size="0.02" density="500" contype="0" conaffinity="0"/></default>
      <worldbody>
        <body name="upper" pos="0 0 1">
          <joint name="shoulder" type="hinge" axis="0 1 0" damping="0.5"/>
          <geom name="upper" fromto="0 0 0  0.3 0 0"/>
          <body name="fore" pos="0.3 0 0">
            <joint name="elbow" type="hinge" axis="0 1 0" damping="0.2" range="-1 2" limited="true"/>
            <geom name="fore" fromto="0 0 0  0.2 0 0"/>
            <site name="tip" pos="0.2 0 0"/>
          </body>
        </body>
        <body name="block" pos="1 0 0.5">
          <joint name="float" type="free"/>
          <geom name="block" type="box" size="0.1 0.1 0.1"/>
        </body>
      </worldbody>
      <sensor><jointpos name="encoder" joint="elbow"/></sensor>
      <actuator>
        <motor name="shoulder" joint="shoulder" gear="3" ctrllimited="true" ctrlrange="-1 1"/>
        <position name="elbow" joint="elbow" kp="5" ctrllimited="true" ctrlrange="-0.5 1.5"/>
      </actuator>
      <keyframe>
        <key name="home" qpos="0.2 0.5  1 0 0.5 1 0 0 0" ctrl="0 0.5"/>
      </keyframe>
    </mujoco>
    """

  static let arm = """
    {
      "name": "arm",
      "summary": "a tip that reaches for a place",
      "period": "20 ms",
      "episode length": 50,
      "observation": [
        { "quantity": "joint sine", "of": "shoulder" },
        { "quantity": "joint cosine", "of": "shoulder" },
        { "quantity": "joint velocity", "of": ["shoulder", "elbow"], "limits": [-2, 2] },
        { "quantity": "site position", "of": "tip", "axes": "xz" },
        { "quantity": "sensor", "of": "encoder" }
      ],
      "actions": [{ "of": "*" }],
      "reward": [
        {
          "name": "reach", "quantity": "site position", "of": "tip", "axes": "xz", "target": ["goal x", "goal y"],
          "as": "distance", "weight": -2
        },
        { "name": "control", "quantity": "control", "weight": -0.1 },
        { "name": "smooth", "quantity": "control change", "weight": -0.01 }
      ],
      "ends": [{ "name": "turned over", "quantity": "joint position", "of": "shoulder", "at least": 6, "at most": -6 }],
      "start": { "keyframe": "home", "positions": 0.05, "velocities": { "normal": 0.1 } },
      "parameters": [
        { "name": "goal", "unit": "m", "law": { "disc": 0.5 }, "outside": { "disc": 0.7 } },
        {
          "name": "payload", "unit": "kg", "law": { "uniform": [0, 1] }, "outside": { "uniform": [0, 2] },
          "changes": { "what": "body mass", "of": "fore", "as": "addition" }
        },
        { "name": "lag", "unit": "s", "law": { "uniform": [0, 0.05] }, "changes": { "what": "actuator lag" } },
        { "name": "delay", "law": { "choice": [0, 1, 2] }, "changes": { "what": "actuator delay" } },
        {
          "name": "* strength", "each": ["shoulder", "elbow"], "law": { "uniform": [0.5, 1.5], "one zero": 0.3 },
          "changes": { "what": "actuator strength" }
        }
      ],
      "tasks": { "train": 6, "held-out": 3, "test": 4, "outside": 5 }
    }
    """
}
